#include "service/wire/exchange.h"

#include <algorithm>

namespace fovea::wire {
namespace {

bool MakesCalls(const Turn& turn) {
  return std::any_of(turn.parts.begin(), turn.parts.end(),
                     [](const Part& part) { return std::holds_alternative<ToolCallPart>(part); });
}

// Takes `result` as the answer to a call of `exchange`; false if no call waits for it.
bool Answer(Exchange& exchange, const ResolvedResult& result) {
  const std::string& id = result.part->call_id;
  for (ResolvedCall& call : exchange.calls) {
    if (call.result.part != nullptr || (!id.empty() && call.call->call_id != id)) continue;
    call.result = result;
    return true;
  }
  return false;
}

void AddCalls(const ServedTurn& turn, Exchange& exchange) {
  exchange.caller = &turn;
  for (const Part& part : turn.turn->parts) {
    if (const auto* call = std::get_if<ToolCallPart>(&part)) exchange.calls.push_back({call, {}});
  }
}

void AddOthers(const ServedTurn& turn, Exchange& exchange) {
  const bool is_caller = exchange.caller == &turn;
  Remainder remainder{.turn = &turn};
  bool first_result = true;
  bool answered = false;
  for (const Part& part : turn.turn->parts) {
    const auto* result = std::get_if<ToolResultPart>(&part);
    if (result == nullptr) {
      if (!is_caller) remainder.parts.push_back(&part);
      continue;
    }
    const ResolvedResult resolved{&turn, result, first_result};
    first_result = false;
    if (Answer(exchange, resolved)) {
      answered = true;
    } else {
      remainder.orphans.push_back(resolved);
    }
  }
  const bool nothing_left = remainder.parts.empty() && remainder.orphans.empty();
  // A turn without any part is still a message.
  if (nothing_left && (is_caller || answered)) return;
  exchange.after.push_back(std::move(remainder));
}

}  // namespace

std::vector<Exchange> ResolveGroup(const ServedGroup& group, bool newest) {
  std::vector<Exchange> exchanges;
  for (const ServedTurn& turn : group.turns) {
    const bool calls = turn.turn->role == Role::kAssistant && MakesCalls(*turn.turn);
    if (calls || exchanges.empty()) exchanges.emplace_back();
    if (calls) AddCalls(turn, exchanges.back());
    AddOthers(turn, exchanges.back());
  }
  if (newest && group.open && !exchanges.empty()) {
    Exchange& last = exchanges.back();
    const bool none_answered =
        std::all_of(last.calls.begin(), last.calls.end(),
                    [](const ResolvedCall& call) { return call.result.part == nullptr; });
    last.pending = !last.calls.empty() && none_answered && last.after.empty();
  }
  return exchanges;
}

}  // namespace fovea::wire
