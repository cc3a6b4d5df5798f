// Ids and names of calls as APIs accept them.
#ifndef FOVEA_SERVICE_WIRE_CALL_NAMES_H_
#define FOVEA_SERVICE_WIRE_CALL_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"

namespace fovea::wire {

struct CallIdRule {
  // Only letters, digits, '_' and '-'.
  bool plain = false;
  size_t max_bytes = 0;  // at least 24
};

// The ids that a payload has used. An id that the rule refuses, or that was used before, is
// rewritten with a suffix that depends on the id and where the call stands. Thread-compatible;
// copyable.
class CallIds {
 public:
  explicit CallIds(CallIdRule rule) : rule_(rule) {}
  // The id for the `index`-th call of turn `seq`.
  std::string Take(const std::string& id, uint64_t seq, size_t index);

 private:
  CallIdRule rule_;
  absl::flat_hash_set<std::string> used_;
};

// A function's name as APIs accept it: letters, digits, '_' and '-', 1 to max_bytes.
std::string CallName(const std::string& name, size_t max_bytes);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_CALL_NAMES_H_
