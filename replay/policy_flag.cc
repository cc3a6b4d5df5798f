#include "replay/policy_flag.h"

#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::replay {
namespace {

struct Number {
  const char* name;
  void (*set)(Policy& policy, int value);
};
constexpr Number kNumbers[] = {
    {"tail_high_permille", [](Policy& policy, int value) { policy.tail_high_permille = value; }},
    {"tail_low_permille", [](Policy& policy, int value) { policy.tail_low_permille = value; }},
    {"pressure_low_permille",
     [](Policy& policy, int value) { policy.pressure_low_permille = value; }},
    {"entry_rung", [](Policy& policy, int value) { policy.entry_rung = value; }},
    {"sidecar_permille", [](Policy& policy, int value) { policy.sidecar_permille = value; }}};

struct Switch {
  const char* name;
  bool Policy::*field;
};
constexpr Switch kSwitches[] = {{"forbid_unmeasured_rungs", &Policy::forbid_unmeasured_rungs},
                                {"forbid_drawn_results", &Policy::forbid_drawn_results},
                                {"show_colour_codes", &Policy::show_colour_codes}};

bool IsName(std::string_view given, std::string_view name) {
  constexpr std::string_view kUnit = "_permille";
  return given == name ||
         (name.ends_with(kUnit) && given == name.substr(0, name.size() - kUnit.size()));
}

}  // namespace

absl::Status SetPolicyField(const std::string& assignment, Policy& policy) {
  if (auto name = PolicyByName(assignment); name.ok()) {
    policy.name = *name;
    return absl::OkStatus();
  }
  const size_t equals = assignment.find('=');
  const std::string name = assignment.substr(0, equals);
  int value = 0;
  const bool has_value =
      equals != std::string::npos && absl::SimpleAtoi(assignment.substr(equals + 1), &value);
  std::string names;
  for (const Number& number : kNumbers) {
    absl::StrAppend(&names, " ", number.name);
    if (!has_value || !IsName(name, number.name)) continue;
    number.set(policy, value);
    return absl::OkStatus();
  }
  for (const Switch& flag : kSwitches) {
    absl::StrAppend(&names, " ", flag.name);
    if (!has_value || !IsName(name, flag.name) || value < 0 || value > 1) continue;
    policy.*flag.field = value == 1;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", assignment,
      "\" is neither balanced, frugal or exact nor name=number with a name of:", names));
}

absl::StatusOr<Policy> PolicyOf(const std::vector<std::string>& assignments) {
  Policy policy;
  for (const std::string& assignment : assignments) {
    FOVEA_RETURN_IF_ERROR(SetPolicyField(assignment, policy));
  }
  FOVEA_RETURN_IF_ERROR(ValidatePolicy(policy));
  return policy;
}

}  // namespace fovea::replay
