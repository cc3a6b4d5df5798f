// Where a step of forgetting takes each run. Pure.
#ifndef FOVEA_CORE_FORGETTING_TARGETS_H_
#define FOVEA_CORE_FORGETTING_TARGETS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/forgetting/plan.h"
#include "core/forgetting/room.h"
#include "core/forgetting/setting.h"

namespace fovea {

// A step that presses leaves this much of the reader's limits on images and bytes in use.
inline constexpr double kLoadGoal = 0.88;

// What becomes of one run.
struct Target {
  size_t position = 0;        // Place::Position
  size_t dropped_chunks = 0;  // its oldest, which become latent before the rest moves
};

// For each run where it should be, so that the context comes down to the goal (Room::goal_tokens
// and kLoadGoal), or the step's redrawing to its limit, by estimate. At least one run moves if one
// can: what would fit whole at the last rung is not taken further, and nothing is if `keep_whole`.
// Recalled runs are passed over while others can move. `redrawn_characters`: by this step so far.
// `whole`: whether everything fits so.
struct Targets {
  std::vector<Target> of_runs;
  bool whole = false;
};
Targets ChooseTargets(const Setting& setting, const Plan& plan, const Room& room,
                      uint64_t redrawn_characters, bool keep_whole);

// A run's tokens if it stood at that position, by estimate.
double EstimateAt(const Setting& setting, const SheetPart& run, size_t position);

// Whether the targets change anything.
bool AnyMoves(const Setting& setting, const Sheet::Parts& runs, const Targets& targets);

// A run's pages take at most this part of the budget, or a full page: what is dropped at once is
// not too much then.
inline constexpr int64_t kRunsInBudget = 12;

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_TARGETS_H_
