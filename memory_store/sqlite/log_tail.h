// What the search index needs to see of the log.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_TAIL_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_TAIL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "core/log/turn.h"
#include "memory_store/turn_chain.h"

namespace fovea::sqlite {

struct SessionHead {
  int64_t row = 0;  // the session's number in this log; never used again
  uint64_t last_seq = 0;
  TurnChain chain;  // of turns 1..last_seq
};

struct StoredTurn {
  uint64_t seq = 0;
  std::string body;  // of EncodeTurn
};

// Thread-safe. Fails with UNAVAILABLE or DATA_LOSS besides what is said below.
class LogTail {
 public:
  virtual ~LogTail() = default;
  // NOT_FOUND if there is no such session.
  virtual absl::StatusOr<SessionHead> Head(const SessionRef& session) = 0;
  // Of all sessions but those that are being deleted, by row.
  virtual absl::StatusOr<std::vector<SessionHead>> Heads() = 0;
  // At least one turn from first_seq on, if there is one, and no more than after max_bytes of
  // bodies. NOT_FOUND if there is no such session.
  virtual absl::StatusOr<std::vector<StoredTurn>> ReadStored(int64_t row, uint64_t first_seq,
                                                             size_t max_bytes) = 0;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_TAIL_H_
