#include "core/base/utf8.h"

#include <bit>
#include <cstring>

namespace fovea {
namespace {

constexpr char kHexDigits[] = "0123456789ABCDEF";

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

constexpr uint64_t kEach = 0x0101010101010101;  // times a byte: eight of it
constexpr uint64_t kHighBits = 0x80 * kEach;

// The first byte at or behind `at` for which `stops` holds. `stops_of_eight` has the high bit set
// of the first of eight bytes that stops, and of none before it: eight are looked at at a time.
template <class StopsOfEight, class Stops>
size_t FindFirst(std::string_view text, size_t at, StopsOfEight stops_of_eight, Stops stops) {
  static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");
  for (uint64_t eight = 0; text.size() - at >= sizeof(eight); at += sizeof(eight)) {
    std::memcpy(&eight, text.data() + at, sizeof(eight));
    const uint64_t stopping = stops_of_eight(eight) & kHighBits;
    if (stopping != 0) return at + static_cast<size_t>(std::countr_zero(stopping)) / 8;
  }
  while (at < text.size() && !stops(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace

size_t AsciiEnd(std::string_view text, size_t at) {
  return FindFirst(
      text, at, [](uint64_t eight) { return eight; },
      [](unsigned char byte) { return byte >= 0x80; });
}

size_t PrintableEnd(std::string_view text, size_t at) {
  // Of eight bytes of ASCII, one below 0x20 borrows its high bit, and one of 0x7F is the only one
  // whose next is 0x80. What is borrowed or carried beyond a byte comes from one that stops.
  return FindFirst(
      text, at, [](uint64_t eight) { return eight | (eight - 0x20 * kEach) | (eight + kEach); },
      [](unsigned char byte) { return byte < 0x20 || byte > 0x7E; });
}

DecodedCharacter DecodeUtf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t offset) { return static_cast<unsigned char>(text[at + offset]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {.code_point = lead};
  const DecodedCharacter ill_formed{.code_point = lead, .length = 1, .well_formed = false};
  int length = 0;
  char32_t value = 0;
  char32_t smallest = 0;
  if ((lead & 0xE0) == 0xC0) {
    length = 2, value = lead & 0x1F, smallest = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3, value = lead & 0x0F, smallest = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    length = 4, value = lead & 0x07, smallest = 0x10000;
  } else {
    return ill_formed;
  }
  if (text.size() - at < static_cast<size_t>(length)) return ill_formed;
  for (int i = 1; i < length; ++i) {
    if (!IsContinuation(byte(i))) return ill_formed;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || value > 0x10FFFF || surrogate) return ill_formed;
  return {.code_point = value, .length = static_cast<uint8_t>(length)};
}

bool IsWellFormedUtf8(std::string_view text) {
  for (size_t at = AsciiEnd(text, 0); at < text.size(); at = AsciiEnd(text, at)) {
    const DecodedCharacter character = DecodeUtf8(text, at);
    if (!character.well_formed) return false;
    at += character.length;
  }
  return true;
}

std::string MakeWellFormed(std::string_view text) {
  std::string out;
  size_t copied = 0;
  size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const DecodedCharacter character = byte < 0x80 ? DecodedCharacter{} : DecodeUtf8(text, at);
    if (!character.well_formed) {
      out.append(text, copied, at - copied);
      out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 0xF]};
      copied = at + 1;
    }
    at += character.length;
  }
  out.append(text, copied);
  return out;
}

size_t CharacterStart(std::string_view text, size_t at) {
  if (at >= text.size()) return text.size();
  size_t start = at;
  while (start > 0 && at - start < 3 && IsContinuation(static_cast<unsigned char>(text[start]))) {
    --start;
  }
  const DecodedCharacter character = DecodeUtf8(text, start);
  return start + character.length > at ? start : at;
}

}  // namespace fovea
