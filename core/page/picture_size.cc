#include "core/page/picture_size.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace fovea {
namespace {

constexpr int kMaxSide = 16384;
constexpr int64_t kMaxPixels = int64_t{64} << 20;
constexpr int64_t kMaxWebpPixels = int64_t{16} << 20;
constexpr int kFullSizePitch = 16;

bool IsWebp(std::string_view data) { return data.starts_with("RIFF"); }

bool IsAnimatedWebp(std::string_view data) {
  constexpr size_t kFlags = 20;
  constexpr unsigned char kAnimation = 0x02;
  return IsWebp(data) && data.size() > kFlags && data.substr(12, 4) == "VP8X" &&
         (static_cast<unsigned char>(data[kFlags]) & kAnimation) != 0;
}

int Scaled(int length, double scale, int most) {
  return std::clamp(static_cast<int>(std::lround(length * scale)), 1, most);
}

}  // namespace

std::optional<ImageSize> DrawableSize(std::string_view data) {
  const std::optional<ImageSize> size = ReadImageSize(data);
  if (!size.has_value() || IsAnimatedWebp(data)) return std::nullopt;
  if (size->width > kMaxSide || size->height > kMaxSide) return std::nullopt;
  const int64_t pixels = int64_t{size->width} * size->height;
  if (pixels > (IsWebp(data) ? kMaxWebpPixels : kMaxPixels)) return std::nullopt;
  return size;
}

ImageSize PictureSizeOnPage(const ImageSize& source, int line_pitch_px, int width_px, int lines) {
  const int most_height = lines * line_pitch_px;
  const double scale = std::min({1.0, static_cast<double>(line_pitch_px) / kFullSizePitch,
                                 static_cast<double>(width_px) / source.width,
                                 static_cast<double>(most_height) / source.height});
  return {.width = Scaled(source.width, scale, width_px),
          .height = Scaled(source.height, scale, most_height)};
}

}  // namespace fovea
