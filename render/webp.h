// Lossless WebP files.
#ifndef FOVEA_RENDER_WEBP_H_
#define FOVEA_RENDER_WEBP_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea::render {

// Encodes width * height 8-bit grey pixels, row after row. The same arguments give the same bytes
// on any processor. INVALID_ARGUMENT for a side over 16383 pixels, RESOURCE_EXHAUSTED if memory
// runs out. Thread-safe.
absl::StatusOr<std::string> EncodeWebp(std::string_view pixels, int width, int height);

// Of the libwebp in use, for example "1.2.4".
std::string WebpLibraryVersion();

}  // namespace fovea::render

#endif  // FOVEA_RENDER_WEBP_H_
