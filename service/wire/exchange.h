// Groups sorted out: which result answers which call.
#ifndef FOVEA_SERVICE_WIRE_EXCHANGE_H_
#define FOVEA_SERVICE_WIRE_EXCHANGE_H_

#include <vector>

#include "core/context/context.h"
#include "core/log/turn.h"

namespace fovea::wire {

// Pointers are into the group that was resolved.
struct ResolvedResult {
  const ServedTurn* turn = nullptr;
  const ToolResultPart* part = nullptr;
  // The first result of its turn: where the turn's results were drawn, it brings all their pages.
  bool first_of_turn = false;
};

struct ResolvedCall {
  const ToolCallPart* call = nullptr;
  ResolvedResult result;  // result.part is null where none came
};

// What is left of a turn beside its calls and the results that answer a call.
struct Remainder {
  const ServedTurn* turn = nullptr;
  std::vector<const Part*> parts;
  std::vector<ResolvedResult> orphans;  // results that answer no call
};

// An assistant's calls with their results, in call order, and what stands around them.
struct Exchange {
  const ServedTurn* caller = nullptr;  // null: nobody calls, there are only remainders
  std::vector<ResolvedCall> calls;
  // The calls are the newest thing there is: they go out without results, which the client adds.
  bool pending = false;
  std::vector<Remainder> after;
};

// Every call gets the first result with its id, a result without an id the first call that waits.
// A further result for an answered call is an orphan. Calls are pending only in the `newest` group.
std::vector<Exchange> ResolveGroup(const ServedGroup& group, bool newest);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_EXCHANGE_H_
