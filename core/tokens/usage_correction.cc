#include "core/tokens/usage_correction.h"

#include <algorithm>
#include <cmath>

namespace fovea {
namespace {

int UnitsAbove(double ratio) {
  const double units = std::ceil(ratio * UsageCorrection::kMargin * UsageCorrection::kUnit);
  return static_cast<int>(std::clamp<double>(units, UsageCorrection::kMin, UsageCorrection::kMax));
}

}  // namespace

UsageCorrection UsageCorrection::After(double ratio) const {
  UsageCorrection after = *this;
  ++after.reports;
  if (ratio > factor()) {
    after.factor_units = UnitsAbove(ratio);
    after.low_reports = 0;
    after.low_ratio = 0;
    return after;
  }
  ++after.low_reports;
  after.low_ratio = std::max(after.low_ratio, ratio);
  if (after.low_reports < kPatience) return after;
  if (after.low_ratio < kClearlyLower * factor()) {
    after.factor_units = std::min(after.factor_units, UnitsAbove(after.low_ratio));
  }
  after.low_reports = 0;
  after.low_ratio = 0;
  return after;
}

}  // namespace fovea
