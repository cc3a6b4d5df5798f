// The least that a context can be made.
#ifndef FOVEA_CORE_FORGETTING_FLOOR_H_
#define FOVEA_CORE_FORGETTING_FLOOR_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/setting.h"

namespace fovea {

// The fewest tokens that a context of this plan's log can have: the head, pins, and what must stay
// in the tail, the turns from `first` on, with its results on pages of the last rung where that is
// cheaper. What it finds of a turn it notes in the plan (SheetPart::floor_tokens). Fails only if
// the turn source or the renderer does.
absl::StatusOr<int64_t> FloorOf(const Setting& setting, Plan& plan, uint64_t first);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_FLOOR_H_
