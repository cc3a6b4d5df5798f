#include "replay/printable.h"

#include "absl/strings/str_format.h"
#include "core/base/hidden_characters.h"
#include "core/base/utf8.h"

namespace fovea::replay {
namespace {

bool EndsALine(char32_t code_point) { return code_point == 0x2028 || code_point == 0x2029; }

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  for (size_t at = 0; at < text.size();) {
    const DecodedCharacter character = DecodeUtf8(text, at);
    const std::string_view bytes = text.substr(at, character.length);
    at += character.length;
    if (character.well_formed && !IsHiddenCodePoint(character.code_point) &&
        !EndsALine(character.code_point)) {
      printable += bytes;
      continue;
    }
    for (const char byte : bytes) {
      absl::StrAppendFormat(&printable, "%%%02X", static_cast<unsigned char>(byte));
    }
  }
  return printable;
}

}  // namespace fovea::replay
