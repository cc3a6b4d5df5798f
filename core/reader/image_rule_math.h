// What the rules of both families compute with; for image_rules_*.cc.
#ifndef FOVEA_CORE_READER_IMAGE_RULE_MATH_H_
#define FOVEA_CORE_READER_IMAGE_RULE_MATH_H_

#include <cstdint>

#include "core/reader/image_rule.h"

namespace fovea {

inline int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

inline ImageCost Cost(int64_t tokens, int64_t width, int64_t height) {
  return {.tokens = tokens,
          .seen_width = static_cast<int>(width),
          .seen_height = static_cast<int>(height)};
}

}  // namespace fovea

#endif  // FOVEA_CORE_READER_IMAGE_RULE_MATH_H_
