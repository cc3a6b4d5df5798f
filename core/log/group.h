// Groups: turns that only make sense together, and that no step ever splits.
#ifndef FOVEA_CORE_LOG_GROUP_H_
#define FOVEA_CORE_LOG_GROUP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/log/turn.h"

namespace fovea {

// An assistant turn with its calls and all turns up to the last of their results; or a turn on its
// own. A group is open while a call waits for its result. It closes with the last result, or, so
// that an orphaned call freezes nothing, with the next assistant turn: calls still waiting then
// stay unanswered.
struct Group {
  SeqRange turns;
  std::vector<std::string>
      waiting_calls;  // ids, in call order; without results if the group is closed
  bool open = false;
  // The group is a result that answers no call of an open group.
  bool orphan_result = false;
};

// Sorts turns into groups as they come. Thread-compatible; copyable.
class GroupTracker {
 public:
  struct Step {
    bool joined = false;     // the turn joined the newest group; else it began a new one
    int answered_calls = 0;  // calls of the group that it answered
  };
  // `turn` must follow the last one. A result without a call id answers the first waiting call.
  Step Add(const Turn& turn);

  // Of the last Add; meaningless before the first.
  const Group& newest() const { return newest_; }
  // The group before it, as it stood when it closed.
  const Group& previous() const { return previous_; }

 private:
  Group newest_;
  Group previous_;
};

// The ids of the calls that `turn` makes, in order.
std::vector<std::string> CallIds(const Turn& turn);
bool HasToolResult(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_GROUP_H_
