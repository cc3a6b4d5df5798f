// What is a character in bytes that may be UTF-8.
#ifndef FOVEA_CLI_FORMATS_UTF8_H_
#define FOVEA_CLI_FORMATS_UTF8_H_

#include <cstddef>
#include <string_view>

namespace fovea::cli {

inline bool IsContinuation(unsigned char byte) { return (byte & 0xc0) == 0x80; }

// Bytes of the well-formed UTF-8 character that begins at `at`; 0 if none does.
size_t CharacterLength(std::string_view text, size_t at);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_FORMATS_UTF8_H_
