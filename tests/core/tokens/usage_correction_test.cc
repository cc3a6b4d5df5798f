#include "core/tokens/usage_correction.h"

#include <gtest/gtest.h>

namespace fovea {
namespace {

TEST(UsageCorrection, RisesAtOnceAndAboveWhatWasSeen) {
  const UsageCorrection after = UsageCorrection{}.After(1.3);
  EXPECT_GE(after.factor(), 1.3);
  EXPECT_LE(after.factor(), 1.35);
  EXPECT_EQ(after.reports, 1);
  EXPECT_EQ(after.low_reports, 0);
}

TEST(UsageCorrection, StaysWhereTheCountWasEnough) {
  UsageCorrection correction;
  for (int i = 0; i < 3 * UsageCorrection::kPatience; ++i) correction = correction.After(0.97);
  EXPECT_EQ(correction.factor(), 1);
  EXPECT_EQ(correction.reports, 3 * UsageCorrection::kPatience);
}

TEST(UsageCorrection, FallsOnlyAfterManyLowReports) {
  UsageCorrection correction;
  for (int i = 1; i < UsageCorrection::kPatience; ++i) correction = correction.After(0.6);
  EXPECT_EQ(correction.factor(), 1);
  correction = correction.After(0.7);
  EXPECT_GE(correction.factor(), 0.7);
  EXPECT_LE(correction.factor(), 0.73);
  // And at once up again.
  EXPECT_GE(correction.After(0.9).factor(), 0.9);
}

TEST(UsageCorrection, OneHighReportAmongLowOnesKeepsItUp) {
  UsageCorrection correction;
  for (int i = 1; i < UsageCorrection::kPatience; ++i) correction = correction.After(0.6);
  correction = correction.After(0.99);
  EXPECT_EQ(correction.factor(), 1);
}

TEST(UsageCorrection, HasLimits) {
  EXPECT_EQ(UsageCorrection{}.After(100).factor(), 4);
  UsageCorrection low;
  for (int i = 0; i < UsageCorrection::kPatience; ++i) low = low.After(0.01);
  EXPECT_EQ(low.factor(), 0.25);
}

}  // namespace
}  // namespace fovea
