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
  // Nine letters and digits, and nothing else.
  bool nine_characters = false;
};

// The ids that a payload has used. An id that the rule refuses, or that was used before, is
// rewritten with a suffix that depends on the id and where the call stands. Thread-compatible;
// copyable.
class CallIds {
 public:
  explicit CallIds(CallIdRule rule) : rule_(rule) {}
  // The id for the `index`-th call of turn `seq`.
  std::string Take(const std::string& id, uint64_t seq, size_t index);
  // Keeps an id for the one call that takes it as `reserved`: one whose result the client still
  // adds.
  void Reserve(const std::string& id) { reserved_.insert(id); }
  std::string TakeReserved(const std::string& id, uint64_t seq, size_t index);

 private:
  bool Allowed(const std::string& id) const;

  CallIdRule rule_;
  absl::flat_hash_set<std::string> used_;
  absl::flat_hash_set<std::string> reserved_;
};

struct CallNameRule {
  size_t max_bytes = 64;
  // Beside letters, digits, '_' and '-'.
  bool dots_and_colons = false;
  // It begins with a letter or '_'.
  bool begins_with_letter = false;
};

// A function's name as an API accepts it. What is not allowed in it becomes '_'; one that is too
// long keeps its beginning, and a digest of all of it tells it from others that begin so.
std::string CallName(const std::string& name, const CallNameRule& rule);

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_CALL_NAMES_H_
