// The log's table of sessions, and the statements on it. Everything here runs inside a transaction
// of the caller's, and fails as ToStatus (database.h) says besides what is said below.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SESSION_ROWS_H_
#define FOVEA_MEMORY_STORE_SQLITE_SESSION_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/turn_chain.h"

namespace fovea::sqlite {

struct SessionRow {
  enum class State : uint8_t {
    kOpen = 0,
    kStaged = 1,   // found by its identity alone
    kDeleting = 2  // found by nobody
  };
  int64_t row = 0;
  uint64_t stored_bytes = 0;
  State state = State::kOpen;
  TurnChain chain;
  SessionInfo info;  // `session_id` is the name that a staged one will get
};

// A row with the names that a report needs.
struct NamedSession {
  int64_t row = 0;
  std::string tenant;
  std::string session_id;
};

// What a session is called that nobody may find by its name.
std::string HiddenName(int64_t row);
// Whether callers may give a session this name: it is not empty and begins with no zero byte.
bool IsOpenName(std::string_view name);

// NOT_FOUND if there is none. DATA_LOSS if it has the name, but its state is damaged; so do those
// below that find it by its name.
absl::StatusOr<SessionRow> FindSession(Database& database, const SessionRef& session);
// NOT_FOUND if there is none.
absl::StatusOr<SessionHead> FindHead(Database& database, const SessionRef& session);
absl::StatusOr<SessionHead> FindHeadByRow(Database& database, int64_t session_row);
absl::StatusOr<std::vector<SessionHead>> ListHeads(Database& database);
// Those that are open or staged, by row.
absl::StatusOr<std::vector<NamedSession>> ListNames(Database& database);
// Sessions after (created_us, session_id), in that order.
absl::StatusOr<std::vector<SessionInfo>> ListSessionsAfter(Database& database,
                                                           std::string_view tenant,
                                                           int64_t created_us,
                                                           std::string_view session_id, int limit);

// Sets `row` and `info.identity`. ALREADY_EXISTS if the key is taken, also for a staged one.
absl::Status InsertSession(Database& database, std::string_view tenant, SessionRow& session);
// NOT_FOUND if there is no such staged session; ALREADY_EXISTS if its name is taken.
absl::StatusOr<SessionRow> PublishRow(Database& database, const SessionRef& staged);
// Takes its name from the session, and everybody's sight of it.
absl::Status HideSession(Database& database, int64_t session_row);
// Removes some of what hangs on a hidden session and adds it to the receipt; a transaction takes
// about `max_bytes`. True when the row itself is gone.
absl::StatusOr<bool> DeleteSomeRows(Database& database, int64_t session_row, uint64_t max_bytes,
                                    DeletionReceipt& receipt);

absl::Status SetChain(Database& database, int64_t session_row, const TurnChain& chain);

// The highest commit number in the log.
absl::StatusOr<uint64_t> LastCommit(Database& database);
// The commit that is being made: for a session that stays, and for one that goes.
absl::Status SetCommit(Database& database, int64_t session_row, uint64_t commit);
absl::Status SetDeletionCommit(Database& database, uint64_t commit);

// sessions, turns and stored_bytes.
absl::StatusOr<LogStats> CountRows(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SESSION_ROWS_H_
