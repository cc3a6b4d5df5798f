#include "tests/support/grid_renderer.h"

#include <algorithm>

#include "core/base/utf8.h"

namespace fovea::testing {
namespace {

uint64_t LabelFree(const PageBlock& block, std::string_view text) {
  return block.style == PageBlock::Style::kLabel ? 0 : CountCharacters(text);
}

}  // namespace

absl::StatusOr<PageExtent> GridRenderer::LayOut(const PageContent& content, PagePosition from,
                                                const PageBox& box,
                                                const PageTypography& typography) const {
  if (from.block >= content.blocks.size()) return absl::InvalidArgumentError("nothing to lay out");
  const size_t columns = std::max<size_t>(1, 2 * box.width / typography.line_pitch_px);
  const size_t rows = std::max(2, box.max_height / typography.line_pitch_px) - 1;
  size_t room = columns * rows;
  PageExtent extent{.begin = from, .end = from, .width = box.width};
  extent.first_seq = content.blocks[from.block].seq;
  while (extent.end.block < content.blocks.size() && room > 0) {
    const PageBlock& block = content.blocks[extent.end.block];
    const std::string_view rest = std::string_view(block.text).substr(extent.end.byte);
    extent.last_seq = block.seq;
    if (rest.size() <= room) {
      extent.characters += LabelFree(block, rest);
      room -= rest.size();
      extent.end = {.block = extent.end.block + 1};
      continue;
    }
    size_t taken = CharacterStart(block.text, extent.end.byte + room) - extent.end.byte;
    if (taken == 0) {
      if (extent.end != extent.begin) break;
      taken = DecodeUtf8(block.text, extent.end.byte).length;
    }
    extent.characters += LabelFree(block, rest.substr(0, taken));
    extent.end.byte += taken;
    room = 0;
  }
  const size_t used_rows = 1 + rows - room / columns;
  const int wanted = static_cast<int>(used_rows) * typography.line_pitch_px - box.min_height;
  const int steps = std::max(0, (wanted + box.height_step - 1) / box.height_step);
  extent.height = std::min(box.max_height, box.min_height + steps * box.height_step);
  return extent;
}

absl::StatusOr<DrawnPage> GridRenderer::DrawPage(const PageContent& content,
                                                 const PageExtent& extent, const PageTypography&,
                                                 const PageHeader& header,
                                                 const StillWanted&) const {
  DrawnPage page{.png = header.text + "\n"};
  for (size_t b = extent.begin.block; b < content.blocks.size() && b <= extent.end.block; ++b) {
    const std::string& text = content.blocks[b].text;
    const size_t first = b == extent.begin.block ? extent.begin.byte : 0;
    const size_t last = b == extent.end.block ? extent.end.byte : text.size();
    page.png += text.substr(first, last - first);
  }
  return page;
}

absl::StatusOr<std::string> GridRenderer::ToWebp(std::string_view) const {
  return absl::UnimplementedError("no pictures on a grid");
}

absl::StatusOr<std::string> GridRenderer::ContactSheet(const std::vector<Captioned>&) const {
  return absl::UnimplementedError("no pictures on a grid");
}

}  // namespace fovea::testing
