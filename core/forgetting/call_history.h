// Which tool results later calls have made stale.
#ifndef FOVEA_CORE_FORGETTING_CALL_HISTORY_H_
#define FOVEA_CORE_FORGETTING_CALL_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"
#include "core/page/elision.h"

namespace fovea {

class CheckpointAccess;  // core/forgetting/checkpoint_access.h

// The calls of a log. A call supersedes an earlier one of the same tool if it asks for the same,
// or for the whole of a file of which that asked for a part: what is said only to explain a call or
// to bound its time does not tell calls apart. Thread-compatible.
class CallHistory {
 public:
  // Calls of the tools with which a model reads back what Fovea keeps (service/wire/recall_tools).
  static bool IsRecall(const ToolCallPart& call) {
    return call.name == "recall" || call.name == "search";
  }

  // The next turn of the log. Costs what its calls' arguments cost to parse; memory is bounded:
  // of more than kMaxKeys calls the older half is forgotten and supersedes nothing any more.
  void Add(const Turn& turn);

  // The results of these consecutive turns, of whole groups, whose calls were superseded by later
  // ones, or that only repeat what a recall brought back. In order.
  std::vector<PartKey> SupersededOf(const std::vector<TurnPtr>& turns) const;

  static constexpr size_t kMaxKeys = size_t{1} << 15;
  size_t size() const { return last_.size(); }

 private:
  friend class CheckpointAccess;
  void Note(uint64_t key, uint64_t seq);
  bool IsSuperseded(const ToolCallPart& call, uint64_t seq) const;

  absl::flat_hash_map<uint64_t, uint64_t> last_;  // the newest call, by a digest of what it asks
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_CALL_HISTORY_H_
