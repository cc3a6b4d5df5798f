#include "core/exact/exact_scan.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <variant>

#include "core/base/utf8.h"
#include "core/log/part_text.h"

namespace fovea {
namespace {

// What a byte can be in a word, and what a word's bytes tell of it together.
enum Trait : uint8_t {
  kDigit = 1,
  kUpper = 2,
  kLower = 4,
  kOtherLetter = 8,  // a byte of a two-byte letter: Latin, Greek, Cyrillic, Hebrew, Arabic
  kJoiner = 16,      // stands inside words: . - : + @ ~ _
  kSlash = 32,
  kInUrl = 64  // in a URL only
};
constexpr uint8_t kWordByte = kDigit | kUpper | kLower | kOtherLetter | kJoiner | kSlash;
constexpr uint8_t kLetter = kUpper | kLower | kOtherLetter;

constexpr std::array<uint8_t, 256> MakeTraits() {
  std::array<uint8_t, 256> traits{};
  for (int c = '0'; c <= '9'; ++c) traits[c] = kDigit;
  for (int c = 'A'; c <= 'Z'; ++c) traits[c] = kUpper;
  for (int c = 'a'; c <= 'z'; ++c) traits[c] = kLower;
  for (int c = 0xC3; c <= 0xDF; ++c) traits[c] = kOtherLetter;
  for (const char c : {'.', '-', ':', '+', '@', '~', '_'})
    traits[static_cast<uint8_t>(c)] = kJoiner;
  traits['/'] = kSlash;
  for (const char c : {'?', '=', '&', '%', '#', ',', ';', '!', '$', '*', '(', ')', '[', ']'}) {
    traits[static_cast<uint8_t>(c)] = kInUrl;
  }
  return traits;
}
constexpr std::array<uint8_t, 256> kTraits = MakeTraits();

uint8_t TraitOf(char c) { return kTraits[static_cast<uint8_t>(c)]; }
bool IsDigit(char c) { return TraitOf(c) == kDigit; }
bool IsLabelByte(char c) {
  return (TraitOf(c) & (kDigit | kUpper | kLower)) != 0 || c == '_' || c == '-' || c == '.';
}

// The second byte of a two-byte letter that begins before `at`.
bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

bool IsDrive(std::string_view text, size_t at) {
  return at + 3 < text.size() && (TraitOf(text[at]) & (kUpper | kLower)) != 0 &&
         text[at + 1] == ':' && text[at + 2] == '\\';
}

std::string_view TrimEnd(std::string_view word, std::string_view unwanted) {
  const size_t last = word.find_last_not_of(unwanted);
  return word.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

constexpr size_t kMaxLabelBytes = 40;

// "cc", "h", "mp4"; no part of a version or a date.
bool IsExtension(std::string_view text) {
  constexpr size_t kLongest = 10;
  return !text.empty() && text.size() <= kLongest && (TraitOf(text[0]) & (kUpper | kLower)) != 0 &&
         std::ranges::all_of(text,
                             [](char c) { return (TraitOf(c) & (kUpper | kLower | kDigit)) != 0; });
}

// The path of "src/a.cc:12:text" with its line, and of "src/a.cc-12-text" alone, as grep prints
// them. The second needs an extension: dates and UUIDs have numbers between hyphens, too.
std::string_view WithoutGrepTail(std::string_view path) {
  const size_t name = path.rfind('/') + 1;
  const size_t dot = path.rfind('.', path.find_first_of(":-", name));
  const bool has_name = dot != std::string_view::npos && dot >= name;
  for (size_t at = path.find_first_of(":-", has_name ? dot : name); at != std::string_view::npos;
       at = path.find_first_of(":-", at + 1)) {
    const size_t end = std::min(path.find_first_not_of("0123456789", at + 1), path.size());
    if (end == at + 1 || end == path.size() || path[end] != path[at]) continue;
    if (path[at] == ':') {
      const size_t column = std::min(path.find_first_not_of("0123456789", end + 1), path.size());
      return column == path.size() ? path : path.substr(0, end);
    }
    if (has_name && IsExtension(path.substr(dot + 1, at - dot - 1))) return path.substr(0, at);
  }
  return path;
}

// "id:12345" is a label and its string. A drive letter and a C++ scope are no labels.
std::string_view WithoutLabel(std::string_view word) {
  const size_t colon = word.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon > kMaxLabelBytes ||
      colon + kMinExactBytes >= word.size() || word[colon + 1] == ':' || word[colon + 1] == '/') {
    return word;
  }
  const bool label = std::ranges::all_of(word.substr(0, colon), [](char c) {
    return (TraitOf(c) & (kUpper | kLower)) != 0 || c == '_' || c == '-';
  });
  return label ? word.substr(colon + 1) : word;
}

}  // namespace

// Past an escape of JSON and of most languages, so that \n before "foo" is no part of "nfoo", or
// past a terminal's colour.
size_t ExactScanner::SkipEscape(size_t at) const {
  const char c = text_[at];
  const char next = at + 1 < text_.size() ? text_[at + 1] : '\0';
  if (c == '\\' && next == 'u') return std::min(at + 6, text_.size());
  if (c == '\\' && std::string_view("nrtbf\"\\/").find(next) != std::string_view::npos)
    return at + 2;
  if (c == '\x1B' && next == '[') {
    at += 2;
    while (at < text_.size() && (IsDigit(text_[at]) || text_[at] == ';')) ++at;
    return std::min(at + 1, text_.size());
  }
  return at + 1;
}

// Whether the comma at `at` is one of 1,234,567, of which the bytes from `begin` are the start.
bool ExactScanner::IsThousandsComma(size_t begin, size_t at) const {
  const std::string_view rest = text_.substr(at + 1, 4);
  if (rest.size() < 3 || !std::ranges::all_of(rest.substr(0, 3), IsDigit)) return false;
  if (rest.size() == 4 && (TraitOf(rest[3]) & (kDigit | kLetter)) != 0) return false;
  const std::string_view before = text_.substr(begin, at - begin);
  const size_t comma = before.find(',');
  const std::string_view first = before.substr(0, comma);
  return !first.empty() && first.size() <= 3 && before.size() <= 15 &&
         std::ranges::all_of(first, IsDigit) &&
         (comma == std::string_view::npos ||
          std::ranges::all_of(before, [](char c) { return c == ',' || IsDigit(c); }));
}

size_t ExactScanner::WordEnd(size_t begin, unsigned* traits) const {
  const std::string_view text = text_;
  const bool drive = IsDrive(text, begin);
  size_t at = begin;
  unsigned all = 0;
  while (at < text.size()) {
    const char c = text[at];
    const uint8_t trait = TraitOf(c);
    if ((trait & (kDigit | kUpper | kLower)) != 0) {
      all |= trait;
      ++at;
      continue;
    }
    if ((trait & kWordByte) == 0) {
      if (!(c == ',' && IsThousandsComma(begin, at)) && !(c == '\\' && drive)) break;
      all |= kSlash;
      ++at;
      continue;
    }
    // A range as git writes it, abc1234..def5678, is two words.
    if (c == '.' && at > begin && at + 1 < text.size() && text[at + 1] == '.' &&
        (TraitOf(text[at - 1]) & (kDigit | kLetter)) != 0) {
      break;
    }
    const bool two_bytes = trait == kOtherLetter;
    if (two_bytes && (at + 1 == text.size() || !IsContinuation(text[at + 1]))) break;
    all |= trait;
    at += two_bytes ? 2 : 1;
  }
  *traits = all;
  return at;
}

std::string_view ExactScanner::LabelBefore(size_t begin) const {
  size_t at = begin;
  const auto back_over = [&](std::string_view bytes, size_t most) {
    const size_t from = at;
    while (at > 0 && from - at < most && bytes.find(text_[at - 1]) != std::string_view::npos) --at;
  };
  back_over("\"'`\\$", 3);
  back_over(" ", 2);
  const size_t value = at;
  back_over(":=", 3);
  if (at == value) return "";
  back_over(" ", 1);
  back_over("\"'`\\", 2);
  const size_t end = at;
  while (at > 0 && end - at <= kMaxLabelBytes && IsLabelByte(text_[at - 1])) --at;
  while (at < end && (TraitOf(text_[at]) & (kUpper | kLower)) == 0 && text_[at] != '_') ++at;
  if (end - at > kMaxLabelBytes || end == at) return "";
  return text_.substr(at, end - at);
}

// "  123\tcode" and "123:code", as tools print files.
bool ExactScanner::IsLineNumber(size_t begin, size_t end) const {
  if (end >= text_.size() || std::string_view("\t:|").find(text_[end]) == std::string_view::npos) {
    return false;
  }
  while (begin > 0 && text_[begin - 1] == ' ') --begin;
  return begin == 0 || text_[begin - 1] == '\n';
}

std::optional<ExactMatch> ExactScanner::Url(size_t begin, size_t scheme_end) {
  size_t end = scheme_end;
  while (end < text_.size() && (TraitOf(text_[end]) != 0 || IsContinuation(text_[end]))) ++end;
  at_ = end;
  std::string_view url = TrimEnd(text_.substr(begin, end - begin), ".,;:!?*_~-");
  while (!url.empty() && (url.back() == ')' || url.back() == ']') &&
         std::ranges::count(url, url.back()) >
             std::ranges::count(url, url.back() == ')' ? '(' : '[')) {
    url = TrimEnd(url.substr(0, url.size() - 1), ".,;:!?");
  }
  if (url.size() > kMaxExactBytes || begin + url.size() <= scheme_end || !IsWellFormedUtf8(url)) {
    return std::nullopt;
  }
  return ExactMatch{.kind = ExactString::Kind::kUrl, .text = url, .label = LabelBefore(begin)};
}

std::optional<ExactMatch> ExactScanner::Word() {
  const size_t begin = at_;
  unsigned traits = 0;
  at_ = WordEnd(begin, &traits);
  if (at_ == begin) {  // an ill-formed byte
    ++at_;
    return std::nullopt;
  }
  // A plain word, as most are.
  if ((traits & (kDigit | kSlash | kUpper)) == 0) return std::nullopt;
  std::string_view word = text_.substr(begin, at_ - begin);
  if (word.size() < kMinExactBytes) return std::nullopt;
  if ((traits & kSlash) != 0) {
    const size_t scheme = word.find("://");
    if (scheme != std::string_view::npos && scheme > 1) return Url(begin, begin + scheme + 3);
  }
  word = TrimWord(WithoutLabel(word));
  if (word.empty()) return std::nullopt;
  const auto at = static_cast<size_t>(word.data() - text_.data());
  if (at > 0 && text_[at - 1] == '<') return std::nullopt;  // a closing tag
  const std::optional<ExactString::Kind> kind = ClassifyWord(word);
  if (!kind || ((traits & kOtherLetter) != 0 && !IsWellFormedUtf8(word))) return std::nullopt;
  if (*kind == ExactString::Kind::kNumber && IsLineNumber(at, at + word.size())) {
    return std::nullopt;
  }
  if (*kind == ExactString::Kind::kPath) {
    const std::string_view path = WithoutGrepTail(word);
    if (path.size() < kMinExactBytes) return std::nullopt;
    if (path.size() < word.size()) {
      // Past the line's number and what encloses it: the line itself comes next.
      at_ = at + path.size() + 1;
      if (text_[at_ - 1] == '-') at_ = text_.find_first_not_of("0123456789", at_) + 1;
    }
    word = path;
  }
  return ExactMatch{.kind = *kind, .text = word, .label = LabelBefore(at)};
}

// `word` without what clings to it: signs, bullets and the end of a sentence. What belongs to a
// path, a private name or a negative number stays.
std::string_view ExactScanner::TrimWord(std::string_view word) const {
  const size_t first = word.find_first_not_of("-+:@_~.");
  if (first == std::string_view::npos) return "";
  size_t keep = first;
  if (word[first] == '/') {
    while (keep > 0 && (word[keep - 1] == '.' || word[keep - 1] == '~')) --keep;
  }
  while (keep > 0 && word[keep - 1] == '_') --keep;
  const auto begin = static_cast<size_t>(word.data() - text_.data());
  if (first == 1 && word[0] == '-' && IsDigit(word[1]) && begin > 0 &&
      std::string_view(" =,([:").find(text_[begin - 1]) != std::string_view::npos) {
    keep = 0;
  }
  return TrimEnd(word.substr(keep), ".:-+@~");
}

std::optional<ExactMatch> ExactScanner::Next() {
  const std::string_view text = text_;
  for (size_t at = at_; at < text.size();) {
    const char c = text[at];
    if ((TraitOf(c) & kWordByte) == 0) {
      at = c == '\\' || c == '\x1B' ? SkipEscape(at) : at + 1;
      continue;
    }
    at_ = at;
    if (std::optional<ExactMatch> match = Word()) return match;
    at = at_;
  }
  at_ = text.size();
  return std::nullopt;
}

void ForEachExactText(const Turn& turn, absl::FunctionRef<void(std::string_view)> visit) {
  for (const Part& part : turn.parts) {
    ForEachText(part, visit);
    if (const auto* call = std::get_if<ToolCallPart>(&part)) visit(call->arguments_json);
  }
}

}  // namespace fovea
