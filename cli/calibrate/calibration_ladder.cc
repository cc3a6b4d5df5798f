#include <algorithm>
#include <cstddef>
#include <vector>

#include "cli/calibrate/calibration.h"

namespace fovea::cli {
namespace {

// What a larger size must read more to be worth its pixels.
constexpr double kMinGain = 0.015;

double ShareOf(const Cell& cell) { return cell.Mixed().score.characters.Share(); }

// Of the rungs between the first and the last, the one that is closest in size to the next sharper.
size_t MostCrowded(const std::vector<Cell>& cells, const std::vector<size_t>& rungs) {
  const auto step = [&](size_t i) {
    return cells[rungs[i - 1]].pixels_per_character / cells[rungs[i]].pixels_per_character;
  };
  size_t crowded = 1;
  for (size_t i = 2; i + 1 < rungs.size(); ++i) {
    if (step(i) < step(crowded)) crowded = i;
  }
  return crowded;
}

}  // namespace

std::vector<size_t> ChooseRungs(const std::vector<Cell>& cells) {
  std::vector<size_t> rungs;  // smallest first
  double best = 0;
  for (size_t i = cells.size(); i-- > 0;) {
    const double share = ShareOf(cells[i]);
    const bool larger =
        rungs.empty() || cells[i].pixels_per_character > cells[rungs.back()].pixels_per_character;
    if (share < kLowestRungShare || share <= best || !larger) continue;
    best = share;
    rungs.push_back(i);
  }
  while (rungs.size() > 1 && ShareOf(cells[rungs[rungs.size() - 2]]) >= best - kMinGain) {
    rungs.pop_back();
  }
  std::reverse(rungs.begin(), rungs.end());
  while (rungs.size() > kMaxRungs) {
    rungs.erase(rungs.begin() + static_cast<std::ptrdiff_t>(MostCrowded(cells, rungs)));
  }
  return rungs;
}

}  // namespace fovea::cli
