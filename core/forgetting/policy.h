// How to forget.
#ifndef FOVEA_CORE_FORGETTING_POLICY_H_
#define FOVEA_CORE_FORGETTING_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

// What is weighed when marks are chosen (core/forgetting/cost_model.h).
enum class PolicyName : uint8_t {
  kBalanced = 0,  // the least of the bill and of what this reader would lose, passages included
  kFrugal = 1,    // the least bill; only misread or missing strings count against it
  kExact = 2      // text first: pages hold what does not fit as text
};
// "balanced", "frugal" or "exact".
const char* NameOf(PolicyName name);
// INVALID_ARGUMENT, with the names, for any other.
absl::StatusOr<PolicyName> PolicyByName(std::string_view name);

// Shares are in thousandths of the budget that is left beside the head (core/forgetting/room.h).
// Marks that are not set are chosen for the reader's prices (core/forgetting/cost_model.h).
struct Policy {
  PolicyName name = PolicyName::kBalanced;
  // Verbatim text over this share is drawn, ... At 1000 it may fill what pages leave of the budget.
  std::optional<int> tail_high_permille;  // 20 to 1000
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
  // Draw the codes by which tools colour their output (core/base/colour_codes.h) as marks, in place
  // of leaving them out of pages.
  bool show_colour_codes = false;
  // Text for exact strings beside a run's pages, of the tokens that its pages save; all sidecars
  // together take at most a twelfth of the budget.
  int sidecar_permille = 40;  // 0 to 500

  bool operator==(const Policy&) const = default;
};

// INVALID_ARGUMENT, naming the field and its limits.
absl::Status ValidatePolicy(const Policy& policy);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_POLICY_H_
