// How often and how lately the exact strings of a log were used, and whether the agent wrote them.
#ifndef FOVEA_CORE_EXACT_STRING_USES_H_
#define FOVEA_CORE_EXACT_STRING_USES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "core/log/turn.h"

namespace fovea {

class CheckpointAccess;  // core/forgetting/checkpoint_access.h

// Thread-compatible. Deterministic: no answer depends on how the table is laid out.
class StringUses {
 public:
  struct Use {
    uint32_t turns = 0;        // that hold it
    uint32_t agent_turns = 0;  // in whose calls or words the agent wrote it
    uint64_t last_seq = 0;     // the newest of them
  };

  // The next turn of the log. Linear in its text. Memory is bounded: a turn brings at most
  // kMaxOfTurn strings that are not known yet, and of more than kMaxStrings those that were not
  // used for longest are forgotten, the agent's own after all others.
  void Add(const Turn& turn);
  // Zeros for a string that is not known, or not any more.
  Use Of(std::string_view text) const;

  static constexpr size_t kMaxStrings = size_t{1} << 14;
  static constexpr size_t kMaxOfTurn = kMaxStrings / 8;
  size_t size() const { return uses_.size(); }

 private:
  friend class CheckpointAccess;
  void Prune();

  absl::flat_hash_map<uint64_t, Use> uses_;  // by a digest of the text
};

}  // namespace fovea

#endif  // FOVEA_CORE_EXACT_STRING_USES_H_
