// Why a turn stands where it does.
#ifndef FOVEA_CORE_CONTEXT_EXPLAIN_H_
#define FOVEA_CORE_CONTEXT_EXPLAIN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/forgetting/planner.h"
#include "core/log/turn.h"

namespace fovea {

struct TurnExplanation {
  uint64_t seq = 0;
  std::string rung;
  std::string reason;
  SeqRange chunk;
  bool pinned = false;
  struct Step {
    uint64_t epoch = 0;
    uint64_t since_seq = 0;
    std::string rung;
    std::string reason;
  };
  std::vector<Step> history;
  double legibility = 1;
  std::string evidence;
  std::vector<std::string> page_ids;
};

// NOT_FOUND if the plan holds no such turn.
absl::StatusOr<TurnExplanation> ExplainTurn(const Planner& planner, uint64_t seq);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_EXPLAIN_H_
