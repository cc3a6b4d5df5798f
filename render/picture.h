// Encoded images to small grey pictures.
#ifndef FOVEA_RENDER_PICTURE_H_
#define FOVEA_RENDER_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/image_size.h"
#include "core/base/still_wanted.h"

namespace fovea::render {

// Asks whether pictures are still wanted. Thread-compatible.
class DecodingWatch {
 public:
  explicit DecodingWatch(StillWanted still_wanted) : still_wanted_(std::move(still_wanted)) {}

  // Asks at once; true if nothing more is wanted.
  bool AsksForEnd();
  // The same, but asks only now and then. To be called when `pixels` more were decoded.
  bool AsksForEndAfter(size_t pixels);

  // Of the last asking.
  const absl::Status& status() const { return status_; }

 private:
  const StillWanted still_wanted_;
  size_t pixels_ = 0;  // since then
  absl::Status status_;
};

// Decodes a PNG, JPEG, WebP or GIF, of an animation the first frame, and reduces it to `size`
// pixels of 8-bit grey, 255 is white; what is transparent lies on white. The image must be one that
// DrawableSize (core/page/picture_size.h) admits, and `size` no larger than it either way.
//
// For bytes that nobody vouches for: INVALID_ARGUMENT if they are damaged, cut off, of another size
// than their header states, or of a kind that is not read (CMYK; progressive in over 32 scans or
// with coefficients of over 128 MiB). Rows are reduced as they come. Takes about 130 MB at most, of
// a lossless WebP or a progressive JPEG; for other images, memory in proportion to their width and
// to `size`. `watch` may be null; what it ends with is its error. It is asked before the picture,
// and then about every MiPixel; a WebP's are decoded in one go first.
absl::StatusOr<std::vector<uint8_t>> DecodePicture(std::string_view data, const ImageSize& size,
                                                   DecodingWatch* watch = nullptr);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PICTURE_H_
