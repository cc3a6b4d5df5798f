// How to forget.
#ifndef FOVEA_CORE_FORGETTING_POLICY_H_
#define FOVEA_CORE_FORGETTING_POLICY_H_

#include <optional>

#include "absl/status/status.h"

namespace fovea {

// Shares are in thousandths of the budget that is left beside the head (core/forgetting/planner.h).
// Marks that are not set are chosen for the reader's prices (core/forgetting/cost_model.h).
struct Policy {
  // Verbatim text over this share is drawn, ...
  std::optional<int> tail_high_permille;  // 20 to 900
  // ... its oldest chunks first, until it is at this share.
  std::optional<int> tail_low_permille;  // 0 to tail_high_permille
  // A context that is over the budget shrinks to this share. Lower: rarer epochs, less shown.
  std::optional<int> pressure_low_permille;  // 100 to 1000
  // Index of the rung at which text enters the ladder; a shorter ladder is entered at its last
  // rung.
  std::optional<int> entry_rung;  // 0 to 7
  // Leave out rungs whose legibility for this reader is only assumed.
  bool forbid_unmeasured_rungs = false;
  // Never draw a new tool result in place: fail with RESOURCE_EXHAUSTED instead.
  bool forbid_drawn_results = false;
  // Text for exact strings beside a run's pages, of the tokens that its pages save; all sidecars
  // together take at most a twelfth of the budget.
  int sidecar_permille = 40;  // 0 to 500

  bool operator==(const Policy&) const = default;
};

// INVALID_ARGUMENT, naming the field and its limits.
absl::Status ValidatePolicy(const Policy& policy);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_POLICY_H_
