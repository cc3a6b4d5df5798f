#include "render/picture.h"

#include <optional>

#include "absl/status/status.h"
#include "core/page/picture_size.h"
#include "render/picture_formats.h"

namespace fovea::render {
namespace {

constexpr size_t kPixelsBetweenAskings = 1 << 20;

std::optional<std::vector<uint8_t>> Decode(std::string_view data, const ImageSize& from,
                                           const ImageSize& to, DecodingWatch& watch) {
  if (data.starts_with("\x89PNG")) return DecodePng(data, from, to, watch);
  if (data.starts_with("\xFF\xD8")) return DecodeJpeg(data, from, to, watch);
  if (data.starts_with("GIF")) return DecodeGif(data, from, to, watch);
  return DecodeWebp(data, from, to, watch);
}

}  // namespace

bool DecodingWatch::AsksForEnd() {
  pixels_ = 0;
  status_ = Ask(still_wanted_);
  return !status_.ok();
}

bool DecodingWatch::AsksForEndAfter(size_t pixels) {
  pixels_ += pixels;
  return pixels_ >= kPixelsBetweenAskings && AsksForEnd();
}

absl::StatusOr<std::vector<uint8_t>> DecodePicture(std::string_view data, const ImageSize& size,
                                                   DecodingWatch* watch) {
  DecodingWatch nobody({});
  if (watch == nullptr) watch = &nobody;
  const std::optional<ImageSize> from = DrawableSize(data);
  if (!from.has_value()) return absl::InvalidArgumentError("no image that can be drawn");
  if (size.width < 1 || size.height < 1 || size.width > from->width || size.height > from->height) {
    return absl::InvalidArgumentError("a picture is not enlarged");
  }
  if (watch->AsksForEnd()) return watch->status();
  auto picture = Decode(data, *from, size, *watch);
  if (!watch->status().ok()) return watch->status();
  if (!picture.has_value()) return absl::InvalidArgumentError("the image is damaged");
  return *std::move(picture);
}

}  // namespace fovea::render
