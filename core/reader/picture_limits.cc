#include "core/reader/picture_limits.h"

#include <algorithm>
#include <optional>

#include "core/base/image_size.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

// Rules that price pages only say nothing of what else is taken.
bool TakesSize(const ImageTokenRule& rule, const ImageSize& size) {
  if (rule.kind == Kind::kFlat || rule.kind == Kind::kSquareModes) return true;
  return PriceImage(rule, size.width, size.height, 0).ok();
}

}  // namespace

PictureLimits PictureLimitsOf(const ReaderProfile& reader) {
  return {.max_base64_bytes = reader.limits.max_image_bytes,
          .max_side_px = reader.limits.max_side_px,
          .rule = &reader.image_rule};
}

bool TakesPicture(const PictureLimits& limits, std::string_view data) {
  const uint64_t sent = (data.size() + 2) / 3 * 4;
  if (limits.max_base64_bytes > 0 && sent > limits.max_base64_bytes) return false;
  const std::optional<ImageSize> size = ReadImageSize(data);
  if (!size.has_value()) return false;
  if (limits.max_side_px > 0 && std::max(size->width, size->height) > limits.max_side_px) {
    return false;
  }
  return limits.rule == nullptr || TakesSize(*limits.rule, *size);
}

}  // namespace fovea
