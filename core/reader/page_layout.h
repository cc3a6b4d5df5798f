// A content on a rung's papers.
#ifndef FOVEA_CORE_READER_PAGE_LAYOUT_H_
#define FOVEA_CORE_READER_PAGE_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/page/page.h"
#include "core/reader/reader_profile.h"

namespace fovea {

struct LaidOutPage {
  PageExtent extent;
  const PagePaper* paper = nullptr;  // one of the rung's
  int64_t tokens = 0;                // that the page costs the reader
};

// Lays a content out on whole pages: full ones on the rung's first paper, the remainder on
// the pages that hold it for the fewest tokens. A content without blocks has no pages. `rung` must
// be one of the reader's and outlive what is returned. Fails only if the renderer does or a paper
// has no price.
absl::StatusOr<std::vector<LaidOutPage>> LayOutPages(const PageContent& content, const Rung& rung,
                                                     const ReaderProfile& reader,
                                                     const PageRenderer& renderer);

}  // namespace fovea

#endif  // FOVEA_CORE_READER_PAGE_LAYOUT_H_
