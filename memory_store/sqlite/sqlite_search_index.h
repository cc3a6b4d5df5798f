// Search by words in one SQLite file, which follows the log.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_SEARCH_INDEX_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_SEARCH_INDEX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/log/search_index.h"
#include "memory_store/sqlite/indexer.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/sqlite/read_pool.h"

namespace fovea::sqlite {

struct SearchIndexOptions {
  std::string path;
  std::string store_id;                           // of the log
  int readers = 4;                                // read connections, at least 1
  absl::Duration wait = absl::Milliseconds(200);  // how long a search waits for the index
};

// Thread-safe. A search also fails with UNAVAILABLE if the index cannot be read; a damaged one is
// made again from the log when the store is next opened.
class SqliteSearchIndex final : public SearchIndex {
 public:
  // `log` must outlive the index. A file that is damaged or belongs to another log is made again.
  // UNAVAILABLE if it cannot be opened.
  static absl::StatusOr<std::unique_ptr<SqliteSearchIndex>> Open(SearchIndexOptions options,
                                                                 LogTail* log);

  // The session has changed or is gone.
  void Touch(int64_t session_row) { indexer_->Touch(session_row); }
  // As Indexer::WaitUntilErased.
  bool WaitUntilErased(int64_t session_row, absl::Time deadline) {
    return indexer_->WaitUntilErased(session_row, deadline);
  }
  // Whether the index is sound in itself: DATA_LOSS if not. Slow.
  absl::Status Verify() { return indexer_->Check(); }
  // Makes it again from the log, in the background.
  absl::Status Rebuild() { return indexer_->Rebuild(); }

  absl::StatusOr<SearchAnswer> Find(const SessionKey& key, const SearchQuery& query) override;

 private:
  SqliteSearchIndex(SearchIndexOptions options, LogTail* log, std::unique_ptr<Indexer> indexer,
                    std::unique_ptr<ReadPool> readers)
      : options_(std::move(options)),
        log_(log),
        indexer_(std::move(indexer)),
        readers_(std::move(readers)) {}

  const SearchIndexOptions options_;
  LogTail* const log_;
  const std::unique_ptr<Indexer> indexer_;
  const std::unique_ptr<ReadPool> readers_;  // closed before the indexer's connection
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_SEARCH_INDEX_H_
