#include "bench/legibility/score.h"

#include <edlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "core/base/utf8.h"

namespace fovea::bench {
namespace {

// Where a string that must be exact stands among the visible characters.
struct Range {
  size_t begin = 0;
  size_t end = 0;
};

struct Visible {
  std::string text;
  std::vector<Range> strings;
};

bool IsOfString(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '/' || c == '.' || c == '-';
}

// A word of letters, perhaps with a capital in front, can be guessed from its letters.
bool MustBeExact(std::string_view word) {
  if (word.size() < 4) return false;
  return std::any_of(word.begin() + 1, word.end() - 1, [](unsigned char c) {
    return absl::ascii_isdigit(c) || absl::ascii_isupper(c) || c == '_' || c == '/' || c == '.';
  });
}

Visible WithoutSpace(std::string_view text) {
  Visible visible;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsOfString(static_cast<unsigned char>(text[end]))) ++end;
    if (end > at) {
      const std::string_view word = text.substr(at, end - at);
      if (MustBeExact(word)) {
        visible.strings.push_back({visible.text.size(), visible.text.size() + word.size()});
      }
      visible.text += word;
      at = end;
    } else {
      if (absl::ascii_isgraph(static_cast<unsigned char>(text[at]))) visible.text += text[at];
      ++at;
    }
  }
  return visible;
}

// The ASCII character that a reader who writes `code_point` means, or a control character, which no
// text has, for any other.
char Folded(char32_t code_point) {
  if (code_point < 0x80) return static_cast<char>(code_point);
  if (code_point >= 0x2018 && code_point <= 0x201B) return '\'';
  if (code_point >= 0x201C && code_point <= 0x201F) return '"';
  if (code_point >= 0x2010 && code_point <= 0x2015) return '-';
  if (code_point >= 0xFF01 && code_point <= 0xFF5E) return static_cast<char>(code_point - 0xFEE0);
  return '\x01';
}

std::string VisibleAscii(std::string_view read) {
  std::string ascii;
  for (size_t at = 0; at < read.size();) {
    const DecodedCharacter character = DecodeUtf8(read, at);
    at += character.length;
    const char c = Folded(character.code_point);
    if (!absl::ascii_isspace(static_cast<unsigned char>(c))) ascii += c;
  }
  return ascii;
}

struct FreeResult {
  void operator()(EdlibAlignResult* result) const {
    edlibFreeAlignResult(*result);
    delete result;
  }
};

// For each visible character of the text, whether it and nothing else was read in its place; an
// insertion before it counts against it.
std::vector<bool> Matches(const EdlibAlignResult& aligned, size_t length) {
  std::vector<bool> matches(length, false);
  size_t at = 0;
  bool inserted = false;
  for (int i = 0; i < aligned.alignmentLength; ++i) {
    const unsigned char edit = aligned.alignment[i];
    if (edit == EDLIB_EDOP_DELETE) {  // only in what was read
      inserted = true;
      continue;
    }
    matches[at++] = edit == EDLIB_EDOP_MATCH && !inserted;
    inserted = false;
  }
  return matches;
}

}  // namespace

double Score::CharactersPercent() const {
  if (characters == 0) return 100;
  return std::max(0.0, 100 * (1 - static_cast<double>(distance) / static_cast<double>(characters)));
}

double Score::StringsPercent() const {
  if (strings == 0) return 100;
  return 100 * static_cast<double>(strings_exact) / static_cast<double>(strings);
}

Score Compare(std::string_view text, std::string_view read) {
  const Visible expected = WithoutSpace(text);
  const std::string found = VisibleAscii(read);
  Score score{.characters = expected.text.size(),
              .distance = expected.text.size(),
              .strings = expected.strings.size()};
  if (expected.text.empty() || found.empty()) return score;
  const std::unique_ptr<EdlibAlignResult, FreeResult> aligned(new EdlibAlignResult(
      edlibAlign(expected.text.data(), static_cast<int>(expected.text.size()), found.data(),
                 static_cast<int>(found.size()),
                 edlibNewAlignConfig(-1, EDLIB_MODE_NW, EDLIB_TASK_PATH, nullptr, 0))));
  score.distance = static_cast<size_t>(aligned->editDistance);
  const std::vector<bool> matches = Matches(*aligned, expected.text.size());
  for (const Range& string : expected.strings) {
    const auto begin = matches.begin() + static_cast<std::ptrdiff_t>(string.begin);
    const auto end = matches.begin() + static_cast<std::ptrdiff_t>(string.end);
    if (std::all_of(begin, end, [](bool match) { return match; })) ++score.strings_exact;
  }
  return score;
}

}  // namespace fovea::bench
