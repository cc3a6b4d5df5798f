#include "core/tokens/normal_form.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/utf8.h"

namespace fovea {
namespace {

// ICU puts the marks after a letter in order by insertion, which is quadratic in their number. A
// longer run than this comes to it in order.
constexpr size_t kManyMarks = 64;
constexpr char32_t kFirstMark = 0x300;

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

// A run of marks behind each other.
struct MarkRun {
  size_t begin = 0;
  size_t end = 0;
  std::vector<Mark> marks;

  // A canonically equivalent run, in canonical order.
  std::string InOrder() const {
    std::array<std::string, 256> by_class;
    for (const Mark& mark : marks) by_class[mark.combining_class] += mark.bytes;
    std::string bytes;
    for (const std::string& each : by_class) bytes += each;
    return bytes;
  }
};

// The marks that `c`, whose bytes these are, is or decomposes to; none if it is another character.
void TakeMarks(char32_t c, std::string_view bytes, std::vector<Mark>* marks) {
  const std::string_view tibetan = TibetanMarks(c);
  if (tibetan.empty()) {
    const uint8_t combining_class = u_getCombiningClass(static_cast<UChar32>(c));
    if (combining_class != 0) marks->push_back({combining_class, bytes});
    return;
  }
  for (size_t i = 0; i < tibetan.size();) {
    const DecodedCharacter mark = DecodeUtf8(tibetan, i);
    TakeMarks(mark.code_point, tibetan.substr(i, mark.length), marks);
    i += mark.length;
  }
}

// Whether so many bytes beyond ASCII stand side by side that a run of many marks could be there.
bool MayHoldManyMarks(std::string_view text) {
  constexpr size_t kMinBytes = 2 * kManyMarks;  // a mark has two bytes or more
  const auto beyond_ascii = [&](size_t at) { return static_cast<unsigned char>(text[at]) >= 0x80; };
  // Looks at the last byte of each stretch that could be such a run: mostly one look decides it.
  for (size_t end = kMinBytes; end <= text.size();) {
    size_t run = 0;
    while (run < kMinBytes && beyond_ascii(end - 1 - run)) ++run;
    if (run == kMinBytes) return true;
    end += kMinBytes - run;
  }
  return false;
}

// Finds the next run of many marks from `at` on; false if there is none.
bool FindManyMarks(std::string_view text, size_t at, MarkRun* run) {
  run->marks.clear();
  for (; at < text.size(); at = run->end) {
    const DecodedCharacter c = DecodeUtf8(text, at);
    const size_t before = run->marks.size();
    run->end = at + c.length;
    if (c.code_point >= kFirstMark) {
      TakeMarks(c.code_point, text.substr(at, c.length), &run->marks);
    }
    if (before == 0) run->begin = at;
    if (run->marks.size() > before) continue;
    if (before > kManyMarks) {
      run->end = at;
      return true;
    }
    run->marks.clear();
  }
  return run->marks.size() > kManyMarks;
}

// A canonically equivalent text, in which the marks of long runs stand in order.
std::string WithMarksInOrder(std::string_view text) {
  std::string out;
  size_t at = 0;
  for (MarkRun run; FindManyMarks(text, at, &run); at = run.end) {
    out += text.substr(at, run.begin - at);
    out += run.InOrder();
  }
  out += text.substr(at);
  return out;
}

bool HasManyMarksOutOfOrder(std::string_view text) {
  size_t at = 0;
  for (MarkRun run; FindManyMarks(text, at, &run); at = run.end) {
    if (run.InOrder() != text.substr(run.begin, run.end - run.begin)) return true;
  }
  return false;
}

}  // namespace

bool IsNfc(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return true;
  }
  if (MayHoldManyMarks(text) && HasManyMarksOutOfOrder(text)) return false;
  UErrorCode error = U_ZERO_ERROR;
  return NfcOfIcu()->isNormalizedUTF8(Piece(text), error) != 0;
}

std::string Nfc(std::string_view text) {
  std::string ordered;
  if (MayHoldManyMarks(text)) text = ordered = WithMarksInOrder(text);
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<int32_t>(text.size()));
  UErrorCode error = U_ZERO_ERROR;
  NfcOfIcu()->normalizeUTF8(0, Piece(text), sink, nullptr, error);
  return out;
}

}  // namespace fovea
