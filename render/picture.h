// Encoded images to small grey pictures.
#ifndef FOVEA_RENDER_PICTURE_H_
#define FOVEA_RENDER_PICTURE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/image_size.h"

namespace fovea::render {

// Decodes a PNG, JPEG, WebP or GIF, of an animation the first frame, and reduces it to `size`
// pixels of 8-bit grey, 255 is white; what is transparent lies on white. The image must be one that
// DrawableSize (core/page/picture_size.h) admits, and `size` no larger than it either way.
//
// For bytes that nobody vouches for: INVALID_ARGUMENT if they are damaged, cut off, of another size
// than their header states, or of a kind that is not read (CMYK; progressive in over 32 scans or
// with coefficients of over 128 MiB). Rows are reduced as they come. Takes about 130 MB at most, of
// a lossless WebP or a progressive JPEG; for other images, memory in proportion to their width and
// to `size`.
absl::StatusOr<std::vector<uint8_t>> DecodePicture(std::string_view data, const ImageSize& size);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PICTURE_H_
