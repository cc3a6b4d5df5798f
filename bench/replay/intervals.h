// How sure the figures are that depend on a sample of pages.
#ifndef FOVEA_BENCH_REPLAY_INTERVALS_H_
#define FOVEA_BENCH_REPLAY_INTERVALS_H_

#include <vector>

#include "bench/replay/bars.h"
#include "bench/replay/read_back.h"
#include "replay/experiment.h"

namespace fovea::replay {

// Draws the sample again so many times (ReadBack::Redrawn), and says between which values 95 % of
// the outcomes lie. `bars` are CompareWithBars' of the experiment's rows. Deterministic.
void AddIntervals(const Experiment& experiment, const ReadBack& read_back, int draws, int threads,
                  std::vector<Bar>& bars);

}  // namespace fovea::replay

#endif  // FOVEA_BENCH_REPLAY_INTERVALS_H_
