// What changed from one epoch to another.
#ifndef FOVEA_CORE_CONTEXT_DIFF_H_
#define FOVEA_CORE_CONTEXT_DIFF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"

namespace fovea {

struct EpochDiff {
  struct Move {
    SeqRange range;
    std::string from_rung;
    std::string to_rung;
  };
  std::vector<Move> moves;  // oldest first
  std::vector<EpochRecord> epochs;
};

// Moves between the end of epoch `from` and epoch `to`. OUT_OF_RANGE if from > to or to is not
// there yet.
absl::StatusOr<EpochDiff> DiffEpochs(const Planner& planner, uint64_t from, uint64_t to);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_DIFF_H_
