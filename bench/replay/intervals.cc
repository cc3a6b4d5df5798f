#include "bench/replay/intervals.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/str_format.h"

namespace fovea::replay {
namespace {

struct Range {
  double low = 0;
  double high = 0;
  bool empty() const { return low == high; }
};

// Where 95 % of the outcomes lie.
Range RangeOf(const std::vector<std::vector<Bar>>& outcomes, size_t bar,
              const std::function<double(const Tally&)>& figure) {
  std::vector<double> values;
  for (const std::vector<Bar>& outcome : outcomes) {
    const double value = figure(outcome[bar].tally);
    if (!std::isnan(value)) values.push_back(value);
  }
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto at = [&](double share) {
    return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return {at(0.025), at(0.975)};
}

}  // namespace

void AddIntervals(const Experiment& experiment, const ReadBack& read_back, int draws, int threads,
                  std::vector<Bar>& bars) {
  std::vector<std::vector<Bar>> outcomes(static_cast<size_t>(draws));
  ForEach(outcomes.size(), threads, [&](size_t i) {
    outcomes[i] = CompareWithBars(Rows(experiment, *read_back.Redrawn(i)));
  });
  for (size_t i = 0; i < bars.size(); ++i) {
    const Range median = RangeOf(outcomes, i, [](const Tally& tally) { return tally.median; });
    const Range worst = RangeOf(outcomes, i, [](const Tally& tally) { return tally.worst; });
    const auto failed = [](const Tally& tally) {
      return static_cast<double>(tally.all - tally.passed);
    };
    if (median.empty() && worst.empty() && RangeOf(outcomes, i, failed).empty()) continue;
    const Range passed =
        RangeOf(outcomes, i, [](const Tally& tally) { return static_cast<double>(tally.passed); });
    bars[i].interval =
        absl::StrFormat("median %.3f to %.3f, worst %.3f to %.3f, %.0f to %.0f pass", median.low,
                        median.high, worst.low, worst.high, passed.low, passed.high);
  }
}

}  // namespace fovea::replay
