#include "replay/exact_uses.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <variant>

#include "absl/strings/ascii.h"
#include "core/exact/exact_scan.h"

namespace fovea::replay {
namespace {

bool IsWordByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

uint32_t StartOf(const char* at) {
  uint32_t start = 0;
  std::memcpy(&start, at, sizeof(start));
  return start;
}

// Whether a terminal's colour sequence (ESC [ 3 2 m) ends before `at`.
bool EndsColour(std::string_view text, size_t at) {
  if (at == 0 || text[at - 1] != 'm') return false;
  --at;
  while (at > 0 &&
         (absl::ascii_isdigit(static_cast<unsigned char>(text[at - 1])) || text[at - 1] == ';')) {
    --at;
  }
  return at >= 2 && text[at - 1] == '[' && text[at - 2] == '\x1B';
}

// Whether a word that begins before `at` goes on there. The n of an escape (\n) is none, nor is the
// end of a colour.
bool GoesOn(std::string_view text, size_t at) {
  if (at == 0 || !IsWordByte(text[at - 1]) || !IsWordByte(text[at])) return false;
  const bool escape = at >= 2 && text[at - 2] == '\\' &&
                      std::string_view("nrt").find(text[at - 1]) != std::string_view::npos;
  return !escape && !EndsColour(text, at);
}

// The texts of a part that its reader sees.
std::vector<std::string_view> TextsOf(const Part& part) {
  std::vector<std::string_view> texts;
  if (const auto* text = std::get_if<TextPart>(&part)) {
    texts.emplace_back(text->text);
  } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
    texts.emplace_back(call->arguments_json);
  } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
    for (const auto& item : result->content) {
      if (const auto* shown = std::get_if<TextPart>(&item)) texts.emplace_back(shown->text);
    }
  }
  return texts;
}

bool CallsTools(const std::vector<Turn>& turns) {
  return std::ranges::any_of(turns, [](const Turn& turn) {
    return std::ranges::any_of(
        turn.parts, [](const Part& part) { return std::holds_alternative<ToolCallPart>(part); });
  });
}

std::vector<std::string_view> ActionsOf(const Turn& turn, bool calls_tools) {
  std::vector<std::string_view> texts;
  if (turn.role != Role::kAssistant) return texts;
  for (const Part& part : turn.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      texts.emplace_back(call->arguments_json);
    } else if (const auto* text = std::get_if<TextPart>(&part); text != nullptr && !calls_tools) {
      texts.emplace_back(text->text);
    }
  }
  return texts;
}

// Every exact string of every action, earlier or not.
std::vector<Moment> CollectActions(const std::vector<Turn>& turns, ExactUses& uses) {
  const bool calls_tools = CallsTools(turns);
  absl::flat_hash_map<std::string, uint32_t> index;
  std::vector<Moment> actions;
  for (const Turn& turn : turns) {
    std::set<uint32_t> of_turn;
    for (const std::string_view text : ActionsOf(turn, calls_tools)) {
      ExactScanner scanner(text);
      while (const std::optional<ExactMatch> match = scanner.Next()) {
        const auto next = static_cast<uint32_t>(uses.strings.size());
        const auto [found, inserted] = index.try_emplace(std::string(match->text), next);
        if (inserted) {
          uses.strings.push_back({.text = std::string(match->text), .kind = match->kind});
          uses.finder.Add(match->text);
        }
        of_turn.insert(found->second);
      }
    }
    for (const uint32_t string : of_turn) actions.push_back({turn.seq, string});
  }
  return actions;
}

}  // namespace

std::vector<std::string_view> AllTexts(const Turn& turn) {
  std::vector<std::string_view> texts;
  for (const Part& part : turn.parts) {
    for (const std::string_view text : TextsOf(part)) texts.push_back(text);
  }
  return texts;
}

bool StandsAlone(std::string_view text, size_t at, std::string_view string) {
  const size_t end = at + string.size();
  return !GoesOn(text, at) &&
         (end == text.size() || !IsWordByte(text[end]) || !IsWordByte(string.back()));
}

void StringFinder::Add(std::string_view string) {
  by_start_[StartOf(string.data())].push_back(static_cast<uint32_t>(strings_.size()));
  strings_.emplace_back(string);
}

std::vector<uint32_t> StringFinder::FindIn(std::string_view text) const {
  std::vector<uint32_t> found;
  for (size_t at = 0; at + kMinExactBytes <= text.size(); ++at) {
    if (GoesOn(text, at)) continue;
    const auto candidates = by_start_.find(StartOf(text.data() + at));
    if (candidates == by_start_.end()) continue;
    for (const uint32_t i : candidates->second) {
      if (text.substr(at, strings_[i].size()) == strings_[i] &&
          StandsAlone(text, at, strings_[i])) {
        found.push_back(i);
      }
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

ExactUses FindExactUses(const std::vector<Turn>& turns) {
  ExactUses uses;
  const std::vector<Moment> actions = CollectActions(turns, uses);
  for (const Turn& turn : turns) {
    for (const bool in_results : {false, true}) {
      std::set<uint32_t> here;
      for (const Part& part : turn.parts) {
        if (std::holds_alternative<ToolResultPart>(part) != in_results) continue;
        for (const std::string_view text : TextsOf(part)) {
          for (const uint32_t string : uses.finder.FindIn(text)) here.insert(string);
        }
      }
      for (const uint32_t string : here) {
        uses.strings[string].occurrences.push_back({turn.seq, in_results});
      }
    }
  }
  for (const Moment& action : actions) {
    const std::vector<Occurrence>& all = uses.strings[action.string].occurrences;
    if (!all.empty() && all.front().seq < action.seq) uses.moments.push_back(action);
  }
  return uses;
}

std::vector<Moment> Sampled(const std::vector<Moment>& moments, size_t most) {
  if (most == 0 || moments.size() <= most) return moments;
  std::vector<Moment> sampled;
  for (size_t i = 0; i < most; ++i) sampled.push_back(moments[i * moments.size() / most]);
  return sampled;
}

}  // namespace fovea::replay
