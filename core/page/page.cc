#include "core/page/page.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/base/hidden_characters.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "core/page/picture_size.h"

namespace fovea {
namespace {

// The bytes of `text` as it is drawn: what is no UTF-8 as \xNN, a control character
// as ^A, what else is hidden as a name no longer than [U+NNNN].
uint64_t DrawnBytes(std::string_view text) {
  uint64_t bytes = text.size();
  for (size_t at = PrintableEnd(text, 0); at < text.size(); at = PrintableEnd(text, at)) {
    const DecodedCharacter c = DecodeUtf8(text, at);
    if (!c.well_formed) {
      bytes += 3;
    } else if (c.code_point != '\n' && c.code_point != '\t' && IsHiddenCodePoint(c.code_point)) {
      bytes += c.code_point < 0x80 ? 1U : 8U - c.length;
    }
    at += c.length;
  }
  return bytes;
}

// What stands between the extent's ends.
uint64_t TextBytes(const PageContent& content, const PageExtent& extent) {
  uint64_t bytes = 0;
  for (size_t b = extent.begin.block; b < content.blocks.size() && b <= extent.end.block; ++b) {
    const std::string_view text = content.blocks[b].text;
    const size_t from = b == extent.begin.block ? extent.begin.byte : 0;
    const size_t to = b == extent.end.block ? extent.end.byte : text.size();
    bytes += DrawnBytes(text.substr(from, to - from));
  }
  return bytes;
}

uint64_t PicturePixels(const PageContent& content, const PageExtent& extent, int line_pitch_px) {
  uint64_t pixels = 0;
  for (size_t b = extent.begin.block; b < extent.end.block; ++b) {
    const PageBlock& block = content.blocks[b];
    if (!block.IsPicture()) continue;
    const ImageSize drawn =
        PictureSizeOnPage(block.picture.size, line_pitch_px, extent.width, kMaxPictureLines);
    pixels += static_cast<uint64_t>(drawn.width) * static_cast<uint64_t>(drawn.height);
  }
  return pixels;
}

}  // namespace

uint64_t EstimatePageBytes(const PageContent& content, const PageExtent& extent,
                           const PageTypography& typography) {
  struct Density {
    int grey_bits;
    double small, large, wide;  // bytes a pixel, up to a line pitch of 8, above, and from 13 on
  };
  constexpr Density kDensities[] = {
      {1, 0.08, 0.07, 0.07}, {2, 0.13, 0.115, 0.098}, {4, 0.205, 0.18, 0.18}};
  constexpr double kMoreEffort = 0.9;  // of the bytes of the least
  constexpr int kSmallPitch = 8;
  constexpr int kWidePitch = 13;
  constexpr double kContainerBytes = 1024;
  constexpr double kPictureBytesPerPixel = 0.37;  // of 4 bits: a photograph
  double bytes_per_pixel = 0.5;
  for (const Density& density : kDensities) {
    if (density.grey_bits != typography.grey_bits) continue;
    bytes_per_pixel = typography.line_pitch_px <= kSmallPitch  ? density.small
                      : typography.line_pitch_px >= kWidePitch ? density.wide
                                                               : density.large;
  }
  if (typography.effort == PageEffort::kSmall) bytes_per_pixel *= kMoreEffort;
  // A byte of text covers at most about this part of the square of the pitch; the rest of a page
  // that is not full is white, which takes next to nothing.
  constexpr double kSquaresPerByte = 0.45;
  const double pitch = typography.line_pitch_px;
  const double covered =
      std::min(double{1} * extent.width * extent.height,
               kSquaresPerByte * pitch * pitch * static_cast<double>(TextBytes(content, extent)));
  const auto pictures =
      static_cast<double>(PicturePixels(content, extent, typography.line_pitch_px));
  return static_cast<uint64_t>(kContainerBytes + bytes_per_pixel * covered +
                               kPictureBytesPerPixel * typography.grey_bits / 4 * pictures);
}

std::string PageId(std::string_view renderer_version, const PageContent& content,
                   const PageExtent& extent, const PageTypography& typography,
                   const PageHeader& header) {
  Sha256 hash;
  hash.UpdateField(renderer_version)
      .UpdateField(header.text)
      .UpdateNumber(extent.width)
      .UpdateNumber(extent.height)
      .UpdateNumber(typography.line_pitch_px)
      .UpdateNumber(typography.grey_bits)
      .UpdateNumber(static_cast<uint64_t>(typography.effort));
  for (size_t b = extent.begin.block; b < content.blocks.size(); ++b) {
    if (b > extent.end.block || (b == extent.end.block && extent.end.byte == 0)) break;
    const PageBlock& block = content.blocks[b];
    const size_t from = b == extent.begin.block ? extent.begin.byte : 0;
    const size_t to =
        b == extent.end.block ? std::min(extent.end.byte, block.text.size()) : block.text.size();
    hash.UpdateNumber(static_cast<uint64_t>(block.role))
        .UpdateNumber(static_cast<uint64_t>(block.style))
        .UpdateNumber(block.joined ? 1 : 0)
        .UpdateNumber(from)
        .UpdateField(std::string_view(block.text).substr(from, to - from));
    hash.UpdateNumber(block.IsPicture() ? 1 : 0);
    if (block.IsPicture()) hash.UpdateField(*block.picture.data);
  }
  return hash.HexDigest();
}

}  // namespace fovea
