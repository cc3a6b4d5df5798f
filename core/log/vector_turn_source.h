// A session's turns held in memory, for tests and replays.
#ifndef FOVEA_CORE_LOG_VECTOR_TURN_SOURCE_H_
#define FOVEA_CORE_LOG_VECTOR_TURN_SOURCE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"

namespace fovea {

// Copies the turns, whose seqs must be 1, 2, 3, ... Thread-safe once made.
class VectorTurnSource final : public TurnSource {
 public:
  explicit VectorTurnSource(const std::vector<Turn>& turns);
  // OUT_OF_RANGE if the range reaches past the turns; none for an empty range.
  absl::StatusOr<std::vector<TurnPtr>> Turns(SeqRange range) const override;

 private:
  std::vector<TurnPtr> turns_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_VECTOR_TURN_SOURCE_H_
