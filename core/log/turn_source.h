// Port: the turns of one session, as far as a planner needs to read them again.
#ifndef FOVEA_CORE_LOG_TURN_SOURCE_H_
#define FOVEA_CORE_LOG_TURN_SOURCE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/turn.h"

namespace fovea {

using TurnPtr = std::shared_ptr<const Turn>;

// Thread-safe. The log is append-only, so a turn that was read once never changes.
class TurnSource {
 public:
  virtual ~TurnSource() = default;
  // Exactly the turns of the range, in order. OUT_OF_RANGE if the log does not hold them all.
  virtual absl::StatusOr<std::vector<TurnPtr>> Turns(SeqRange range) const = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_TURN_SOURCE_H_
