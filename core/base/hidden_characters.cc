#include "core/base/hidden_characters.h"

#include <algorithm>
#include <iterator>

#include "core/base/utf8.h"

namespace fovea {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode's Default_Ignorable_Code_Point, the controls, the separators, and a few that have a glyph
// of pure nothing. Sorted.
constexpr Range kHidden[] = {
    {0x0000, 0x001F},   {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},
    {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x2800, 0x2800},
    {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFC},   {0x1BCA0, 0x1BCA3}, {0x1D159, 0x1D159}, {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

// Of ASCII; newlines and tabs are shown as marks of their own.
bool IsHiddenByte(unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F; }

}  // namespace

bool IsHiddenCodePoint(char32_t code_point) {
  const auto* range = std::lower_bound(
      std::begin(kHidden), std::end(kHidden), code_point,
      [](const Range& candidate, char32_t value) { return candidate.last < value; });
  return range != std::end(kHidden) && range->first <= code_point;
}

bool IsPresentationSelector(char32_t code_point) {
  return code_point == 0xFE0E || code_point == 0xFE0F;
}

bool TakesPresentationSelector(char32_t code_point) {
  return code_point == '#' || code_point == '*' || (code_point >= '0' && code_point <= '9') ||
         code_point == 0xA9 || code_point == 0xAE ||
         (code_point >= 0x203C && code_point < 0x3300) ||
         (code_point >= 0x1F000 && code_point < 0x1FB00);
}

uint64_t CountHiddenCharacters(std::string_view text) {
  uint64_t count = 0;
  char32_t before = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = PrintableEnd(text, at);
    if (end > at) {
      before = static_cast<unsigned char>(text[end - 1]);
      at = end;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      count += IsHiddenByte(byte) ? 1 : 0;
      before = byte;
      ++at;
      continue;
    }
    const DecodedCharacter character = DecodeUtf8(text, at);
    const char32_t code_point = character.well_formed ? character.code_point : 0;
    const bool shown = IsPresentationSelector(code_point) && TakesPresentationSelector(before);
    count += character.well_formed && !shown && IsHiddenCodePoint(code_point) ? 1 : 0;
    before = code_point;
    at += character.length;
  }
  return count;
}

}  // namespace fovea
