// Runs: consecutive chunks that were drawn together, and the pages that hold them.
#ifndef FOVEA_CORE_FORGETTING_RUN_H_
#define FOVEA_CORE_FORGETTING_RUN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "core/exact/sidecar.h"
#include "core/exact/string_uses.h"
#include "core/forgetting/call_history.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/page/page.h"
#include "core/reader/reader_profile.h"
#include "core/tokens/token_counter.h"

namespace fovea {

// What one stretch of pages holds: consecutive turns, or a part of one where its results were drawn
// in place.
struct Strip {
  enum class Parts : uint8_t { kAll = 1, kResults = 2, kAllButResults = 3 };
  SeqRange turns;
  Parts parts = Parts::kAll;
  Elision elision;
  bool operator==(const Strip&) const = default;
};

struct PlannedPage {
  std::string page_id;
  Strip strip;        // what the page's text is a part of
  PageExtent extent;  // the part
  PageTypography typography;
  PageHeader header;
  std::string rung;        // its name
  std::string resolution;  // PagePaper::resolution
  int64_t tokens = 0;
};

// A strip laid out at one rung.
struct LaidOutStrip {
  std::vector<PlannedPage> pages;
  int64_t tokens = 0;
  uint64_t bytes = 0;              // of the pages' PNGs, estimated (EstimatePageBytes)
  uint64_t hidden_characters = 0;  // of the text: drawn as marks (core/base/hidden_characters.h)
};

// The tool results of one turn, drawn in place while the turn was in the tail. A run takes these
// pages over for as long as its own rung is not deeper.
struct DrawnResult {
  uint64_t seq = 0;
  size_t rung = 0;
  LaidOutStrip drawing;
};

// The text of a strip, rebuilt from the log.
absl::StatusOr<PageContent> StripContent(const Strip& strip, const TurnSource& turns);

// Lays a strip out at a rung on whole pages: full ones on the rung's first paper, the remainder on
// the cheapest that holds it. `content` must be StripContent(strip). A strip without text has no
// pages.
absl::StatusOr<LaidOutStrip> LayOutStrip(const Strip& strip, const PageContent& content,
                                         const Rung& rung, const ReaderProfile& reader,
                                         const PageRenderer& renderer);

// Draws a planned page again: the same bytes each time. `content` must be StripContent(page.strip).
absl::StatusOr<DrawnPage> DrawPlannedPage(const PlannedPage& page, const PageContent& content,
                                          const PageRenderer& renderer);

// A run of chunks at one rung, whole or as its gist, or as text where a page would not be cheaper.
struct Run {
  size_t first_chunk = 0;  // indices into Plan::chunks
  size_t last_chunk = 0;   // inclusive
  SeqRange turns;
  size_t rung = 0;  // index in the ladder
  // The middle of what is long is left out: the last that is shown of a run before it is latent.
  bool gist = false;
  bool as_text = false;
  // Set by a recall, or by the agent's naming one of its turns: the next step of forgetting passes
  // this run over.
  bool recalled = false;
  Elision elision;  // of all its strips
  std::vector<PlannedPage> pages;
  std::vector<DrawnResult> drawn_results;  // whose pages are among `pages`
  std::vector<ExactString> exact;          // what its sidecar may hold, the best first
  Sidecar sidecar;
  int64_t page_tokens = 0;
  uint64_t page_bytes = 0;     // estimated
  int64_t sidecar_tokens = 0;  // of its note
  int64_t tokens = 0;          // as served: pages, notes and sidecar, or text
  int64_t text_tokens = 0;     // as verbatim turns
  uint64_t characters = 0;
  uint64_t gist_characters = 0;    // of them, what the gist shows
  uint64_t elided_characters = 0;  // of them, what is left out as served
  uint64_t hidden_characters = 0;  // on the pages, as marks
  uint32_t opaque_omitted = 0;
  uint32_t images_omitted = 0;
  std::vector<std::pair<uint64_t, uint64_t>> elided_of_turns;  // seq, characters; by seq

  int64_t saved_tokens() const { return as_text ? 0 : text_tokens - page_tokens; }
  // Of this turn's characters, those that are left out.
  uint64_t ElidedOf(uint64_t seq) const;
};

// What a run needs to be built.
struct RunBuilder {
  const ReaderProfile& reader;
  const std::vector<Rung>& ladder;
  const PageRenderer& renderer;
  const TurnSource& turns;
  const TokenCounter& counter;
  const CallHistory& calls;
  const StringUses& uses;
  // From this rung on runs show superseded results by their beginning alone.
  size_t thin_from_rung = 0;

  // Lays out `run.turns` at `run.rung`, or, where a page would not be cheaper than its text with
  // the reader's cache writes counted, at the first deeper rung where it is; as text if there is
  // none, or no ladder. A gist keeps its rung. Takes first_chunk, last_chunk, turns, rung, gist,
  // drawn_results, text_tokens and characters as given and sets the rest; the sidecar is left empty
  // (SetSidecar).
  absl::StatusOr<Run> Build(Run run) const;
};

// Exact strings take about two bytes a token.
inline constexpr int64_t kSidecarBytesPerToken = 2;
// Of the candidates for a sidecar, as many bytes are kept as it could ever have room for.
inline constexpr size_t kSidecarCandidateBytes = size_t{16} << 10;

// Gives a run on pages its sidecar, of at most `max_tokens` by estimate, without what stands
// elsewhere.
void SetSidecar(const TokenCounter& counter, int64_t max_tokens,
                const absl::flat_hash_set<std::string>& elsewhere, Run* run);

// What is served around a run's pages.
std::string RunIntroduction(const Run& run, const Rung& rung);
std::string RunSidecarNote(const Run& run);
// Stands in for a tool result that never came.
extern const char kUnansweredCallNote[];
// A turn's text as a note: "#57 tool" on a line of its own, then its texts, calls and results.
std::string TurnNote(const Turn& turn, const Elision& elision = {});
// The note of a run as text, each of its turns as a note.
std::string TextRunNote(const Run& run, const std::vector<TurnPtr>& turns);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_RUN_H_
