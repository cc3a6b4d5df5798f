// Where a step of forgetting takes each run. Pure.
#ifndef FOVEA_CORE_FORGETTING_TARGETS_H_
#define FOVEA_CORE_FORGETTING_TARGETS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/forgetting/setting.h"
#include "core/sheet/sheet.h"

namespace fovea {

// What a step is to bring about.
struct Pressure {
  int64_t tokens = 0;               // of the whole sheet now
  int64_t goal = 0;                 // and what they are to come down to
  int64_t available = 0;            // of the budget, beside the head
  double load = 0;                  // of the reader's limits (Room::request_load)
  uint64_t redrawn_characters = 0;  // by this step so far
};

// A step that presses leaves this much of the reader's limits on images and bytes in use.
inline constexpr double kLoadGoal = 0.85;

// For each run the position (Place::Position) at which it should be, so that the context comes down
// to the goal, or this step's redrawing to its limit, by estimate; at least one run moves if there
// is one that can. Recalled runs are passed over while others can move.
std::vector<size_t> ChooseTargets(const Setting& setting, const Sheet::Parts& runs,
                                  const Pressure& pressure);

// A run's tokens if it stood at that position, by estimate.
double EstimateAt(const Setting& setting, const SheetPart& run, size_t position);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_TARGETS_H_
