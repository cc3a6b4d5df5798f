// What a checkpoint holds of types that keep their members to themselves; as checkpoint_fields.h.
#ifndef FOVEA_CORE_FORGETTING_CHECKPOINT_ACCESS_H_
#define FOVEA_CORE_FORGETTING_CHECKPOINT_ACCESS_H_

#include <cstddef>

#include "core/exact/string_uses.h"
#include "core/forgetting/call_history.h"
#include "core/forgetting/checkpoint_fields.h"
#include "core/forgetting/tail.h"
#include "core/log/group.h"

namespace fovea {

// The friend of these types.
class CheckpointAccess {
 public:
  template <class A, class Tracker>
  static void OfGroups(A& archive, Tracker& tracker) {
    auto& [newest, calls, speaking, turns, bytes, leads_on] = tracker;
    archive(newest);
    if constexpr (A::kReads) {
      size_t count = 0;
      archive(count);
      calls.clear();
      for (; count > 0 && archive.ok(); --count) OfCall(archive, calls.emplace_back());
    } else {
      archive(calls.size());
      for (auto& call : calls) OfCall(archive, call);
    }
    archive(speaking, turns, bytes, leads_on);
  }
  template <class A, class Calls>
  static void OfCalls(A& archive, Calls& calls) {
    auto& [last] = calls;
    archive(last);
  }
  template <class A, class Uses>
  static void OfUses(A& archive, Uses& uses) {
    auto& [all] = uses;
    archive(all);
  }
  template <class A, class Part>
  static void OfTail(A& archive, Part& tail) {
    auto& [setting, plan, groups, grid_tokens] = tail;
    archive(groups, grid_tokens);
  }

 private:
  template <class A, class Waiting>
  static void OfCall(A& archive, Waiting& call) {
    auto& [id, agent_id, opaque, abandoned] = call;
    archive(id, agent_id, opaque, abandoned);
  }
};

template <class A>
void CheckpointFields(A& archive, Of<GroupTracker> auto& tracker) {
  CheckpointAccess::OfGroups(archive, tracker);
}
template <class A>
void CheckpointFields(A& archive, Of<CallHistory> auto& calls) {
  CheckpointAccess::OfCalls(archive, calls);
}
template <class A>
void CheckpointFields(A& archive, Of<StringUses> auto& uses) {
  CheckpointAccess::OfUses(archive, uses);
}
template <class A>
void CheckpointFields(A& archive, Of<Tail> auto& tail) {
  CheckpointAccess::OfTail(archive, tail);
}

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_CHECKPOINT_ACCESS_H_
