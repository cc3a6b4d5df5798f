// The log's turns, events and idempotency keys, and the statements on them. Everything here runs
// inside a transaction of the caller's, and fails as ToStatus (database.h) says besides what is
// said below.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_ROWS_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/sqlite/session_rows.h"
#include "memory_store/turn_chain.h"

namespace fovea::sqlite {

struct EncodedTurn {
  std::string body;
  uint64_t text_bytes = 0;
  TurnDigest digest;  // of the body
};

struct StoredAnswer {  // to an append with an idempotency key
  std::string body_digest;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
};

// Appends after `head`, and moves the session's counters and its chain.
absl::Status InsertTurns(Database& database, const SessionHead& head,
                         const std::vector<EncodedTurn>& turns, int64_t now_us, uint64_t commit);
// Copies turns 1..at_seq and the events that applied by then to the empty session `fork`, and sets
// its counters and its chain.
absl::Status CopyTurns(Database& database, const SessionRow& origin, uint64_t at_seq,
                       SessionRow& fork);
// As it is now; what the session's row says must be the same.
absl::StatusOr<TurnChain> ComputeChain(Database& database, int64_t session_row, SeqRange range);
// Calls `take` for each turn from first..last in order until it says false or fails.
absl::Status ScanTurns(Database& database, int64_t session_row, SeqRange range,
                       absl::FunctionRef<absl::StatusOr<bool>(uint64_t seq, uint64_t text_bytes,
                                                              std::string_view body)>
                           take);
// As ScanTurns, without their text's size. A body larger than `max_body_bytes` is not read, which
// would take as long as it is large: nullopt.
absl::Status ScanBodies(
    Database& database, int64_t session_row, SeqRange range, uint64_t max_body_bytes,
    absl::FunctionRef<absl::StatusOr<bool>(uint64_t seq, std::optional<std::string_view> body)>
        take);

// Sets `index` and counts it.
absl::Status InsertEvent(Database& database, int64_t session_row, LogEvent& event);
absl::StatusOr<std::vector<LogEvent>> ReadEventRows(Database& database, int64_t session_row,
                                                    uint64_t first_index);

absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(Database& database, int64_t session_row,
                                                       std::string_view idempotency_key);
absl::Status InsertAnswer(Database& database, int64_t session_row, std::string_view idempotency_key,
                          const StoredAnswer& answer);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_ROWS_H_
