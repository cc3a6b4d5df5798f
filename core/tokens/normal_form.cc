#include "core/tokens/normal_form.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/utf8.h"

namespace fovea {
namespace {

// ICU puts the marks after a letter in order by insertion, which is quadratic in their number. A
// longer run than this comes to it in order.
constexpr size_t kManyMarks = 64;

struct Mark {
  uint8_t combining_class = 0;
  std::string_view bytes;
};

const icu::Normalizer2* NfcOfIcu() {
  UErrorCode error = U_ZERO_ERROR;
  return icu::Normalizer2::getNFCInstance(error);
}

icu::StringPiece Piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

uint8_t CombiningClass(char32_t c) { return u_getCombiningClass(static_cast<UChar32>(c)); }

// The three characters of combining class 0 that decompose into two marks of different classes.
std::string_view TibetanMarks(char32_t c) {
  switch (c) {
    case 0x0F73:
      return "\u0F71\u0F72";
    case 0x0F75:
      return "\u0F71\u0F74";
    case 0x0F81:
      return "\u0F71\u0F80";
    default:
      return {};
  }
}

// Appends the marks at `at` to `*marks` and returns their end.
size_t TakeMarks(std::string_view text, size_t at, std::vector<Mark>* marks) {
  while (at < text.size()) {
    const DecodedCharacter c = DecodeUtf8(text, at);
    std::string_view bytes = TibetanMarks(c.code_point);
    if (bytes.empty()) bytes = text.substr(at, c.length);
    for (size_t i = 0; i < bytes.size();) {
      const DecodedCharacter mark = DecodeUtf8(bytes, i);
      const uint8_t combining_class = CombiningClass(mark.code_point);
      if (combining_class == 0) return at;
      marks->push_back({combining_class, bytes.substr(i, mark.length)});
      i += mark.length;
    }
    at += c.length;
  }
  return at;
}

// A canonically equivalent text, in which marks of long runs stand in canonical order.
std::string WithMarksInOrder(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::vector<Mark> marks;
  for (size_t at = 0; at < text.size();) {
    marks.clear();
    const size_t end = TakeMarks(text, at, &marks);
    if (marks.size() > kManyMarks) {
      std::ranges::stable_sort(marks, {}, &Mark::combining_class);
      for (const Mark& mark : marks) out += mark.bytes;
    } else {
      out += text.substr(at, end - at);
    }
    if (end == text.size()) break;
    const size_t length = DecodeUtf8(text, end).length;
    out += text.substr(end, length);
    at = end + length;
  }
  return out;
}

}  // namespace

bool IsNfc(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return true;
  }
  UErrorCode error = U_ZERO_ERROR;
  return NfcOfIcu()->isNormalizedUTF8(Piece(text), error) != 0;
}

std::string Nfc(std::string_view text) {
  const std::string ordered = WithMarksInOrder(text);
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<int32_t>(ordered.size()));
  UErrorCode error = U_ZERO_ERROR;
  NfcOfIcu()->normalizeUTF8(0, Piece(ordered), sink, nullptr, error);
  return out;
}

}  // namespace fovea
