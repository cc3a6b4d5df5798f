#include "memory_store/sqlite/sqlite_page_store.h"

#include <algorithm>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/file_size.h"
#include "memory_store/sqlite/page_rows.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kSmallJobBytes = 1024;
// A file of less is no help to a full disk.
constexpr uint64_t kWorthGivingUp = uint64_t{1} << 20;
constexpr absl::Duration kReopenAfter = absl::Seconds(10);

// Sessions may have been deleted when this file was away, or just before a crash.
absl::Status DropDeletedSessions(Database& database, const PageStoreOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(const std::vector<SessionKey> keys, ListPageSessions(database));
  for (const SessionKey& key : keys) {
    if (options.session_exists(key)) continue;
    FOVEA_RETURN_IF_ERROR(
        database.WriteTransaction([&] { return DeletePages(database, key).status(); }));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Database>> OpenPages(const PageStoreOptions& options,
                                                    const DatabaseOptions& file) {
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenCache(file, kPageSchema, options.store_id));
  FOVEA_RETURN_IF_ERROR(DropDeletedSessions(*database, options));
  return database;
}

WriterOptions ToWriterOptions(const PageStoreOptions& options) {
  WriterOptions writer;
  writer.max_queued_bytes = options.max_queued_bytes;
  return writer;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqlitePageStore>> SqlitePageStore::Open(PageStoreOptions options) {
  std::unique_ptr<SqlitePageStore> store(new SqlitePageStore(std::move(options)));
  FOVEA_ASSIGN_OR_RETURN(store->file_, store->OpenFile());
  // What was deleted before a crash leaves the write-ahead log.
  store->file_->writer->ScrubLog();
  return store;
}

SqlitePageStore::~SqlitePageStore() = default;

absl::StatusOr<std::unique_ptr<SqlitePageStore::File>> SqlitePageStore::OpenFile() const {
  const DatabaseOptions options = {.path = options_.path,
                                   .vfs = "",
                                   .synchronous = DatabaseOptions::Synchronous::kNormal,
                                   .secure_delete = true};
  absl::StatusOr<std::unique_ptr<Database>> database = OpenPages(options_, options);
  if (absl::IsDataLoss(database.status())) {
    MarkForDiscard(options_.path);
    database = OpenPages(options_, options);
  }
  FOVEA_RETURN_IF_ERROR(database.status());
  auto file = std::make_unique<File>();
  FOVEA_ASSIGN_OR_RETURN(file->readers, ReadPool::Open(options, std::max(1, options_.readers)));
  file->writer = Writer::Start(*std::move(database), ToWriterOptions(options_));
  return file;
}

bool SqlitePageStore::GiveUp() {
  const std::unique_lock<std::shared_mutex> lock(file_mutex_);
  const uint64_t bytes = DatabaseBytes(options_.path);
  if (file_ == nullptr || bytes < kWorthGivingUp) return false;
  file_.reset();
  RemoveDatabase(options_.path);
  reopen_at_us_ = absl::ToUnixMicros(absl::Now() + kReopenAfter);
  return true;
}

void SqlitePageStore::TryReopen() {
  const std::unique_lock<std::shared_mutex> lock(file_mutex_);
  if (file_ != nullptr || absl::ToUnixMicros(absl::Now()) < reopen_at_us_) return;
  absl::StatusOr<std::unique_ptr<File>> file = OpenFile();
  if (file.ok()) {
    file_ = *std::move(file);
    reopen_at_us_ = 0;
  } else {
    reopen_at_us_ = absl::ToUnixMicros(absl::Now() + kReopenAfter);
  }
}

absl::Status SqlitePageStore::Put(const SessionKey& key, std::vector<StoredPage> pages) {
  if (reopen_at_us_ != 0) TryReopen();
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
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  if (file_ == nullptr) {
    Forget(key, *job);
    return absl::OkStatus();
  }
  file_->writer->Submit(
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
  FOVEA_ASSIGN_OR_RETURN(const int64_t session, FindOrInsertPageSession(database, key));
  for (const auto& [page_id, png] : pages) {
    FOVEA_RETURN_IF_ERROR(InsertPage(database, session, page_id, *png));
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
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  std::optional<ReadPool::Lease> database;
  if (file_ != nullptr) database.emplace(file_->readers->Borrow());
  absl::Status failure;
  for (const std::string& page_id : page_ids) {
    // The queue first: a page leaves it only after it can be read from the file.
    std::optional<std::string> png = FindQueued(key, page_id);
    if (!png && database) png = FindStored(*file_, **database, key, page_id, failure);
    pages.push_back(std::move(png));
  }
  FOVEA_RETURN_IF_ERROR(failure);
  return pages;
}

// A page that is damaged is as good as one that is not there; its row goes, so that the page that
// is drawn again finds room.
std::optional<std::string> SqlitePageStore::FindStored(File& file, Database& database,
                                                       const SessionKey& key,
                                                       const std::string& page_id,
                                                       absl::Status& failure) {
  absl::StatusOr<std::optional<FoundPage>> page = FindPage(database, key, page_id);
  if (!page.ok()) {
    if (!absl::IsDataLoss(NoteDamage(page.status()))) failure = page.status();
    return std::nullopt;
  }
  if (!page->has_value()) return std::nullopt;
  if ((*page)->sound) return std::move((*page)->png);
  file.writer->Submit(
      kSmallJobBytes, [row = (*page)->row](Database& writing) { return DeletePage(writing, row); },
      [this](const absl::Status& status) { NoteDamage(status).IgnoreError(); });
  return std::nullopt;
}

absl::StatusOr<uint64_t> SqlitePageStore::DeleteSession(const SessionKey& key) {
  uint64_t count = 0;
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  if (file_ == nullptr) return count;
  FOVEA_RETURN_IF_ERROR(
      NoteDamage(file_->writer->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(count, DeletePages(database, key));
        return absl::OkStatus();
      })));
  file_->writer->ScrubLog();
  return count;
}

absl::StatusOr<uint64_t> SqlitePageStore::DeleteAll() {
  uint64_t count = 0;
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  if (file_ == nullptr) return count;
  FOVEA_RETURN_IF_ERROR(
      NoteDamage(file_->writer->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(count, DeleteAllPages(database));
        return absl::OkStatus();
      })));
  file_->writer->ScrubLog();
  return count;
}

