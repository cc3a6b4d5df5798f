// The log's tables, and the statements on them. Everything here runs inside a transaction of the
// caller's, and fails as ToStatus (database.h) says besides what is said below.
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
#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {

extern const Schema kLogSchema;

struct SessionRow {
  int64_t row = 0;
  uint64_t stored_bytes = 0;
  SessionInfo info;
};

struct EncodedTurn {
  std::string body;
  uint64_t text_bytes = 0;
};

struct StoredAnswer {  // to an append with an idempotency key
  std::string body_digest;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
};

// NOT_FOUND if there is none.
absl::StatusOr<SessionRow> FindSession(Database& database, const SessionKey& key);
// NOT_FOUND if there is none.
absl::StatusOr<SessionHead> FindHead(Database& database, const SessionKey& key);
absl::StatusOr<SessionHead> FindHeadByRow(Database& database, int64_t session_row);
absl::StatusOr<std::vector<SessionHead>> ListHeads(Database& database);
// Sets `row`. ALREADY_EXISTS if the key is taken.
absl::Status InsertSession(Database& database, std::string_view tenant, SessionRow& session);
// Sessions after (created_us, session_id), in that order.
absl::StatusOr<std::vector<SessionInfo>> ListSessionsAfter(Database& database,
                                                           std::string_view tenant,
                                                           int64_t created_us,
                                                           std::string_view session_id, int limit);
// Removes the session and all that hangs on it.
absl::StatusOr<DeletionReceipt> DeleteSessionRows(Database& database, const SessionRow& session);

// Appends after `head`, and moves the session's counters.
absl::Status InsertTurns(Database& database, const SessionHead& head,
                         const std::vector<EncodedTurn>& turns, int64_t now_us);
// Copies turns 1..at_seq and the events that applied by then to the empty session `fork`, and sets
// its counters.
absl::Status CopyTurns(Database& database, int64_t origin_row, uint64_t at_seq, SessionRow& fork);
// Calls `take` for each turn from first..last in order until it says false or fails.
absl::Status ScanTurns(Database& database, int64_t session_row, SeqRange range,
                       absl::FunctionRef<absl::StatusOr<bool>(uint64_t seq, uint64_t text_bytes,
                                                              std::string_view body)>
                           take);

// Sets `index` and counts it.
absl::Status InsertEvent(Database& database, int64_t session_row, LogEvent& event);
absl::StatusOr<std::vector<LogEvent>> ReadEventRows(Database& database, int64_t session_row,
                                                    uint64_t first_index);

absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(Database& database, int64_t session_row,
                                                       std::string_view idempotency_key);
absl::Status InsertAnswer(Database& database, int64_t session_row, std::string_view idempotency_key,
                          const StoredAnswer& answer);

// sessions, turns and stored_bytes.
absl::StatusOr<LogStats> CountRows(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_ROWS_H_
