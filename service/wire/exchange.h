// Groups sorted out: what belongs to one step, and which result answers which call.
#ifndef FOVEA_SERVICE_WIRE_EXCHANGE_H_
#define FOVEA_SERVICE_WIRE_EXCHANGE_H_

#include <vector>

#include "absl/container/flat_hash_set.h"
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
  const ServedTurn* turn = nullptr;
  const ToolCallPart* call = nullptr;
  ResolvedResult result;  // result.part is null where none came
};

// What is left of a turn beside its calls and the results that answer a call.
struct Remainder {
  const ServedTurn* turn = nullptr;
  std::vector<const Part*> parts;
  std::vector<ResolvedResult> orphans;  // results that answer no call
};

// One step of one agent, which may have been recorded as several turns: its calls with their
// results, in call order, and what stands behind it.
struct Exchange {
  std::vector<const ServedTurn*> speakers;  // empty: nobody speaks, there are only remainders
  std::vector<ResolvedCall> calls;
  // The calls are the newest thing there is: they go out without results, which the client adds.
  bool pending = false;
  std::vector<Remainder> after;
  // Halves of pairs of opaque blocks whose other half is not in this exchange.
  absl::flat_hash_set<const Part*> lone;
};

// A result answers the newest call before it, of its agent, with its id that waits, in whichever
// step of the group; one without an id the first call of the newest step that waits. A further
// result for an answered call is an orphan. Calls are pending only in the `newest` group.
std::vector<Exchange> ResolveGroup(const ServedGroup& group, bool newest);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_EXCHANGE_H_
