// Some lines of a page: enough to see whether a string is read there, and quickly read.
#ifndef FOVEA_BENCH_REPLAY_PAGE_BAND_H_
#define FOVEA_BENCH_REPLAY_PAGE_BAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/replay/page_demand.h"

namespace fovea::replay {

struct PageBand {
  int first_line = 0;  // below the page's first line, which says what it holds
  int last_line = 0;   // exclusive
  int top = 0;         // pixels of the page, exclusive of `bottom`
  int bottom = 0;
  std::string text;  // that stands on these lines
};

// Where each of the page's lines begins, and the page's end; a page with pictures has none.
absl::StatusOr<std::vector<PagePosition>> LineStarts(const PageContent& content,
                                                     const PlannedPage& page,
                                                     const PageRenderer& renderer);

// `lines` lines of a page: around one of the strings that moments look for there, any of them as
// likely, where it stands first; of a page without such, any of its lines. 0 lines, or a page with
// fewer or with pictures, gives the whole page. The same page gives the same band.
absl::StatusOr<PageBand> BandOf(const PageDemand& demand, int lines, const PageRenderer& renderer);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_PAGE_BAND_H_
