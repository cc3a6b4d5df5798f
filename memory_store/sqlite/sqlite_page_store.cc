#include "memory_store/sqlite/sqlite_page_store.h"

#include <algorithm>

#include "memory_store/sqlite/file_size.h"
#include "memory_store/sqlite/page_rows.h"
#include "memory_store/sqlite/status_macros.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kSmallJobBytes = 1024;

// Sessions may have been deleted when this file was away, or just before a crash.
absl::Status DropDeletedSessions(Database& database, const PageStoreOptions& options) {
  STORE_ASSIGN_OR_RETURN(const std::vector<SessionKey> keys, ListPageSessions(database));
  for (const SessionKey& key : keys) {
    if (options.session_exists(key)) continue;
    STORE_RETURN_IF_ERROR(
        database.WriteTransaction([&] { return DeletePages(database, key).status(); }));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Database>> OpenPages(const PageStoreOptions& options,
                                                    const DatabaseOptions& file) {
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenCache(file, kPageSchema, options.store_id));
  STORE_RETURN_IF_ERROR(DropDeletedSessions(*database, options));
  return database;
}

WriterOptions ToWriterOptions(const PageStoreOptions& options) {
  WriterOptions writer;
  writer.max_queued_bytes = options.max_queued_bytes;
  return writer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqlitePageStore>> SqlitePageStore::Open(PageStoreOptions options) {
  const DatabaseOptions file = {.path = options.path,
                                .vfs = "",
                                .synchronous = DatabaseOptions::Synchronous::kNormal,
                                .secure_delete = true};
  absl::StatusOr<std::unique_ptr<Database>> database = OpenPages(options, file);
  if (absl::IsDataLoss(database.status())) {
    MarkForDiscard(options.path);
    database = OpenPages(options, file);
  }
  STORE_RETURN_IF_ERROR(database.status());
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<ReadPool> readers,
                         ReadPool::Open(file, std::max(1, options.readers)));
  return std::unique_ptr<SqlitePageStore>(
      new SqlitePageStore(std::move(options), *std::move(database), std::move(readers)));
}

SqlitePageStore::SqlitePageStore(PageStoreOptions options, std::unique_ptr<Database> database,
                                 std::unique_ptr<ReadPool> readers)
    : options_(std::move(options)),
      writer_(Writer::Start(std::move(database), ToWriterOptions(options_))),
      readers_(std::move(readers)) {}

SqlitePageStore::~SqlitePageStore() = default;

absl::Status SqlitePageStore::Put(const SessionKey& key, std::vector<StoredPage> pages) {
  Queued fresh;
  size_t bytes = kSmallJobBytes;
  {
    const MutexLock lock(&mutex_);
    for (StoredPage& page : pages) {
      auto [entry, inserted] =
          queued_.try_emplace({key.tenant, key.session_id, page.page_id}, nullptr);
      if (!inserted) continue;
      bytes += page.png.size();
      entry->second = std::make_shared<const std::string>(std::move(page.png));
      fresh.emplace_back(std::move(page.page_id), entry->second);
    }
  }
  if (fresh.empty()) return absl::OkStatus();
  const auto job = std::make_shared<const Queued>(std::move(fresh));
  writer_->Submit(
      bytes, [this, key, job](Database& database) { return Write(database, key, *job); },
      [this, key, job](const absl::Status& status) {
        NoteDamage(status).IgnoreError();
        Forget(key, *job);
      });
  return absl::OkStatus();
}

absl::Status SqlitePageStore::Write(Database& database, const SessionKey& key,
                                    const Queued& pages) const {
  if (!options_.session_exists(key)) return absl::OkStatus();
  STORE_ASSIGN_OR_RETURN(const int64_t session, FindOrInsertPageSession(database, key));
  for (const auto& [page_id, png] : pages) {
    STORE_RETURN_IF_ERROR(InsertPage(database, session, page_id, *png));
  }
  if (options_.max_bytes == 0) return absl::OkStatus();
  return EvictPages(database, options_.max_bytes);
}

void SqlitePageStore::Forget(const SessionKey& key, const Queued& pages) {
  const MutexLock lock(&mutex_);
  for (const auto& [page_id, png] : pages) queued_.erase({key.tenant, key.session_id, page_id});
}

std::optional<std::string> SqlitePageStore::FindQueued(const SessionKey& key,
                                                       const std::string& page_id) {
  const MutexLock lock(&mutex_);
  const auto entry = queued_.find({key.tenant, key.session_id, page_id});
  if (entry == queued_.end()) return std::nullopt;
  return *entry->second;
}

absl::Status SqlitePageStore::NoteDamage(absl::Status status) const {
  if (absl::IsDataLoss(status)) MarkForDiscard(options_.path);
  return status;
}

absl::StatusOr<std::vector<std::optional<std::string>>> SqlitePageStore::Get(
    const SessionKey& key, const std::vector<std::string>& page_ids) {
  std::vector<std::optional<std::string>> pages;
  pages.reserve(page_ids.size());
  const ReadPool::Lease database = readers_->Borrow();
  for (const std::string& page_id : page_ids) {
    // The queue first: a page leaves it only after it can be read from the file.
    std::optional<std::string> png = FindQueued(key, page_id);
    if (!png) {
      absl::StatusOr<std::optional<std::string>> stored = FindPage(*database, key, page_id);
      // A page that cannot be read is as good as one that is not there.
      if (!stored.ok() && !absl::IsDataLoss(NoteDamage(stored.status()))) return stored.status();
      if (stored.ok()) png = *std::move(stored);
    }
    pages.push_back(std::move(png));
  }
  return pages;
}

absl::StatusOr<uint64_t> SqlitePageStore::DeleteSession(const SessionKey& key) {
  uint64_t count = 0;
  STORE_RETURN_IF_ERROR(
      NoteDamage(writer_->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
        STORE_ASSIGN_OR_RETURN(count, DeletePages(database, key));
        return absl::OkStatus();
      })));
  writer_->ScrubLog();
  return count;
}

absl::StatusOr<uint64_t> SqlitePageStore::DeleteAll() {
  uint64_t count = 0;
  STORE_RETURN_IF_ERROR(
      NoteDamage(writer_->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
        STORE_ASSIGN_OR_RETURN(count, DeleteAllPages(database));
        return absl::OkStatus();
      })));
  writer_->ScrubLog();
  return count;
}

absl::StatusOr<PageStats> SqlitePageStore::Stats() {
  // An empty job: what was put before is counted.
  STORE_RETURN_IF_ERROR(writer_->Run(0, [](Database&) { return absl::OkStatus(); }));
  const ReadPool::Lease database = readers_->Borrow();
  STORE_ASSIGN_OR_RETURN(PageStats stats, CountPages(*database));
  stats.file_bytes = DatabaseBytes(options_.path);
  return stats;
}

}  // namespace fovea::sqlite
