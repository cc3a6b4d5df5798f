#include "core/forgetting/policy.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea {
namespace {

absl::Status CheckRange(const char* field, int value, int low, int high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("policy.", field, " is ", value, "; it must be ", low, " to ", high));
}

}  // namespace

const char* NameOf(PolicyName name) {
  switch (name) {
    case PolicyName::kBalanced:
      return "balanced";
    case PolicyName::kFrugal:
      return "frugal";
    case PolicyName::kExact:
      return "exact";
  }
  return "";
}

absl::StatusOr<PolicyName> PolicyByName(std::string_view name) {
  for (const PolicyName known : {PolicyName::kBalanced, PolicyName::kFrugal, PolicyName::kExact}) {
    if (name == NameOf(known)) return known;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("policy \"", std::string(name), "\" is not balanced, frugal or exact"));
}

absl::Status ValidatePolicy(const Policy& policy) {
  struct Limit {
    const char* field;
    std::optional<int> value;
    int low, high;
  };
  const Limit limits[] = {
      {"tail_high_permille", policy.tail_high_permille, 20, 1000},
      {"tail_low_permille", policy.tail_low_permille, 0, policy.tail_high_permille.value_or(1000)},
      {"pressure_low_permille", policy.pressure_low_permille, 100, 1000},
      {"entry_rung", policy.entry_rung, 0, 7},
      {"sidecar_permille", policy.sidecar_permille, 0, 500},
  };
  for (const Limit& limit : limits) {
    if (!limit.value.has_value()) continue;
    FOVEA_RETURN_IF_ERROR(CheckRange(limit.field, *limit.value, limit.low, limit.high));
  }
  return absl::OkStatus();
}

}  // namespace fovea
