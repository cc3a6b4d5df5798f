// Port: search by words over the turns of one session. Implemented by memory_store.
#ifndef FOVEA_CORE_LOG_SEARCH_INDEX_H_
#define FOVEA_CORE_LOG_SEARCH_INDEX_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"

namespace fovea {

struct SearchHit {
  uint64_t seq = 0;
  Role role = Role::kUser;
  std::string snippet;  // a stretch of the turn's text with the match, at most about 200 bytes
  double score = 0;     // higher is better; comparable only within one answer
};

struct SearchAnswer {
  std::vector<SearchHit> hits;
  uint64_t indexed_through_seq = 0;  // the index follows the log; later turns were not searched
};

enum class SearchOrder : uint8_t { kNewestFirst = 1, kRelevance = 2 };

// Thread-safe.
class SearchIndex {
 public:
  virtual ~SearchIndex() = default;
  // All words of `query` must occur (case-insensitive; a word's prefix with a trailing '*').
  // INVALID_ARGUMENT if the query holds no word; NOT_FOUND if there is no session. limit is 1 to
  // 200. Waits briefly for the index to reach the log's end, and says how far it came.
  virtual absl::StatusOr<SearchAnswer> Search(const SessionKey& key, std::string_view query,
                                              SearchOrder order, int limit) = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_SEARCH_INDEX_H_
