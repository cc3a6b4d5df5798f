// Asked in the midst of long work.
#ifndef FOVEA_CORE_BASE_STILL_WANTED_H_
#define FOVEA_CORE_BASE_STILL_WANTED_H_

#include <functional>

#include "absl/status/status.h"

namespace fovea {

// Whoever began the work answers OK, or the error that the work is to end with. An empty one wants
// it to the end. May be called from any thread.
using StillWanted = std::function<absl::Status()>;

inline absl::Status Ask(const StillWanted& still_wanted) {
  return still_wanted == nullptr ? absl::OkStatus() : still_wanted();
}

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_STILL_WANTED_H_
