// Strips: what is drawn together, and the pages that hold it.
#ifndef FOVEA_CORE_STRIP_STRIP_H_
#define FOVEA_CORE_STRIP_STRIP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/page/elision.h"
#include "core/page/page.h"
#include "core/reader/reader_profile.h"

namespace fovea {

// What one stretch of pages holds: consecutive turns, or a part of one where its results were drawn
// in place.
struct Strip {
  enum class Parts : uint8_t { kAll = 1, kResults = 2, kAllButResults = 3 };
  SeqRange turns;
  Parts parts = Parts::kAll;
  Elision elision;
  bool colour_codes = false;  // codes that only colour are drawn, too (core/base/colour_codes.h)
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

// Strips laid out at one rung, one after the other.
struct LaidOutStrip {
  std::vector<PlannedPage> pages;
  int64_t tokens = 0;
  uint64_t bytes = 0;              // of the pages' PNGs, estimated (EstimatePageBytes)
  uint64_t hidden_characters = 0;  // of the text: drawn as marks (core/base/hidden_characters.h)
  uint64_t colour_characters = 0;  // of the turns: codes that only colour, left out

  void Append(const LaidOutStrip& more);
};

// The text of a strip. `turns` are exactly strip.turns.
PageContent StripContent(const Strip& strip, absl::Span<const TurnPtr> turns);
// The same, rebuilt from the log.
absl::StatusOr<PageContent> StripContent(const Strip& strip, const TurnSource& turns);

// Lays a strip out at a rung on whole pages: full ones on the rung's first paper, the remainder on
// the cheapest that holds it. `content` must be StripContent(strip). A strip without text has no
// pages.
absl::StatusOr<LaidOutStrip> LayOutStrip(const Strip& strip, const PageContent& content,
                                         const Rung& rung, const ReaderProfile& reader,
                                         const PageRenderer& renderer);

// Draws a planned page again: the same bytes each time. `content` must be StripContent(page.strip).
// `still_wanted` as for PageRenderer::Draw.
absl::StatusOr<DrawnPage> DrawPlannedPage(const PlannedPage& page, const PageContent& content,
                                          const PageRenderer& renderer,
                                          const StillWanted& still_wanted = {});

}  // namespace fovea

#endif  // FOVEA_CORE_STRIP_STRIP_H_
