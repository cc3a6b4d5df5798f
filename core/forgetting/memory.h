// What the planner remembers of a log beside its plan.
#ifndef FOVEA_CORE_FORGETTING_MEMORY_H_
#define FOVEA_CORE_FORGETTING_MEMORY_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "core/exact/sidecar.h"
#include "core/exact/string_uses.h"
#include "core/exact/turn_strings.h"
#include "core/forgetting/call_history.h"

namespace fovea {

// All is bounded. Thread-compatible.
struct Memory {
  CallHistory calls;
  StringUses uses;
  absl::flat_hash_set<std::string> head_strings;  // exact strings that the head holds as text
  std::vector<ExactString> latent_strings;        // that were in the sidecars of runs now latent
  TurnStrings turn_strings;                       // can be made again: not in a checkpoint

  // An estimate of what it takes.
  uint64_t bytes() const {
    constexpr uint64_t kCallBytes = 32;     // a slot of a table that is half full
    constexpr uint64_t kUseBytes = 48;      // a slot of such a table
    constexpr uint64_t kStringBytes = 160;  // text and label on the heap
    return kCallBytes * calls.size() + kUseBytes * uses.size() +
           kStringBytes * (head_strings.size() + latent_strings.size() + turn_strings.weight());
  }
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_MEMORY_H_
