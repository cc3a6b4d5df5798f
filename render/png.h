// Grey PNG files.
#ifndef FOVEA_RENDER_PNG_H_
#define FOVEA_RENDER_PNG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fovea::render {

// Encodes width * height 8-bit grey pixels, row after row, as a PNG of `bits` (1, 2, 4 or 8) bits a
// pixel; the lower bits of each pixel are dropped. `level` is libdeflate's, 1 to 12. The same
// arguments give the same bytes on any processor.
// RESOURCE_EXHAUSTED if memory runs out.
absl::StatusOr<std::string> EncodePng(std::string_view pixels, int width, int height, int bits,
                                      int level);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PNG_H_
