// The figures against the bars that the project has set for forgetting.
#ifndef FOVEA_BENCH_REPLAY_BARS_H_
#define FOVEA_BENCH_REPLAY_BARS_H_

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "replay/row.h"

namespace fovea::replay {

// How many of some values pass, their median, and the farthest from passing.
struct Tally {
  size_t all = 0;
  size_t passed = 0;
  double median = std::numeric_limits<double>::quiet_NaN();
  double worst = std::numeric_limits<double>::quiet_NaN();
};

struct Bar {
  std::string name;
  std::string wanted;
  std::string measured;
  bool met = false;
  Tally tally;           // what was measured
  std::string interval;  // of it, where it depends on which pages were read (AddIntervals)
};

// In a fixed order. A bar without figures is not met.
std::vector<Bar> CompareWithBars(const std::vector<Row>& rows);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_BARS_H_
