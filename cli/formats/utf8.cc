#include "cli/formats/utf8.h"

#include <cstddef>
#include <string_view>

namespace fovea::cli {
namespace {

// 0, which is no continuation, past the end.
unsigned Byte(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

}  // namespace

size_t CharacterLength(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  const unsigned first = Byte(text, at);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(static_cast<unsigned char>(Byte(text, at + i)))) return 0;
  }
  const unsigned second = Byte(text, at + 1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool outside = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return overlong || outside ? 0 : length;
}

}  // namespace fovea::cli
