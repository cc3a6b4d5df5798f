// What sending a context costs.
#ifndef FOVEA_CORE_CONTEXT_COST_H_
#define FOVEA_CORE_CONTEXT_COST_H_

#include <cstdint>

#include "core/forgetting/planner.h"

namespace fovea {

// What sending the context costs by the reader's prices, if the last request was the context before
// the assistant's newest turn.
struct ContextCost {
  bool cache_is_cold = false;  // its lifetime had passed: nothing of it is left
  int64_t cached_tokens = 0;   // that the cache still holds
  int64_t written_tokens = 0;  // sent for the first time, or again behind a change
  // In input tokens that are not cached: this request, and each that would follow at once with
  // nothing added.
  double now = 0;
  double next = 0;
  // US dollars; 0 where the reader's profile states no price.
  double now_usd = 0;
  double next_usd = 0;
};

ContextCost CostOf(const Planner& planner);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_COST_H_
