#include "core/log/group.h"

#include <algorithm>
#include <utility>

namespace fovea {
namespace {

// Takes the call that `result` answers out of `waiting`; false if it answers none.
bool Answer(const ToolResultPart& result, std::vector<std::string>& waiting) {
  if (waiting.empty()) return false;
  auto call = result.call_id.empty() ? waiting.begin()
                                     : std::find(waiting.begin(), waiting.end(), result.call_id);
  if (call == waiting.end()) return false;
  waiting.erase(call);
  return true;
}

}  // namespace

std::vector<std::string> CallIds(const Turn& turn) {
  std::vector<std::string> ids;
  for (const Part& part : turn.parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) ids.push_back(call->call_id);
  }
  return ids;
}

bool HasToolResult(const Turn& turn) {
  return std::any_of(turn.parts.begin(), turn.parts.end(),
                     [](const Part& part) { return std::holds_alternative<ToolResultPart>(part); });
}

GroupTracker::Step GroupTracker::Add(const Turn& turn) {
  Step step;
  step.joined = newest_.open && turn.role != Role::kAssistant;
  if (step.joined) {
    newest_.turns.last = turn.seq;
  } else {
    newest_.open = false;
    previous_ = std::exchange(newest_, Group{});
    newest_.turns = {.first = turn.seq, .last = turn.seq};
    newest_.orphan_result = HasToolResult(turn);
    newest_.waiting_calls = CallIds(turn);
  }
  for (const Part& part : turn.parts) {
    const auto* result = std::get_if<ToolResultPart>(&part);
    if (result != nullptr) step.answered_calls += Answer(*result, newest_.waiting_calls) ? 1 : 0;
  }
  newest_.open = !newest_.waiting_calls.empty();
  return step;
}

}  // namespace fovea
