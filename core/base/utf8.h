// UTF-8 as it comes: decoding that never fails and never skips a byte.
#ifndef FOVEA_CORE_BASE_UTF8_H_
#define FOVEA_CORE_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fovea {

struct DecodedCharacter {
  // The code point, or the byte itself if !well_formed.
  char32_t code_point = 0;
  uint8_t length = 1;  // bytes consumed, 1 to 4; 1 if !well_formed
  bool well_formed = true;
};

// Decodes the character at `at`, which must be < text.size(). Surrogates (ED A0..BF xx), overlong
// forms and values past U+10FFFF are ill-formed, as in RFC 3629; each of their bytes decodes on its
// own.
DecodedCharacter DecodeUtf8(std::string_view text, size_t at);

// The first byte at or behind `at` that is no ASCII; the text's size if there is none.
size_t AsciiEnd(std::string_view text, size_t at);

// The first byte at or behind `at` that is no printable ASCII (U+0020 to U+007E); the text's size
// if there is none.
size_t PrintableEnd(std::string_view text, size_t at);

bool IsWellFormedUtf8(std::string_view text);

// `text` with each ill-formed byte written as \xNN, so that it can stand in JSON. Well-formed text
// comes back unchanged.
std::string MakeWellFormed(std::string_view text);

// Moves `at` back to the start of the character that it is in; at most 3 bytes.
size_t CharacterStart(std::string_view text, size_t at);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_UTF8_H_
