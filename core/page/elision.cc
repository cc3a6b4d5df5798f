#include "core/page/elision.h"

#include <algorithm>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/grouped.h"
#include "core/base/utf8.h"
#include "core/log/part_text.h"

namespace fovea {
namespace {

// What is kept of each kind of text. Most calls and most words are shorter.
constexpr KeptEnds kResult = {.first = 240, .last = 120};
constexpr KeptEnds kError = {.first = 300, .last = 600};
constexpr KeptEnds kCall = {.first = 480, .last = 160};
constexpr KeptEnds kAgentsWords = {.first = 1'200, .last = 600};
constexpr KeptEnds kOthersWords = {.first = 4'000, .last = 1'000};
constexpr KeptEnds kSuperseded = {.first = 80, .last = 0};
// A middle shorter than this stays: its note would be half as long.
constexpr uint64_t kMinCharacters = 100;
// How far a cut moves outwards from a word to a space, in bytes.
constexpr size_t kNearBytes = 24;

// The byte at which code point `count` of the text begins; its size if it has no more than that.
size_t AfterCharacters(std::string_view text, size_t count) {
  size_t at = 0;
  while (count > 0 && at < text.size()) {
    const size_t plain = AsciiEnd(text.substr(0, at + std::min(count, text.size() - at)), at) - at;
    at += plain;
    count -= plain;
    if (count == 0 || at == text.size()) break;
    at += DecodeUtf8(text, at).length;
    --count;
  }
  return at;
}

bool IsSpaceAt(std::string_view text, size_t at) {
  return absl::ascii_isspace(static_cast<unsigned char>(text[at]));
}

uint64_t ElidedOf(std::string_view text, const KeptEnds& ends) {
  const std::optional<ElidedMiddle> middle = MiddleOf(text, ends);
  return middle.has_value() ? middle->characters : 0;
}

}  // namespace

std::optional<KeptEnds> EndsKept(const Turn& turn, size_t part, const Elision& elision) {
  const Part& what = turn.parts[part];
  if (const auto* result = std::get_if<ToolResultPart>(&what)) {
    const PartKey key{.seq = turn.seq, .part = static_cast<uint32_t>(part)};
    if (std::ranges::binary_search(elision.superseded, key)) return kSuperseded;
    if (elision.bulk) return result->is_error ? kError : kResult;
  }
  if (!elision.bulk) return std::nullopt;
  if (std::holds_alternative<ToolCallPart>(what)) return kCall;
  if (std::holds_alternative<SearchResultPart>(what)) return kResult;
  if (std::holds_alternative<ImagePart>(what) || std::holds_alternative<OpaquePart>(what)) {
    return std::nullopt;
  }
  switch (turn.role) {
    case Role::kAssistant:
      return kAgentsWords;
    case Role::kTool:
      return kResult;
    case Role::kSystem:
    case Role::kUser:
      break;
  }
  return kOthersWords;
}

std::optional<ElidedMiddle> MiddleOf(std::string_view text, const KeptEnds& ends) {
  // No code point is shorter than a byte.
  if (text.size() < ends.first + ends.last + kMinCharacters) return std::nullopt;
  const uint64_t all = CountCharacters(text);
  if (all < ends.first + ends.last + kMinCharacters) return std::nullopt;
  ElidedMiddle middle;
  middle.begin = AfterCharacters(text, ends.first);
  middle.end =
      middle.begin + AfterCharacters(text.substr(middle.begin), all - ends.first - ends.last);
  for (size_t step = 0; step < kNearBytes; ++step) {
    if (!IsSpaceAt(text, middle.begin + step)) continue;
    middle.begin += step;
    break;
  }
  for (size_t step = 1; step <= kNearBytes; ++step) {
    if (!IsSpaceAt(text, middle.end - step)) continue;
    middle.end -= step - 1;
    break;
  }
  middle.characters = CountCharacters(text.substr(middle.begin, middle.end - middle.begin));
  return middle;
}

uint64_t ElidedCharacters(const Turn& turn, const Elision& elision) {
  if (elision.empty()) return 0;
  uint64_t elided = 0;
  for (size_t i = 0; i < turn.parts.size(); ++i) {
    const std::optional<KeptEnds> ends = EndsKept(turn, i, elision);
    if (!ends.has_value()) continue;
    ForEachText(turn.parts[i], [&](std::string_view text) { elided += ElidedOf(text, *ends); });
    if (const auto* call = std::get_if<ToolCallPart>(&turn.parts[i])) {
      elided += ElidedOf(call->arguments_json, *ends);
    }
  }
  return elided;
}

std::string ElisionNote(uint64_t seq, uint64_t characters) {
  return absl::StrCat("… ", Grouped(characters), " characters left out: recall #", seq, " …");
}

}  // namespace fovea
