// How far text counts of a reader are off, learnt from what its provider says that it counted.
#ifndef FOVEA_CORE_TOKENS_USAGE_CORRECTION_H_
#define FOVEA_CORE_TOKENS_USAGE_CORRECTION_H_

#include <cstdint>

namespace fovea {

// Pure. Counts must not be too low, so the factor rises at once and falls only after kPatience
// reports in a row that would all have fitted a clearly lower one. It moves in steps: each step
// starts the views of its reader again, and with them the provider's cache.
struct UsageCorrection {
  static constexpr int kUnit = 64;        // steps in a factor of 1
  static constexpr int kMin = kUnit / 4;  // 0.25
  static constexpr int kMax = kUnit * 4;  // 4
  static constexpr int kPatience = 32;
  static constexpr double kMargin = 1.01;  // above what was seen
  static constexpr double kClearlyLower = 0.95;

  int factor_units = kUnit;  // text tokens are multiplied by factor_units / kUnit
  uint64_t reports = 0;
  // Of the reports since the factor was last met: how many, and the largest ratio.
  int low_reports = 0;
  double low_ratio = 0;

  double factor() const { return static_cast<double>(factor_units) / kUnit; }
  // After a report that the true text tokens were `ratio` times what was counted at factor 1.
  UsageCorrection After(double ratio) const;

  bool operator==(const UsageCorrection&) const = default;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_USAGE_CORRECTION_H_
