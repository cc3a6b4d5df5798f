#include "render/page_geometry.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "core/page/picture_size.h"
#include "render/metrics.h"

namespace fovea::render {
namespace {

// Well-formed text has one byte per character that is not a continuation; `text` may not be.
uint64_t CountCodePoints(std::string_view text) {
  uint8_t high_bits = 0;
  for (const char c : text) high_bits |= static_cast<uint8_t>(c);
  if (high_bits < 0x80) return text.size();
  uint64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    at += static_cast<unsigned char>(text[at]) < 0x80 ? 1 : DecodeUtf8(text, at).length;
  }
  return count;
}

}  // namespace

absl::Status CheckTypography(const PageTypography& typography) {
  const int pitch = typography.line_pitch_px;
  if (pitch < kMinLinePitch || pitch > kMaxLinePitch) {
    return absl::InvalidArgumentError(absl::StrCat(
        "line pitch ", pitch, " is not in ", kMinLinePitch, " to ", kMaxLinePitch, " pixels"));
  }
  const int bits = typography.grey_bits;
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
    return absl::InvalidArgumentError(absl::StrCat("grey bits ", bits, " are not 1, 2, 4 or 8"));
  }
  return absl::OkStatus();
}

absl::Status CheckBox(const PageBox& box, int line_pitch_px) {
  if (box.width > kMaxSidePx || box.max_height > kMaxSidePx) {
    return absl::InvalidArgumentError(
        absl::StrCat("a page of ", box.width, " by ", box.max_height, " pixels is too large"));
  }
  if (box.min_height < 0 || box.min_height > box.max_height || box.height_step < 1) {
    return absl::InvalidArgumentError(absl::StrCat("page heights from ", box.min_height, " to ",
                                                   box.max_height, " in steps of ", box.height_step,
                                                   " make no sense"));
  }
  const bool fits = box.width >= 2 * kMarginPx + line_pitch_px &&
                    LinesOnPage(TallestPage(box), line_pitch_px) >= 1;
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat("a page of ", box.width, " by ", TallestPage(box),
                     " pixels cannot hold a header and a line of ", line_pitch_px));
  }
  return absl::OkStatus();
}

bool IsInside(const PageContent& content, PagePosition at) {
  if (at.block >= content.blocks.size()) return at.block == content.blocks.size() && at.byte == 0;
  return at.byte <= content.blocks[at.block].text.size();
}

absl::Status CheckExtent(const PageContent& content, const PageExtent& extent, int line_pitch_px) {
  if (!IsInside(content, extent.begin) || !IsInside(content, extent.end) ||
      extent.begin >= extent.end) {
    return absl::InvalidArgumentError("the page's extent is not in its content");
  }
  const PageBox box{
      .width = extent.width, .min_height = extent.height, .max_height = extent.height};
  return CheckBox(box, line_pitch_px);
}

int TallestPage(const PageBox& box) {
  return box.min_height + (box.max_height - box.min_height) / box.height_step * box.height_step;
}

int HeightForLines(const PageBox& box, int lines, int line_pitch_px) {
  const int needed = 2 * kMarginPx + (lines + 1) * line_pitch_px;
  const int over = std::max(0, needed - box.min_height);
  const int steps = (over + box.height_step - 1) / box.height_step;
  return box.min_height + steps * box.height_step;
}

int LinesOnPage(int height_px, int line_pitch_px) {
  return (height_px - 2 * kMarginPx) / line_pitch_px - 1;
}

Sub TextWidth(int page_width_px) { return (page_width_px - 2 * kMarginPx) * kPixel; }

int LinesTaken(const PageBlock& block, int line_pitch_px, int page_width_px, int free_lines,
               bool page_head) {
  if (!block.IsPicture()) return 1;
  const ImageSize drawn = PictureSizeOnPage(block.picture.size, line_pitch_px,
                                            page_width_px - 2 * kMarginPx, kMaxPictureLines);
  const int wanted = (drawn.height + line_pitch_px - 1) / line_pitch_px;
  if (wanted <= free_lines) return wanted;
  return page_head || 3 * free_lines >= 2 * wanted ? free_lines : 0;
}

uint64_t CountCharacters(const PageContent& content, PagePosition begin, PagePosition end) {
  uint64_t count = 0;
  for (size_t b = begin.block; b < content.blocks.size() && b <= end.block; ++b) {
    const PageBlock& block = content.blocks[b];
    if (block.style == PageBlock::Style::kLabel) continue;
    std::string_view text = block.text;
    if (b == end.block) text = text.substr(0, end.byte);
    if (b == begin.block) text.remove_prefix(std::min(begin.byte, text.size()));
    count += CountCodePoints(text);
  }
  return count;
}

}  // namespace fovea::render
