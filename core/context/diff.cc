#include "core/context/diff.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/context/place_name.h"

namespace fovea {

absl::StatusOr<EpochDiff> DiffEpochs(const Planner& planner, uint64_t from, uint64_t to) {
  const Plan& plan = planner.plan();
  if (from > to || to > plan.epoch()) {
    return absl::OutOfRangeError(
        absl::StrCat("epochs ", from, " to ", to, " are not in order within 0 to ", plan.epoch()));
  }
  EpochDiff diff;
  for (const Chunk& chunk : plan.chunks) {
    const Place before = chunk.At(from);
    const Place after = chunk.At(to);
    if (before == after) continue;
    EpochDiff::Move move{.range = chunk.turns,
                         .from_rung = PlaceName(planner, before),
                         .to_rung = PlaceName(planner, after)};
    EpochDiff::Move* last = diff.moves.empty() ? nullptr : &diff.moves.back();
    if (last != nullptr && last->from_rung == move.from_rung && last->to_rung == move.to_rung &&
        last->range.last + 1 == move.range.first) {
      last->range.last = move.range.last;
    } else {
      diff.moves.push_back(std::move(move));
    }
  }
  for (uint64_t epoch = from + 1; epoch <= to; ++epoch) {
    diff.epochs.push_back(plan.epochs[epoch - 1]);
  }
  return diff;
}

}  // namespace fovea
