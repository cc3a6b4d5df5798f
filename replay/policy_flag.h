// A planner's policy from a command line.
#ifndef FOVEA_REPLAY_POLICY_FLAG_H_
#define FOVEA_REPLAY_POLICY_FLAG_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/forgetting/policy.h"

namespace fovea::replay {

// Takes the policy of that name, "exact"; or sets one field by its name in Policy,
// "tail_high_permille=300"; switches take 0 and 1, and a name's "_permille" may be left out.
// INVALID_ARGUMENT, with the names, for any other.
absl::Status SetPolicyField(const std::string& assignment, Policy& policy);

// The default policy with these fields. INVALID_ARGUMENT if ValidatePolicy says so.
absl::StatusOr<Policy> PolicyOf(const std::vector<std::string>& assignments);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_POLICY_FLAG_H_
