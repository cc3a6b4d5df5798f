#include "replay/session.h"

#include <utility>
#include <variant>

#include "core/log/group.h"
#include "core/tokens/token_counter.h"

namespace fovea::replay {
namespace {

std::vector<SeqRange> GroupOfEachTurn(const std::vector<Turn>& turns) {
  GroupTracker tracker;
  std::vector<SeqRange> groups;
  for (const Turn& turn : turns) {
    tracker.Add(turn);
    const SeqRange group = tracker.newest().turns;
    groups.push_back(group);
    for (uint64_t seq = group.first; seq <= group.last; ++seq) groups[seq - 1] = group;
  }
  return groups;
}

uint64_t HeadOf(const std::vector<Turn>& turns) {
  uint64_t head = 0;
  while (head < turns.size() && turns[head].role == Role::kSystem) ++head;
  return head < turns.size() && turns[head].role == Role::kUser ? head + 1 : head;
}

Turn Masked(Turn turn) {
  for (Part& part : turn.parts) {
    if (auto* result = std::get_if<ToolResultPart>(&part)) {
      result->content = {TextPart{kMaskedResult}};
    }
  }
  return turn;
}

uint64_t ResultCharacters(const Turn& turn) {
  Turn results{.seq = turn.seq, .role = turn.role};
  for (const Part& part : turn.parts) {
    if (std::holds_alternative<ToolResultPart>(part)) results.parts.push_back(part);
  }
  return TurnCharacters(results);
}

}  // namespace

int64_t TextTokens(const Turn& turn) {
  int64_t tokens = EstimateTokens(TurnText(turn));
  for (const Part& part : turn.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      tokens += EstimateTokens(call->arguments_json);
    }
  }
  return tokens;
}

const char kMaskedResult[] = "[an old tool result was left out]";

Session::Session(std::string session_name, std::vector<Turn> session_turns)
    : name(std::move(session_name)),
      turns(std::move(session_turns)),
      source(turns),
      uses(FindExactUses(turns)),
      edit_copies(FindEditCopies(turns)),
      group_of(GroupOfEachTurn(turns)),
      head(HeadOf(turns)) {
  for (const Turn& turn : turns) {
    characters.push_back(TurnCharacters(turn));
    result_characters.push_back(ResultCharacters(turn));
    tokens += TextTokens(turn);
  }
}

TurnCosts::TurnCosts(const Session& session, const ReaderProfile& reader) {
  const TokenCounter counter(reader);
  for (const Turn& turn : session.turns) {
    tokens.push_back(counter.Turn(turn));
    masked_tokens.push_back(HasToolResult(turn) ? counter.Turn(Masked(turn)) : tokens.back());
    total += tokens.back();
  }
}

}  // namespace fovea::replay
