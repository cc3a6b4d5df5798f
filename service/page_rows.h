// Where on a page a turn stands.
#ifndef FOVEA_SERVICE_PAGE_ROWS_H_
#define FOVEA_SERVICE_PAGE_ROWS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/page/page.h"
#include "core/strip/strip.h"

namespace fovea::service {

// Rows of pixels, [top, bottom). Empty if there are none.
struct PageRows {
  int top = 0;
  int bottom = 0;
};

// The lines of the page that hold something of the turn. `content` must be
// StripContent(page.strip).
absl::StatusOr<PageRows> RowsOfTurn(const PlannedPage& page, const PageContent& content,
                                    uint64_t seq, const PageRenderer& renderer);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_PAGE_ROWS_H_
