// UTF-8 for tests.
#ifndef FOVEA_TESTS_SUPPORT_UTF8_H_
#define FOVEA_TESTS_SUPPORT_UTF8_H_

#include <string>

namespace fovea::testing {

// The bytes of a code point; also of surrogates, and of what lies beyond U+10FFFF, which are
// ill-formed.
inline std::string Utf8(char32_t c) {
  const auto next = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), next(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), next(6), next(0)};
  return {static_cast<char>(0xF0 | c >> 18), next(12), next(6), next(0)};
}

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_UTF8_H_
