// The search index's tables, and the statements on them. Fails as ToStatus (database.h) says
// besides what is said below.
#ifndef FOVEA_MEMORY_STORE_SQLITE_INDEX_ROWS_H_
#define FOVEA_MEMORY_STORE_SQLITE_INDEX_ROWS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/search_index.h"
#include "core/log/turn.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/fts.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {

extern const Schema kIndexSchema;

// Sessions and turns past these are not indexed: both share one 64-bit key.
inline constexpr int64_t kMaxIndexedSession = (int64_t{1} << 31) - 1;
inline constexpr uint64_t kMaxIndexedSeq = (uint64_t{1} << 32) - 1;

absl::Status InsertIndexedTurn(Database& database, int64_t session_row, const Turn& turn);
// The index holds the session's turns up to through_seq.
absl::Status SetProgress(Database& database, int64_t session_row, uint64_t through_seq);
absl::StatusOr<std::vector<SessionHead>> ListProgress(Database& database);
// Removes a session's turns and progress. Inside a transaction of the caller's.
absl::Status DeleteIndexedSession(Database& database, int64_t session_row);

// FTS5 keeps the words of removed rows until it merges; these bring all to one piece, step by step.
absl::Status BeginMerge(Database& database);
// False when nothing is left to do.
absl::StatusOr<bool> ContinueMerge(Database& database);

struct IndexedSession {
  int64_t row = 0;
  uint64_t turns = 0;  // how many are indexed
};
// The newest turns that match.
absl::StatusOr<std::vector<SearchHit>> FindNewest(Database& database, const IndexedSession& session,
                                                  const FtsQuery& query, int limit);
// Those that match best (BM25). Every number in a score comes from this session: what other
// sessions hold cannot be told from it.
absl::StatusOr<std::vector<SearchHit>> FindBest(Database& database, const IndexedSession& session,
                                                const FtsQuery& query, int limit);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_INDEX_ROWS_H_
