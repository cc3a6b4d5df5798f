// A part of a sheet: some turns as they are served, and what that costs.
#ifndef FOVEA_CORE_SHEET_SHEET_PART_H_
#define FOVEA_CORE_SHEET_SHEET_PART_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/exact/sidecar.h"
#include "core/log/turn.h"
#include "core/page/elision.h"
#include "core/sheet/place.h"
#include "core/strip/strip.h"

namespace fovea {

// The tool results of one turn, drawn in place while the turn was in the tail. A run takes these
// pages over for as long as its own rung is not deeper.
struct DrawnResult {
  uint64_t seq = 0;
  size_t rung = 0;
  LaidOutStrip drawing;
};

// The sections of a sheet, in the order served.
enum class SheetSection : uint8_t {
  kHead = 0,    // leading system turns and the opening task, as text: a part for each turn
  kLatent = 1,  // at most one part: a note of what is no longer shown
  kRuns = 2,    // older turns, oldest first, on pages or as text
  kPins = 3,    // the text of pinned turns whose home is a run or latent
  kTail = 4     // the newest turns, a part for each: text, but for results drawn in place
};

struct SheetPart {
  SheetSection section = SheetSection::kTail;  // set when it is added to a sheet
  Place place;
  SeqRange turns;      // whose home this is; of a pin, the turn that it repeats
  uint64_t count = 0;  // of these turns; all of the range, but of latent turns, which have gaps
  int64_t tokens = 0;  // in the context: text, pages, notes and framing
  int64_t text_tokens = 0;  // of the turns as verbatim text
  uint64_t characters = 0;  // of the turns

  // What is on pages: all of a run, or the results of a turn of the tail. The pages are at `rung`
  // of the ladder, also those of a gist. A run that no page would make cheaper is text.
  bool on_pages = false;
  size_t rung = 0;
  LaidOutStrip drawn;

  // The agent's own pictures, which go out with their turn.
  size_t own_images = 0;
  uint64_t own_image_bytes = 0;

  // What Fovea says: the legend before the first pages, or what stands in the place of latent
  // turns. The text of other turns is in the log and not repeated here.
  std::string note;
  Sidecar sidecar;
  int64_t sidecar_tokens = 0;     // of its note
  int64_t unanswered_tokens = 0;  // of notes in the place of results that did not come

  // Of the turns' text, what is left out, and what is not as it was.
  Elision elision;
  uint64_t elided_characters = 0;
  std::vector<std::pair<uint64_t, uint64_t>> elided_of_turns;  // seq, characters; by seq
  uint32_t opaque_omitted = 0;
  uint32_t images_omitted = 0;

  // A turn's tool results alone.
  int64_t result_tokens = 0;
  uint64_t result_characters = 0;

  // The next step of forgetting passes this over: it was recalled, or the agent named it. In the
  // tail: its results are what a recall brought back.
  bool recalled = false;

  // What the planner remembers of a run for when it draws it again.
  struct Origin {
    size_t first_chunk = 0;                  // indices into Plan::chunks
    size_t last_chunk = 0;                   // inclusive
    uint64_t gist_characters = 0;            // of `characters`, what the gist shows
    std::vector<DrawnResult> drawn_results;  // whose pages are among `drawn`
    std::vector<ExactString> exact;          // what its sidecar may hold, the best first
  } origin;
  // And of a turn in the tail: its tokens with its results at the last rung; -1: not known yet.
  int64_t floor_tokens = -1;

  size_t images() const { return drawn.pages.size() + own_images; }
  uint64_t bytes() const { return drawn.bytes + own_image_bytes; }
  // How far it has faded, which may be further than what is served shows.
  Place faded() const { return place.is_gist() ? place : Place::Rung(rung); }
  // What pages save.
  int64_t saved_tokens() const { return on_pages ? text_tokens - drawn.tokens : 0; }
  // Of the turns' text, what is served as text.
  int64_t verbatim_tokens() const {
    if (!on_pages) return text_tokens;
    return place.is_verbatim() ? text_tokens - result_tokens : 0;
  }
  // Of this turn's characters, those that are left out.
  uint64_t ElidedOf(uint64_t seq) const;
};

}  // namespace fovea

#endif  // FOVEA_CORE_SHEET_SHEET_PART_H_
