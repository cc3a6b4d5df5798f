#include "memory_store/search_text.h"

#include <algorithm>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"
#include "core/log/part_text.h"
#include "memory_store/absl_view.h"

namespace fovea {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";
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

// Resolves the escape at the start of `text` and returns its length. Halves of a surrogate pair,
// which no word holds, become spaces.
size_t ResolveEscape(std::string_view text, std::string& out) {
  if (text.size() < 2) {
    out.push_back(' ');
    return 1;
  }
  if (text[1] != 'u') {
    const bool itself = text[1] == '"' || text[1] == '/' || text[1] == '\\';
    out.push_back(itself ? text[1] : ' ');
    return 2;
  }
  uint32_t unit = 0;
  if (text.size() < kUnicodeEscapeLength ||
      !absl::SimpleHexAtoi(AbslView(text.substr(2, 4)), &unit)) {
    out.push_back(' ');
    return 2;
  }
  const bool surrogate = unit >= 0xD800 && unit < 0xE000;
  AppendUtf8(surrogate ? U' ' : static_cast<char32_t>(unit), out);
  return kUnicodeEscapeLength;
}

std::string ResolveEscapes(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const size_t plain = std::min(json.find('\\'), json.size());
    out.append(json.substr(0, plain));
    json.remove_prefix(plain);
    if (!json.empty()) json.remove_prefix(ResolveEscape(json, out));
  }
  return out;
}

// What is found of a part beside its texts.
class Collector {
 public:
  template <typename AnyPart>
  void operator()(const AnyPart& part) {
    Names(part);
    TextsOf([this](std::string_view text) { Add(text); })(part);
  }
  void operator()(const ToolResultPart& part) {
    for (const ResultItem& item : part.content) std::visit(*this, item);
  }
  const std::string& text() const { return text_; }

 private:
  template <typename AnyPart>
  void Names(const AnyPart& /*part*/) {}
  void Names(const ToolCallPart& part) {
    Add(part.name);
    // A freeform tool's input is no JSON.
    Add(part.custom ? part.arguments_json : ResolveEscapes(part.arguments_json));
  }
  void Names(const DocumentPart& part) {
    Add(part.name);
    Add(part.uri);
  }
  void Names(const SearchResultPart& part) {
    Add(part.title);
    Add(part.source);
  }
  void Names(const ToolReferencePart& part) { Add(part.tool_name); }

  void Add(std::string_view text) { absl::StrAppend(&text_, AbslView(text), "\n"); }

  std::string text_;
};

}  // namespace

std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  size_t at = 0;
  while (at < text.size()) {
    const DecodedCharacter character = DecodeUtf8(text, at);
    if (!character.well_formed) {
      line.append(kReplacement);
    } else if (character.code_point < 0xA0 &&
               (character.code_point >= 0x7F || character.code_point < 0x20)) {
      line.push_back(' ');
    } else {
      line.append(text.substr(at, character.length));
    }
    at += character.length;
  }
  return line;
}

std::string SearchText(const Turn& turn) {
  Collector collector;
  for (const Part& part : turn.parts) std::visit(collector, part);
  return OneLine(collector.text());
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
  return absl::StrCat(first == 0 ? "" : kEllipsis, AbslView(text).substr(first, last - first),
                      last == text.size() ? "" : kEllipsis);
}

}  // namespace fovea
