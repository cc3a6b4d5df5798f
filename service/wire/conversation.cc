#include "service/wire/conversation.h"

namespace fovea::wire {

ReaderTraits TraitsOf(const ReaderProfile& reader) {
  return {.takes_images = reader.image_rule.kind != ImageTokenRule::Kind::kNone,
          .picture = PictureLimitsOf(reader),
          .many_images = static_cast<size_t>(reader.limits.many_images),
          .many_images_side_px = reader.limits.many_images_side_px,
          .max_breakpoints = reader.cache.max_breakpoints};
}

}  // namespace fovea::wire
