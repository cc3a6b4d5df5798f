// The search index's tables, and the statements on them. Fails as ToStatus (database.h) says
// besides what is said below.
#ifndef FOVEA_MEMORY_STORE_SQLITE_INDEX_ROWS_H_
#define FOVEA_MEMORY_STORE_SQLITE_INDEX_ROWS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {

extern const Schema kIndexSchema;

// Sessions and turns past these are not indexed: both share one 64-bit key.
inline constexpr int64_t kMaxIndexedSession = (int64_t{1} << 31) - 1;
inline constexpr uint64_t kMaxIndexedSeq = (uint64_t{1} << 32) - 1;

// A turn's rowid is its session's row and its seq: FTS5 then finds a session's newest turns, and
// nothing of other sessions, by a range of rowids.
inline int64_t IndexRowId(int64_t session_row, uint64_t seq) {
  return static_cast<int64_t>((static_cast<uint64_t>(session_row) << 32) | seq);
}
inline uint64_t IndexedSeq(int64_t rowid) { return static_cast<uint64_t>(rowid) & kMaxIndexedSeq; }

absl::Status InsertIndexedTurn(Database& database, int64_t session_row, const Turn& turn);
// The index holds the session's turns up to through_seq.
absl::Status SetProgress(Database& database, int64_t session_row, uint64_t through_seq);
absl::StatusOr<std::vector<SessionHead>> ListProgress(Database& database);
// Removes a session's turns and progress, and notes that their words are still in the file; false
// if there were none. Inside a transaction of the caller's.
absl::StatusOr<bool> DeleteIndexedSession(Database& database, int64_t session_row);

// FTS5 keeps the words of removed rows until it merges; these bring all to one piece, step by step.
absl::Status BeginMerge(Database& database);
// False when nothing is left to do.
absl::StatusOr<bool> ContinueMerge(Database& database);
// How many levels FTS5 keeps pieces on. Each BeginMerge may add one and none goes away, but in a
// new index; with 2,000 SQLite 3.40 calls the index malformed and can do nothing with it any more.
absl::StatusOr<int> CountMergeLevels(Database& database);
// Whether words of removed rows may be in the file; a merge that is done takes the note away.
absl::StatusOr<bool> HoldsRemovedWords(Database& database);
absl::Status NoteRemovedWords(Database& database, bool held);

// Whether the file's structure and the index's agree with its texts: DATA_LOSS if not.
absl::Status CheckIndex(Database& database);
// Throws everything in the index away; its words may be in the file until the write-ahead log is
// empty, and it notes so.
absl::Status EmptyIndex(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_INDEX_ROWS_H_
