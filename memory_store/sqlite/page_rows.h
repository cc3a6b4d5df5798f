// The page cache's tables, and the statements on them. Fails as ToStatus (database.h) says.
#ifndef FOVEA_MEMORY_STORE_SQLITE_PAGE_ROWS_H_
#define FOVEA_MEMORY_STORE_SQLITE_PAGE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "core/page/page_store.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {

extern const Schema kPageSchema;

// The session's row, made if there is none. Inside a transaction of the caller's.
absl::StatusOr<int64_t> FindOrInsertPageSession(Database& database, const SessionKey& key);
// A page that is there stays as it is. Inside a transaction of the caller's.
absl::Status InsertPage(Database& database, int64_t session_row, std::string_view page_id,
                        std::string_view png);
struct FoundPage {
  int64_t row = 0;
  std::string png;
  bool sound = false;  // the bytes are those that were written
};
absl::StatusOr<std::optional<FoundPage>> FindPage(Database& database, const SessionKey& key,
                                                  std::string_view page_id);
// Inside a transaction of the caller's. OK if it is gone already.
absl::Status DeletePage(Database& database, int64_t row);

struct PageProblems {
  struct Damaged {
    int64_t row = 0;
    std::string what;
  };
  absl::Status structure;  // DATA_LOSS if the file's is wrong
  std::vector<Damaged> damaged;
};
// Reads the whole file. Fails if it cannot.
absl::StatusOr<PageProblems> CheckPages(Database& database);

// Both return how many pages there were. Inside a transaction of the caller's.
absl::StatusOr<uint64_t> DeletePages(Database& database, const SessionKey& key);
absl::StatusOr<uint64_t> DeleteAllPages(Database& database);
// Removes the oldest pages until at most max_bytes are left. Inside a transaction of the caller's.
absl::Status EvictPages(Database& database, uint64_t max_bytes);

absl::StatusOr<std::vector<SessionKey>> ListPageSessions(Database& database);
// pages and bytes.
absl::StatusOr<PageStats> CountPages(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_PAGE_ROWS_H_
