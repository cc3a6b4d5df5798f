// What a reader's API asks of a picture of the agent's own, which is sent as it is.
#ifndef FOVEA_CORE_READER_PICTURE_LIMITS_H_
#define FOVEA_CORE_READER_PICTURE_LIMITS_H_

#include <cstdint>
#include <string_view>

#include "core/reader/image_rule.h"
#include "core/reader/reader_profile.h"

namespace fovea {

struct PictureLimits {
  uint64_t max_base64_bytes = 0;         // 0: none stated
  int max_side_px = 0;                   // 0: none stated
  const ImageTokenRule* rule = nullptr;  // outlives this; null: every size is taken
};

// `reader` outlives the limits. Those for many pictures in one request are left out.
PictureLimits PictureLimitsOf(const ReaderProfile& reader);

// Whether the API would take the picture: its header states a size, and it is within the limits.
bool TakesPicture(const PictureLimits& limits, std::string_view data);

}  // namespace fovea

#endif  // FOVEA_CORE_READER_PICTURE_LIMITS_H_
