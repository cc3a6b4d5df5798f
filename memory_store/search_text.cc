#include "memory_store/search_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "memory_store/absl_view.h"

namespace fovea {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kSpace = " ";
constexpr size_t kUnicodeEscapeLength = 6;  // \uXXXX

void AppendUtf8(char32_t code_point, std::string& out) {
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code_point >> 6)));
    out.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (code_point >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code_point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

// A stretch of a text, and what stands for it in a line that search sees.
struct Unit {
  size_t length = 0;  // bytes of the text
  std::string_view shown;
};

// The character at `at`: controls are spaces, ill-formed bytes U+FFFD.
Unit CharacterAt(std::string_view text, size_t at) {
  const DecodedCharacter character = DecodeUtf8(text, at);
  if (!character.well_formed) return {character.length, kReplacement};
  const char32_t point = character.code_point;
  const bool control = point < 0xA0 && (point >= 0x7F || point < 0x20);
  return {character.length, control ? kSpace : text.substr(at, character.length)};
}

// The escape of a JSON string at `at`, which is a backslash. What is no letter, and halves of a
// surrogate pair, which no word holds, are spaces. `room` takes what a \u names.
Unit EscapeAt(std::string_view text, size_t at, std::string& room) {
  const std::string_view rest = text.substr(at);
  if (rest.size() < 2) return {1, kSpace};
  if (rest[1] == '"' || rest[1] == '/' || rest[1] == '\\') return {2, rest.substr(1, 1)};
  uint32_t unit = 0;
  if (rest[1] != 'u' || rest.size() < kUnicodeEscapeLength ||
      !absl::SimpleHexAtoi(AbslView(rest.substr(2, 4)), &unit)) {
    // A letter behind the backslash belongs to the escape, any other character to itself.
    return {absl::ascii_isalpha(static_cast<unsigned char>(rest[1])) ? size_t{2} : 1, kSpace};
  }
  const bool space =
      (unit >= 0xD800 && unit < 0xE000) || unit < 0x20 || (unit >= 0x7F && unit < 0xA0);
  if (space) return {kUnicodeEscapeLength, kSpace};
  room.clear();
  AppendUtf8(static_cast<char32_t>(unit), room);
  return {kUnicodeEscapeLength, room};
}

// Calls visit(begin, end, shown) for each stretch of the turn's text, in order; stops if it says
// so.
template <typename Visit>
void ForEachUnit(const RecallText& recall, Visit visit) {
  const std::string_view text = recall.text;
  auto arguments = recall.arguments.begin();
  std::string room;
  for (size_t at = 0; at < text.size();) {
    while (arguments != recall.arguments.end() && arguments->end <= at) ++arguments;
    const bool in_json = arguments != recall.arguments.end() && arguments->begin <= at;
    const Unit unit = in_json && text[at] == '\\'
                          ? EscapeAt(text.substr(0, arguments->end), at, room)
                          : CharacterAt(text, at);
    if (!visit(at, at + unit.length, unit.shown)) return;
    at += unit.length;
  }
}

}  // namespace

std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Unit unit = CharacterAt(text, at);
    line += unit.shown;
    at += unit.length;
  }
  return line;
}

std::string SearchText(const RecallText& recall) {
  std::string line;
  line.reserve(recall.text.size());
  ForEachUnit(recall, [&line](size_t, size_t, std::string_view shown) {
    line += shown;
    return true;
  });
  return line;
}

std::optional<ByteSpan> FindInText(const RecallText& recall, std::string_view shown) {
  if (shown.empty()) return std::nullopt;
  const size_t first = SearchText(recall).find(shown);
  if (first == std::string::npos) return std::nullopt;
  ByteSpan span;
  size_t line_at = 0;
  ForEachUnit(recall, [&](size_t begin, size_t end, std::string_view unit) {
    if (line_at <= first) span.begin = begin;
    span.end = end;
    line_at += unit.size();
    return line_at < first + shown.size();
  });
  return span;
}

std::string TrimSnippet(std::string_view marked, size_t max_bytes) {
  const size_t match = std::min(marked.find(kMatchBegin), marked.size());
  std::string text(marked);
  std::erase_if(text, [](char c) { return c == kMatchBegin || c == kMatchEnd; });
  if (text.size() <= max_bytes) return text;
  const size_t room = max_bytes - 2 * kEllipsis.size();
  // A third of the room shows what stands before the match.
  const size_t latest = text.size() - room;
  const size_t first = CharacterStart(text, std::min(match - std::min(match, room / 3), latest));
  const size_t last = CharacterStart(text, first + room);
  return absl::StrCat(first == 0 ? "" : AbslView(kEllipsis),
                      AbslView(text).substr(first, last - first),
                      last == text.size() ? "" : AbslView(kEllipsis));
}

}  // namespace fovea
