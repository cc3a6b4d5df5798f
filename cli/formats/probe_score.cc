#include "cli/formats/probe_score.h"

#include <edlib.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/ascii.h"
#include "cli/formats/utf8.h"

namespace fovea::cli {
namespace {

// Characters without white space, nor the signs with which readers write a page's newline marks.
std::vector<std::string_view> VisibleCharacters(std::string_view text) {
  constexpr auto kMarks = std::to_array<std::string_view>({"↵", "⏎", "¶", "\u00A0", "\u3000"});
  std::vector<std::string_view> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t length = std::max<size_t>(CharacterLength(text, at), 1);
    const std::string_view character = text.substr(at, length);
    at += length;
    const bool space = length == 1 && absl::ascii_isspace(static_cast<unsigned char>(character[0]));
    if (!space && std::find(kMarks.begin(), kMarks.end(), character) == kMarks.end()) {
      characters.push_back(character);
    }
  }
  return characters;
}

std::string Joined(const std::vector<std::string_view>& characters) {
  std::string text;
  for (const std::string_view character : characters) text += character;
  return text;
}

// The fewest edits that make `expected` of any stretch of `found`. The library compares bytes, so
// each character of `expected` gets one; all others share another.
int64_t Edits(const std::vector<std::string_view>& expected,
              const std::vector<std::string_view>& found) {
  if (found.empty()) return static_cast<int64_t>(expected.size());
  constexpr char kForeign = 0;
  std::unordered_map<std::string_view, char> symbols;
  std::string query;
  for (const std::string_view character : expected) {
    const auto next = static_cast<char>(symbols.size() + 1);
    query += symbols.try_emplace(character, next).first->second;
  }
  std::string target;
  for (const std::string_view character : found) {
    const auto symbol = symbols.find(character);
    target += symbol == symbols.end() ? kForeign : symbol->second;
  }
  const EdlibAlignResult result = edlibAlign(
      query.data(), static_cast<int>(query.size()), target.data(), static_cast<int>(target.size()),
      edlibNewAlignConfig(-1, EDLIB_MODE_HW, EDLIB_TASK_DISTANCE, nullptr, 0));
  const int64_t distance = result.editDistance;
  edlibFreeAlignResult(result);
  return distance;
}

}  // namespace

ProbeScore& ProbeScore::operator+=(const ProbeScore& other) {
  characters += other.characters;
  for (size_t i = 0; i < exacts.size(); ++i) exacts[i] += other.exacts[i];
  return *this;
}

ProbeScore ScoreAnswer(const Probe& probe, size_t begin, size_t end, std::string_view answer) {
  const std::vector<std::string_view> expected =
      VisibleCharacters(std::string_view(probe.text).substr(begin, end - begin));
  const std::vector<std::string_view> found = VisibleCharacters(answer);
  ProbeScore score;
  const auto all = static_cast<int64_t>(expected.size());
  score.characters = {.right = all - Edits(expected, found), .all = all};
  const std::string joined = Joined(found);
  for (const ExactString& exact : probe.exacts) {
    if (exact.begin < begin || exact.begin + exact.text.size() > end) continue;
    Count& count = score.exacts[static_cast<size_t>(exact.kind)];
    ++count.all;
    count.right += joined.find(exact.text) != std::string::npos ? 1 : 0;
  }
  return score;
}

}  // namespace fovea::cli
