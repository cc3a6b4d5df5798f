// Where a step takes each run if the budget holds few pages. Pure.
#ifndef FOVEA_CORE_FORGETTING_FEW_PAGES_H_
#define FOVEA_CORE_FORGETTING_FEW_PAGES_H_

#include "core/forgetting/plan.h"
#include "core/forgetting/room.h"
#include "core/forgetting/setting.h"
#include "core/forgetting/targets.h"

namespace fovea {

// All text is at one rung, on the same pages: the sharpest at which it fits, by estimate. What does
// not fit at the last is dropped, the oldest first; nothing is if `keep_whole`.
Targets ChooseForFewPages(const Setting& setting, const Plan& plan, const Room& room,
                          bool keep_whole);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_FEW_PAGES_H_
