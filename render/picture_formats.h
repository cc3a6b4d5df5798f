// The decoders behind DecodePicture, one library each.
#ifndef FOVEA_RENDER_PICTURE_FORMATS_H_
#define FOVEA_RENDER_PICTURE_FORMATS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/base/image_size.h"
#include "render/picture.h"

namespace fovea::render {

// Each decodes an image whose header states the size `from` and reduces it to `to`; nothing if it
// is not what its header says, or if `watch` asks for an end.
std::optional<std::vector<uint8_t>> DecodePng(std::string_view data, const ImageSize& from,
                                              const ImageSize& to, DecodingWatch& watch);
std::optional<std::vector<uint8_t>> DecodeJpeg(std::string_view data, const ImageSize& from,
                                               const ImageSize& to, DecodingWatch& watch);
std::optional<std::vector<uint8_t>> DecodeGif(std::string_view data, const ImageSize& from,
                                              const ImageSize& to, DecodingWatch& watch);
std::optional<std::vector<uint8_t>> DecodeWebp(std::string_view data, const ImageSize& from,
                                               const ImageSize& to, DecodingWatch& watch);

inline constexpr uint8_t kWhite = 255;

// The luma of ITU-R BT.601, as in JPEG.
constexpr uint8_t GreyOf(int red, int green, int blue) {
  return static_cast<uint8_t>((red * 77 + green * 150 + blue * 29 + 128) >> 8);
}

// The grey of red, green, blue and alpha on white.
constexpr uint8_t GreyOnWhite(const uint8_t* rgba) {
  const int alpha = rgba[3];
  const int grey = GreyOf(rgba[0], rgba[1], rgba[2]);
  return static_cast<uint8_t>((grey * alpha + kWhite * (255 - alpha) + 127) / 255);
}

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PICTURE_FORMATS_H_
