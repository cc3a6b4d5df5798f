// Runs: consecutive chunks that were drawn together, and the pages that hold them.
#ifndef FOVEA_CORE_FORGETTING_RUN_H_
#define FOVEA_CORE_FORGETTING_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/exact/sidecar.h"
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

// A run of chunks at one rung, or as text where a page would not be cheaper.
struct Run {
  size_t first_chunk = 0;  // indices into Plan::chunks
  size_t last_chunk = 0;   // inclusive
  SeqRange turns;
  size_t rung = 0;  // index in the ladder
  bool as_text = false;
  // Set by a recall: the next step of forgetting passes this run over.
  bool recalled = false;
  std::vector<PlannedPage> pages;
  std::vector<DrawnResult> drawn_results;  // whose pages are among `pages`
  Sidecar sidecar;
  int64_t page_tokens = 0;
  uint64_t page_bytes = 0;  // estimated
  int64_t tokens = 0;       // as served: pages, notes and sidecar, or text
  int64_t text_tokens = 0;  // as verbatim turns
  uint64_t characters = 0;
  uint64_t hidden_characters = 0;  // on the pages, as marks
  uint32_t opaque_omitted = 0;
  uint32_t images_omitted = 0;
};

// What a run needs to be built.
struct RunBuilder {
  const ReaderProfile& reader;
  const std::vector<Rung>& ladder;
  const PageRenderer& renderer;
  const TurnSource& turns;
  const TokenCounter& counter;
  int sidecar_permille;

  // Lays out `run.turns` at `run.rung`, or, where a page would not be cheaper than its text with
  // the reader's cache writes counted, at the first deeper rung where it is; as text if there is
  // none. Takes first_chunk, last_chunk, turns, rung, drawn_results, text_tokens and characters as
  // given and sets the rest.
  absl::StatusOr<Run> Build(Run run) const;
};

// What is served around a run's pages.
std::string RunIntroduction(const Run& run, const Rung& rung);
std::string RunSidecarNote(const Run& run);
// Stands in for a tool result that never came.
extern const char kUnansweredCallNote[];
// A turn's text as a note: "#57 tool" on a line of its own, then its texts, calls and results.
std::string TurnNote(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_RUN_H_
