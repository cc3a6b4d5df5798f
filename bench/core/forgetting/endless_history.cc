#include "bench/core/forgetting/endless_history.h"

#include <algorithm>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/utf8.h"

namespace fovea::bench {
namespace {

template <class Visit>
void ForEachText(Turn& turn, Visit visit) {
  for (Part& part : turn.parts) {
    if (auto* text = std::get_if<TextPart>(&part)) visit(text->text);
    auto* result = std::get_if<ToolResultPart>(&part);
    if (result == nullptr) continue;
    for (auto& item : result->content) {
      if (auto* shown = std::get_if<TextPart>(&item)) visit(shown->text);
    }
  }
}

}  // namespace

Turn EndlessHistory::Make(uint64_t seq) const {
  Turn turn = cycle_[(seq - 1) % cycle_.size()];
  const uint64_t repetition = (seq - 1) / cycle_.size();
  turn.seq = seq;
  ForEachText(turn,
              [&](std::string& text) { absl::StrAppend(&text, "\nrepetition ", repetition); });
  for (Part& part : turn.parts) {
    if (auto* call = std::get_if<ToolCallPart>(&part)) {
      absl::StrAppend(&call->call_id, "-", repetition);
    } else if (auto* result = std::get_if<ToolResultPart>(&part)) {
      absl::StrAppend(&result->call_id, "-", repetition);
    }
  }
  return turn;
}

absl::StatusOr<std::vector<TurnPtr>> EndlessHistory::Turns(SeqRange range) const {
  std::vector<TurnPtr> turns;
  for (uint64_t seq = range.first; seq <= range.last; ++seq) {
    turns.push_back(std::make_shared<const Turn>(Make(seq)));
  }
  return turns;
}

std::vector<Turn> CycleOf(const std::vector<std::vector<Turn>>& histories, size_t length,
                          size_t max_text_bytes) {
  std::vector<Turn> cycle;
  for (const std::vector<Turn>& history : histories) {
    for (Turn turn : history) {
      if (turn.role == Role::kSystem) continue;
      if (cycle.size() == length) return cycle;
      ForEachText(turn, [&](std::string& text) {
        if (text.size() > max_text_bytes) text.resize(CharacterStart(text, max_text_bytes));
      });
      cycle.push_back(std::move(turn));
    }
  }
  // Too little was given: it comes again.
  const size_t given = cycle.size();
  while (given > 0 && cycle.size() < length) cycle.push_back(cycle[cycle.size() - given]);
  return cycle;
}

}  // namespace fovea::bench
