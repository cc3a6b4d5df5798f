#include <webp/decode.h>

#include "render/picture_formats.h"
#include "render/picture_scaler.h"

namespace fovea::render {

std::optional<std::vector<uint8_t>> DecodeWebp(std::string_view data, const ImageSize& from,
                                               const ImageSize& to, DecodingWatch& watch) {
  constexpr int kChannels = 4;
  const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes, data.size(), &features) != VP8_STATUS_OK || features.has_animation ||
      features.width != from.width || features.height != from.height) {
    return std::nullopt;
  }
  const auto width = static_cast<size_t>(from.width);
  std::vector<uint8_t> rgba(width * static_cast<size_t>(from.height) * kChannels);
  if (WebPDecodeRGBAInto(bytes, data.size(), rgba.data(), rgba.size(), from.width * kChannels) ==
      nullptr) {
    return std::nullopt;
  }
  PictureScaler scaler(from, to);
  std::vector<uint8_t> grey(width);
  const uint8_t* pixel = rgba.data();
  for (int y = 0; y < from.height; ++y) {
    for (uint8_t& shade : grey) {
      shade = GreyOnWhite(pixel);
      pixel += kChannels;
    }
    scaler.AddRow(y, grey);
    if (watch.AsksForEndAfter(grey.size())) return std::nullopt;
  }
  return scaler.Finish();
}

}  // namespace fovea::render
