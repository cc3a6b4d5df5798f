// How large an encoded image is.
#ifndef FOVEA_CORE_BASE_IMAGE_SIZE_H_
#define FOVEA_CORE_BASE_IMAGE_SIZE_H_

#include <optional>
#include <string_view>

namespace fovea {

struct ImageSize {
  int width = 0;  // pixels
  int height = 0;
  bool operator==(const ImageSize&) const = default;
};

// The size that the header of a PNG, JPEG, GIF or WebP states, told apart by their first bytes; of
// an animation, the canvas. Nothing if it is none of these, is cut off, or states a side of 0 or
// over 2^20 pixels. Reads headers only, linear in the bytes before the size.
std::optional<ImageSize> ReadImageSize(std::string_view data);

// "image/png", "image/jpeg", "image/gif" or "image/webp" by the first bytes; "" if it is none of
// these.
std::string_view ImageMediaType(std::string_view data);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_IMAGE_SIZE_H_