absl::StatusOr<PageStats> SqlitePageStore::Stats() {
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  if (file_ == nullptr) return PageStats();
  // An empty job: what was put before is counted.
  FOVEA_RETURN_IF_ERROR(file_->writer->Run(0, [](Database&) { return absl::OkStatus(); }));
  const ReadPool::Lease database = file_->readers->Borrow();
  FOVEA_ASSIGN_OR_RETURN(PageStats stats, CountPages(*database));
  stats.file_bytes = DatabaseBytes(options_.path);
  return stats;
}

bool SqlitePageStore::WaitUntilScrubbed(absl::Time deadline) {
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  return file_ == nullptr || file_->writer->WaitUntilScrubbed(deadline);
}

absl::StatusOr<std::vector<std::string>> SqlitePageStore::Verify() {
  std::vector<std::string> problems;
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  if (file_ == nullptr) return problems;
  const ReadPool::Lease database = file_->readers->Borrow();
  const absl::StatusOr<PageProblems> found = CheckPages(*database);
  if (!found.ok() && !absl::IsDataLoss(NoteDamage(found.status()))) return found.status();
  const absl::Status structure = found.ok() ? found->structure : found.status();
  if (!structure.ok()) problems.push_back(absl::StrCat("pages.db: ", structure.message()));
  if (!found.ok()) return problems;
  for (const PageProblems::Damaged& page : found->damaged) {
    problems.push_back(absl::StrCat("pages.db: ", page.what));
  }
  return problems;
}

absl::StatusOr<std::vector<std::string>> SqlitePageStore::Repair() {
  std::vector<std::string> mended;
  absl::StatusOr<PageProblems> found = absl::UnknownError("");
  {
    const std::shared_lock<std::shared_mutex> lock(file_mutex_);
    if (file_ == nullptr) return mended;
    const ReadPool::Lease database = file_->readers->Borrow();
    found = CheckPages(*database);
    if (!found.ok() && !absl::IsDataLoss(found.status())) return found.status();
  }
  if (!found.ok() || !found->structure.ok()) {
    const std::unique_lock<std::shared_mutex> lock(file_mutex_);
    file_.reset();
    RemoveDatabase(options_.path);
    FOVEA_ASSIGN_OR_RETURN(file_, OpenFile());
    mended.push_back("pages.db was damaged: all pages were dropped, and will be drawn again");
    return mended;
  }
  const std::shared_lock<std::shared_mutex> lock(file_mutex_);
  for (const PageProblems::Damaged& page : found->damaged) {
    FOVEA_RETURN_IF_ERROR(file_->writer->Run(
        kSmallJobBytes, [&](Database& database) { return DeletePage(database, page.row); }));
    mended.push_back(absl::StrCat("pages.db: ", page.what, ": dropped, and will be drawn again"));
  }
  return mended;
}

}  // namespace fovea::sqlite
