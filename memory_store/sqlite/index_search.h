// Finding turns in the search index. Fails as ToStatus (database.h) says besides what is said
// below; all of it may read much, so callers put a Database::Watch on the connection.
#ifndef FOVEA_MEMORY_STORE_SQLITE_INDEX_SEARCH_H_
#define FOVEA_MEMORY_STORE_SQLITE_INDEX_SEARCH_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/search_index.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/fts.h"

namespace fovea::sqlite {

struct IndexedSession {
  int64_t row = 0;
  uint64_t turns = 0;  // how many are indexed
};

// The newest turns that match.
absl::StatusOr<std::vector<SearchHit>> FindNewest(Database& database, const IndexedSession& session,
                                                  const FtsQuery& query, int limit);
// Those that match best (BM25), of the newest few thousand that match at all. Every number in a
// score comes from this session: what other sessions hold cannot be told from it.
absl::StatusOr<std::vector<SearchHit>> FindBest(Database& database, const IndexedSession& session,
                                                const FtsQuery& query, int limit);

// The newest turns that hold `needle` (one line) to the byte; all texts of the session are read,
// newest first, until there are `limit`. Where the watch ends it, the answer holds what was found
// and says how far back it came.
absl::StatusOr<SearchAnswer> FindSubstring(Database& database, const IndexedSession& session,
                                           std::string_view needle, int limit);
// The same, but reads only turns that match, the newest `max_turns` of them: `match` is for MATCH.
absl::StatusOr<SearchAnswer> FindSubstringAmong(Database& database, const IndexedSession& session,
                                                std::string_view match, std::string_view needle,
                                                int limit, int max_turns);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_INDEX_SEARCH_H_
