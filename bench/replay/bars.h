// The figures against the bars that the project has set for forgetting.
#ifndef FOVEA_BENCH_REPLAY_BARS_H_
#define FOVEA_BENCH_REPLAY_BARS_H_

#include <string>
#include <vector>

#include "bench/replay/row.h"

namespace fovea::replay {

struct Bar {
  std::string name;
  std::string wanted;
  std::string measured;
  bool met = false;
};

// In a fixed order. A bar without figures is not met.
std::vector<Bar> CompareWithBars(const std::vector<Row>& rows);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_BARS_H_
