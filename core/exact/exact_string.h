// An exact string: one that a reader must not guess from a picture.
#ifndef FOVEA_CORE_EXACT_EXACT_STRING_H_
#define FOVEA_CORE_EXACT_EXACT_STRING_H_

#include <cstdint>
#include <string>

namespace fovea {

// A string whose every character matters, as it stands in a turn.
struct ExactString {
  enum class Kind : uint8_t {
    kHash = 1,
    kUuid = 2,
    kUrl = 3,
    kPath = 4,
    kNumber = 5,
    kIdentifier = 6,
    kVersion = 7,
    kErrorCode = 8
  };
  Kind kind = Kind::kHash;
  std::string text;        // byte for byte; valid UTF-8 without newlines, 4 to 200 bytes
  std::string label;       // "label" of "label=value" or "label: value" where it stands so, else ""
  uint64_t first_seq = 0;  // the first turn that holds it
  uint32_t occurrences = 0;
  bool operator==(const ExactString&) const = default;
};

}  // namespace fovea

#endif  // FOVEA_CORE_EXACT_EXACT_STRING_H_
