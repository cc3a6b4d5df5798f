// How to forget.
#ifndef FOVEA_CORE_FORGETTING_POLICY_H_
#define FOVEA_CORE_FORGETTING_POLICY_H_

#include <cstdint>

#include "absl/status/status.h"

namespace fovea {

// Shares are in thousandths of the budget that is left beside the head (core/forgetting/planner.h).
struct Policy {
  // Verbatim text over this share is drawn, ...
  int tail_high_permille = 250;  // 20 to 900
  // ... its oldest chunks first, until it is at this share.
  int tail_low_permille = 80;  // 0 to tail_high_permille
  // A context that is over the budget shrinks to this share. Lower: rarer epochs, less shown.
  int pressure_low_permille = 750;  // 100 to 1000
  // Index of the rung at which text enters the ladder; a shorter ladder is entered at its last
  // rung. Rung 0 is kept for new tool results that are too large for the tail.
  int entry_rung = 1;  // 0 to 7
  // Leave out rungs whose legibility for this reader is only assumed.
  bool forbid_unmeasured_rungs = false;
  // Never draw a new tool result in place: fail with RESOURCE_EXHAUSTED instead.
  bool forbid_drawn_results = false;
  // Text for exact strings beside a run's pages, of the tokens that its pages save; never more than
  // an eighth of what the pages cost.
  int sidecar_permille = 20;  // 0 to 500

  bool operator==(const Policy&) const = default;
};

// INVALID_ARGUMENT, naming the field and its limits.
absl::Status ValidatePolicy(const Policy& policy);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_POLICY_H_
