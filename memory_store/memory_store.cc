#include "memory_store/memory_store.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "memory_store/directory.h"
#include "memory_store/sqlite/sqlite_log_store.h"
#include "memory_store/sqlite/sqlite_page_store.h"
#include "memory_store/sqlite/sqlite_search_index.h"
#include "memory_store/sqlite/sqlite_usage_store.h"
#include "memory_store/sqlite/status_macros.h"

namespace fovea {
namespace {

class SqliteMemoryStore final : public MemoryStore {
 public:
  explicit SqliteMemoryStore(std::unique_ptr<LockedDirectory> directory)
      : directory_(std::move(directory)) {}
  SqliteMemoryStore(const SqliteMemoryStore&) = delete;
  SqliteMemoryStore& operator=(const SqliteMemoryStore&) = delete;
  // Before the log, which both of them read.
  ~SqliteMemoryStore() override {
    pages_.reset();
    search_.reset();
  }

  absl::Status OpenFiles(const StoreOptions& options) {
    STORE_RETURN_IF_ERROR(OpenLog(options));
    STORE_RETURN_IF_ERROR(OpenPages(options));
    STORE_RETURN_IF_ERROR(OpenSearch(options));
    STORE_ASSIGN_OR_RETURN(
        usage_, sqlite::SqliteUsageStore::Open(absl::StrCat(options.directory, "/usage.db"),
                                               log_->store_id()));
    return directory_->Sync();
  }

  LogStore& log() override { return *log_; }
  PageStore& pages() override { return *pages_; }
  SearchIndex& search() override { return *search_; }
  UsageStore& usage() override { return *usage_; }

 private:
  absl::Status OpenLog(const StoreOptions& options) {
    sqlite::LogStoreOptions log;
    log.path = absl::StrCat(options.directory, "/log.db");
    log.readers = options.log_readers;
    log.now_us = options.now_us;
    log.on_change = [this](int64_t session_row) { search_->Touch(session_row); };
    STORE_ASSIGN_OR_RETURN(log_, sqlite::SqliteLogStore::Open(std::move(log)));
    return absl::OkStatus();
  }

  absl::Status OpenPages(const StoreOptions& options) {
    sqlite::PageStoreOptions pages;
    pages.path = absl::StrCat(options.directory, "/pages.db");
    pages.store_id = log_->store_id();
    pages.max_queued_bytes = options.max_queued_page_bytes;
    pages.max_bytes = options.max_page_bytes;
    pages.session_exists = [this](const SessionKey& key) {
      return !absl::IsNotFound(log_->Head(key).status());
    };
    STORE_ASSIGN_OR_RETURN(pages_, sqlite::SqlitePageStore::Open(std::move(pages)));
    return absl::OkStatus();
  }

  absl::Status OpenSearch(const StoreOptions& options) {
    sqlite::SearchIndexOptions search;
    search.path = absl::StrCat(options.directory, "/index.db");
    search.store_id = log_->store_id();
    search.wait = options.search_wait;
    STORE_ASSIGN_OR_RETURN(search_, sqlite::SqliteSearchIndex::Open(std::move(search), log_.get()));
    return absl::OkStatus();
  }

  const std::unique_ptr<LockedDirectory> directory_;
  std::unique_ptr<sqlite::SqliteLogStore> log_;
  std::unique_ptr<sqlite::SqlitePageStore> pages_;
  std::unique_ptr<sqlite::SqliteSearchIndex> search_;
  std::unique_ptr<sqlite::SqliteUsageStore> usage_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MemoryStore>> MemoryStore::Open(StoreOptions options) {
  if (options.directory.empty()) return absl::InvalidArgumentError("a store needs a directory");
  if (!options.now_us) options.now_us = [] { return absl::GetCurrentTimeNanos() / 1000; };
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<LockedDirectory> directory,
                         LockedDirectory::Open(options.directory));
  auto store = std::make_unique<SqliteMemoryStore>(std::move(directory));
  STORE_RETURN_IF_ERROR(store->OpenFiles(options));
  return store;
}

}  // namespace fovea
