// Groups: turns that only make sense together, and that no step of forgetting ever splits.
#ifndef FOVEA_CORE_LOG_GROUP_H_
#define FOVEA_CORE_LOG_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/log/turn.h"

namespace fovea {

// A step of an assistant's and all turns up to the last of its calls' results; or a turn on its
// own.
//
// A step is one turn or several in a row: some agents record each block as a turn. It goes on with
// the next turn of the same agent's for as long as nothing else of that agent's came between,
// within kMaxTurns; one whose calls are all answered and whose last block does not lead on
// (reasoning does) only within kMaxStepBytes, so that a long monologue is still cut.
//
// A group is open while a call waits for its result, also one inside an opaque block
// (core/log/opaque_block.h). It closes with the last result, or, so that an orphaned call freezes
// nothing, with the next step of the agent that called: calls still waiting then stay unanswered.
// While another agent's call waits, the steps of the agents in between belong to the group, too,
// within kMaxTurns.
struct Group {
  SeqRange turns;
  std::vector<std::string>
      waiting_calls;  // ids, in call order; without results if the group is closed
  bool open = false;
  // The group begins with a result that answers no call.
  bool orphan_result = false;
};

class CheckpointAccess;  // core/forgetting/checkpoint_access.h

// Sorts turns into groups as they come. What joins a group depends on the group alone.
// Thread-compatible; copyable.
class GroupTracker {
 public:
  static constexpr size_t kMaxTurns = 64;
  static constexpr size_t kMaxStepBytes = size_t{16} << 10;

  struct Step {
    bool joined = false;     // the turn joined the newest group; else it began a new one
    int answered_calls = 0;  // calls of the group that it answered
    int orphan_results = 0;  // results in it that answer none
  };
  // `turn` must follow the last one. A result answers the newest waiting call with its id, one
  // without an id the first that waits: of its agent, or of any where the turn does not say which.
  Step Add(const Turn& turn);

  // Of the last Add; meaningless before the first.
  const Group& newest() const { return newest_; }

 private:
  friend class CheckpointAccess;
  struct Call {
    std::string id;
    std::string agent_id;
    bool opaque = false;     // inside an opaque block
    bool abandoned = false;  // its agent went on without the result
  };

  bool Joins(const Turn& turn) const;
  bool GoesOn(const std::string& agent_id) const;
  bool WaitsOf(const std::string& agent_id, bool others) const;
  void TakeCalls(const Turn& turn);
  bool Answer(const std::string& id, const std::string& agent_id, bool opaque);
  void Refresh();

  Group newest_;
  // Of the newest group.
  std::vector<Call> calls_;            // that wait
  std::vector<std::string> speaking_;  // agents whose last turn is the assistant's
  size_t turns_ = 0;
  size_t bytes_ = 0;
  bool leads_on_ = false;  // the last block is reasoning, which belongs to what comes next
};

// The ids of the calls that `turn` makes, in order.
std::vector<std::string> CallIds(const Turn& turn);
bool HasToolResult(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_GROUP_H_
