#include "service/page_rows.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

// A page ends so many pixels below its last line, and letters reach so many over a line's edges.
constexpr int kBelowLines = 4;
constexpr int kSpill = 1;

// How high the page would be if it ended before block `end`; as high as its header if nothing would
// be left. The layout of a beginning is the beginning of the layout.
absl::StatusOr<int> HeightBefore(const PlannedPage& page, const PageContent& content, size_t end,
                                 const PageRenderer& renderer) {
  const int pitch = page.typography.line_pitch_px;
  if (end <= page.extent.begin.block) return 2 * pitch;
  PageContent beginning;
  const auto first = content.blocks.begin();
  beginning.blocks.assign(first, first + static_cast<ptrdiff_t>(end));
  const PageBox box{.width = page.extent.width, .min_height = 0, .max_height = page.extent.height};
  FOVEA_ASSIGN_OR_RETURN(const PageExtent extent,
                         renderer.LayOut(beginning, page.extent.begin, box, page.typography));
  return extent.height;
}

}  // namespace

absl::StatusOr<PageRows> RowsOfTurn(const PlannedPage& page, const PageContent& content,
                                    uint64_t seq, const PageRenderer& renderer) {
  const PagePosition& begin = page.extent.begin;
  const PagePosition& end = page.extent.end;
  const size_t behind = std::min(content.blocks.size(), end.byte > 0 ? end.block + 1 : end.block);
  size_t first = behind;
  size_t last = begin.block;
  for (size_t i = begin.block; i < behind; ++i) {
    if (content.blocks[i].seq != seq) continue;
    first = std::min(first, i);
    last = i + 1;
  }
  if (first == behind) return PageRows();
  const int pitch = page.typography.line_pitch_px;
  PageRows rows{.top = 0, .bottom = page.extent.height};
  if (first > begin.block) {
    // Its first words may go on the line that the words before it began.
    FOVEA_ASSIGN_OR_RETURN(const int height, HeightBefore(page, content, first, renderer));
    rows.top = std::max(0, height - kBelowLines - pitch - kSpill);
  }
  if (last < behind) {
    FOVEA_ASSIGN_OR_RETURN(const int height, HeightBefore(page, content, last, renderer));
    rows.bottom = std::min(page.extent.height, height - kBelowLines + kSpill);
  }
  return rows;
}

}  // namespace fovea::service
