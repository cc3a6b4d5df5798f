#include "render/picture.h"

#include <optional>

#include "absl/status/status.h"
#include "core/page/picture_size.h"
#include "render/picture_formats.h"

namespace fovea::render {
namespace {

std::optional<std::vector<uint8_t>> Decode(std::string_view data, const ImageSize& from,
                                           const ImageSize& to) {
  if (data.starts_with("\x89PNG")) return DecodePng(data, from, to);
  if (data.starts_with("\xFF\xD8")) return DecodeJpeg(data, from, to);
  if (data.starts_with("GIF")) return DecodeGif(data, from, to);
  return DecodeWebp(data, from, to);
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> DecodePicture(std::string_view data, const ImageSize& size) {
  const std::optional<ImageSize> from = DrawableSize(data);
  if (!from.has_value()) return absl::InvalidArgumentError("no image that can be drawn");
  if (size.width < 1 || size.height < 1 || size.width > from->width || size.height > from->height) {
    return absl::InvalidArgumentError("a picture is not enlarged");
  }
  auto picture = Decode(data, *from, size);
  if (!picture.has_value()) return absl::InvalidArgumentError("the image is damaged");
  return *std::move(picture);
}

}  // namespace fovea::render
