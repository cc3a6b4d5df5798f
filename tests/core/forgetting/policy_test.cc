#include "core/forgetting/policy.h"

#include <gtest/gtest.h>

#include <string>

namespace fovea {
namespace {

TEST(Policy, TheDefaultIsValid) { EXPECT_TRUE(ValidatePolicy({}).ok()); }

struct Limits {
  const char* field;
  Policy (*with)(int value);
  int low;
  int high;
};

// Each limit holds to the number, and the message says field, value and limits.
TEST(Policy, EachFieldHasItsLimits) {
  const Limits all[] = {
      {"tail_high_permille", [](int v) { return Policy{.tail_high_permille = v}; }, 20, 1000},
      {"tail_low_permille", [](int v) { return Policy{.tail_low_permille = v}; }, 0, 1000},
      {"tail_low_permille",
       [](int v) { return Policy{.tail_high_permille = 250, .tail_low_permille = v}; }, 0, 250},
      {"pressure_low_permille", [](int v) { return Policy{.pressure_low_permille = v}; }, 100,
       1000},
      {"entry_rung", [](int v) { return Policy{.entry_rung = v}; }, 0, 7},
      {"sidecar_permille", [](int v) { return Policy{.sidecar_permille = v}; }, 0, 500},
  };
  for (const Limits& limits : all) {
    SCOPED_TRACE(limits.field);
    EXPECT_TRUE(ValidatePolicy(limits.with(limits.low)).ok());
    EXPECT_TRUE(ValidatePolicy(limits.with(limits.high)).ok());
    for (const int value : {limits.low - 1, limits.high + 1}) {
      const absl::Status status = ValidatePolicy(limits.with(value));
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(status.message(), "policy." + std::string(limits.field) + " is " +
                                      std::to_string(value) + "; it must be " +
                                      std::to_string(limits.low) + " to " +
                                      std::to_string(limits.high));
    }
  }
}

// A field that is not set does not hide a later one.
TEST(Policy, EachFieldIsLookedAt) {
  EXPECT_FALSE(ValidatePolicy({.entry_rung = 2, .sidecar_permille = 501}).ok());
  EXPECT_FALSE(ValidatePolicy({.tail_high_permille = 500, .entry_rung = 8}).ok());
}

TEST(Policy, NamesAreReadBack) {
  EXPECT_EQ(*PolicyByName("balanced"), PolicyName::kBalanced);
  EXPECT_EQ(*PolicyByName("frugal"), PolicyName::kFrugal);
  EXPECT_EQ(*PolicyByName("exact"), PolicyName::kExact);
  for (const PolicyName name : {PolicyName::kBalanced, PolicyName::kFrugal, PolicyName::kExact}) {
    EXPECT_EQ(*PolicyByName(NameOf(name)), name);
  }
  EXPECT_EQ(PolicyByName("").status().message(), "policy \"\" is not balanced, frugal or exact");
  EXPECT_FALSE(PolicyByName("Exact").ok());
}

}  // namespace
}  // namespace fovea
