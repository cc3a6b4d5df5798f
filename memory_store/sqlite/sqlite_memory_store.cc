#include "memory_store/sqlite/sqlite_memory_store.h"

#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "memory_store/directory.h"
#include "memory_store/reserve.h"
#include "memory_store/sqlite/schema.h"
#include "memory_store/sqlite/sqlite_log_store.h"
#include "memory_store/sqlite/sqlite_page_store.h"
#include "memory_store/sqlite/sqlite_search_index.h"
#include "memory_store/sqlite/sqlite_usage_store.h"
#include "memory_store/sqlite/sqlite_view_store.h"

namespace fovea::sqlite {
namespace {

// How long a deletion waits for the last of its words to leave the disk before its receipt is
// given.
constexpr absl::Duration kEraseWait = absl::Seconds(2);

// A log that is missing beside what was made from it was not there from the start.
absl::Status CheckLogIsThere(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path root(directory);
  if (std::filesystem::file_size(root / "log.db", error) > 0 && !error) return absl::OkStatus();
  for (const char* name : {"head", "log.db-wal", "pages.db", "index.db", "views.db", "usage.db"}) {
    if (!std::filesystem::exists(root / name, error)) continue;
    return absl::DataLossError(absl::StrCat(
        directory, " holds ", name, ", but log.db is missing or empty: turns are lost. Restore a ",
        "backup; or, for an empty store, empty the directory"));
  }
  return absl::OkStatus();
}

// Backups on their way that a crash left.
void RemoveStaged(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (absl::StartsWith(entry.path().filename().string(), "staging-")) {
      std::filesystem::remove(entry.path(), error);
    }
  }
}

class SqliteMemoryStore final : public MemoryStore {
 public:
  SqliteMemoryStore(std::unique_ptr<LockedDirectory> directory, const StoreOptions& options)
      : directory_(std::move(directory)),
        path_(options.directory),
        staging_prefix_(absl::StrCat(options.directory, "/staging-")),
        usage_path_(absl::StrCat(options.directory, "/usage.db")),
        reserve_(absl::StrCat(options.directory, "/reserve"), options.reserve_bytes) {}
  SqliteMemoryStore(const SqliteMemoryStore&) = delete;
  SqliteMemoryStore& operator=(const SqliteMemoryStore&) = delete;
  // Before the log, which all of them read.
  ~SqliteMemoryStore() override {
    pages_.reset();
    views_.reset();
    search_.reset();
  }

  absl::Status OpenFiles(const StoreOptions& options) {
    FOVEA_RETURN_IF_ERROR(CheckLogIsThere(options.directory));
    RemoveStaged(options.directory);
    FOVEA_RETURN_IF_ERROR(OpenWithRoom("log.db", [&] { return OpenLog(options); }));
    if (opened_in_reserve_) EmptyWriteAheadLog();
    FOVEA_RETURN_IF_ERROR(OpenWithRoom("usage.db", [&] { return OpenUsage(); }));
    FOVEA_RETURN_IF_ERROR(OpenWithRoom("pages.db", [&] { return OpenPages(options); }));
    FOVEA_RETURN_IF_ERROR(OpenWithRoom("views.db", [&] { return OpenViews(options); }));
    FOVEA_RETURN_IF_ERROR(OpenWithRoom("index.db", [&] { return OpenSearch(options); }));
    KeepReserve();
    return directory_->Sync();
  }

  LogStore& log() override { return *log_; }
  PageStore& pages() override { return *pages_; }
  SearchIndex& search() override { return *search_; }
  UsageStore& usage() override { return *usage_; }
  ViewStore& views() override { return *views_; }

  absl::Status Writable() override {
    FOVEA_RETURN_IF_ERROR(log_->WriteState());
    return directory_->StillOurs();
  }
  absl::StatusOr<VerifyReport> Verify() override { return log_->Verify(); }

  absl::StatusOr<RepairReport> Repair() override {
    RepairReport report;
    FOVEA_ASSIGN_OR_RETURN(report, log_->Repair(StagingPath()));
    FOVEA_ASSIGN_OR_RETURN(const std::vector<std::string> pages, pages_->Repair());
    report.mended.insert(report.mended.end(), pages.begin(), pages.end());
    // The index holds the words of turns that were replaced.
    if (!report.sessions.empty() || absl::IsDataLoss(search_->Verify())) {
      FOVEA_RETURN_IF_ERROR(search_->Rebuild());
      report.mended.emplace_back("index.db is made again from the log");
    }
    if (absl::IsDataLoss(views_->Verify())) {
      views_->GiveUp();
      report.mended.emplace_back("views.db will be made new at the next start");
    }
    if (absl::IsDataLoss(usage_->Verify())) {
      MarkForDiscard(usage_path_);
      report.mended.emplace_back("usage.db will be made new at the next start");
    }
    FOVEA_ASSIGN_OR_RETURN(VerifyReport rest, Verify());
    report.left = std::move(rest.problems);
    return report;
  }

  absl::StatusOr<VerifyReport> Backup(const std::string& path,
                                      const StillWanted& still_wanted) override {
    return log_->Backup(path, still_wanted);
  }
  absl::StatusOr<RestoreReport> Restore(const std::string& path,
                                        const StillWanted& still_wanted) override {
    return log_->Restore(path, still_wanted);
  }
  std::string StagingPath() override {
    return absl::StrCat(staging_prefix_, staged_.fetch_add(1), ".db");
  }
  absl::StatusOr<TenantHoldings> HoldingsOf(const std::string& tenant) override {
    return log_->HoldingsOf(tenant);
  }
  absl::StatusOr<std::vector<OldSession>> ListByAge() override { return log_->ListByAge(); }
  absl::Status BringTimesBack() override { return log_->BringTimesBack(); }
  absl::StatusOr<DeletionReceipt> DeleteUnchanged(const OldSession& session,
                                                  int64_t now_us) override {
    return log_->DeleteUnchanged(session, now_us);
  }

  bool WaitUntilErased(const DeletionReceipt& receipt, absl::Time deadline) override {
    const bool log = log_->WaitUntilScrubbed(deadline);
    const bool pages = pages_->WaitUntilScrubbed(deadline);
    const bool views = views_->WaitUntilScrubbed(deadline);
    return search_->WaitUntilErased(static_cast<int64_t>(receipt.identity), deadline) && log &&
           pages && views;
  }

  std::vector<std::string> Notices() const override { return log_->notices(); }

 private:
  // Opening takes a little space even where nothing is new (the index of a write-ahead log, and
  // what a crash left to do). A full disk must not keep anybody from deleting, so the reserve goes
  // for it, and then what can be made again.
  absl::Status OpenWithRoom(const char* name, absl::FunctionRef<absl::Status()> open) {
    absl::Status status = open();
    if (!absl::IsResourceExhausted(status)) return status;
    opened_in_reserve_ = true;
    reserve_.Release();
    if (log_ != nullptr) EmptyWriteAheadLog();
    status = open();
    if (!absl::IsResourceExhausted(status)) return status;
    GiveUpCaches();
    status = open();
    if (!absl::IsResourceExhausted(status)) return status;
    return absl::ResourceExhaustedError(absl::StrCat(
        path_, "/", name, " cannot be opened, since its disk is full: the reserve and the caches ",
        "of the directory did not free enough. Make some MiB free on that disk, without touching ",
        "the directory's own files, and start again (", status.message(), ")"));
  }

  void GiveUpCaches() {
    // Those that are open already take no space that another needs to be opened, but have it.
    pages_ == nullptr ? RemoveDatabase(absl::StrCat(path_, "/pages.db"))
                      : static_cast<void>(pages_->GiveUp());
    views_ == nullptr ? RemoveDatabase(absl::StrCat(path_, "/views.db"))
                      : static_cast<void>(views_->GiveUp());
    if (search_ == nullptr) RemoveDatabase(absl::StrCat(path_, "/index.db"));
  }

  // What was opened in the reserve's space leaves less than all of it; but left free, the rest
  // would be taken by appends, and none would be there for deletions.
  void KeepReserve() { opened_in_reserve_ ? reserve_.KeepWhatFits() : reserve_.Keep(); }

  // What a process that was killed left in the write-ahead log moves to log.db, which takes space
  // until all of it has: before anybody else gets that, and at the cost of the caches.
  void EmptyWriteAheadLog() {
    constexpr absl::Duration kPatience = absl::Seconds(2);
    if (log_->WaitUntilScrubbed(absl::Now() + kPatience)) return;
    GiveUpCaches();
    log_->Scrub();
    log_->WaitUntilScrubbed(absl::Now() + kPatience);
  }

  absl::Status OpenUsage() {
    FOVEA_ASSIGN_OR_RETURN(usage_, SqliteUsageStore::Open(usage_path_, log_->store_id()));
    return absl::OkStatus();
  }

  absl::Status VerifyCaches(VerifyReport& report) {
    FOVEA_ASSIGN_OR_RETURN(const std::vector<std::string> pages, pages_->Verify());
    report.problems.insert(report.problems.end(), pages.begin(), pages.end());
    for (const auto& [name, status] :
         {std::pair("index.db", search_->Verify()), std::pair("views.db", views_->Verify()),
          std::pair("usage.db", usage_->Verify())}) {
      if (status.ok()) continue;
      if (!absl::IsDataLoss(status)) return status;
      report.problems.push_back(absl::StrCat(name, ": ", status.message()));
    }
    return absl::OkStatus();
  }

  absl::Status OpenLog(const StoreOptions& options) {
    LogStoreOptions log;
    log.path = absl::StrCat(options.directory, "/log.db");
    log.readers = options.log_readers;
    log.now_us = options.now_us;
    log.on_change = [this](int64_t session_row) { search_->Touch(session_row); };
    log.wait_until_erased = [this](const DeletionReceipt& receipt) {
      WaitUntilErased(receipt, absl::Now() + kEraseWait);
    };
    log.verify_others = [this](VerifyReport& report) { return VerifyCaches(report); };
    log.head_path = absl::StrCat(options.directory, "/head");
    log.still_ours = [this] { return directory_->StillOurs(); };
    log.writer.checkpoint_pages = 4096;  // of 4 KiB
    log.writer.make_room = [this] {
      const bool views = views_ != nullptr && views_->GiveUp();
      return (pages_ != nullptr && pages_->GiveUp()) || views;
    };
    log.writer.release_reserve = [this] { reserve_.Release(); };
    log.writer.keep_reserve = [this] { reserve_.Keep(); };
    FOVEA_ASSIGN_OR_RETURN(log_, SqliteLogStore::Open(std::move(log)));
    FOVEA_RETURN_IF_ERROR(directory_->Watch("log.db"));
    return directory_->Watch("log.db-wal");
  }

  absl::Status OpenPages(const StoreOptions& options) {
    PageStoreOptions pages;
    pages.path = absl::StrCat(options.directory, "/pages.db");
    pages.store_id = log_->store_id();
    pages.max_queued_bytes = options.max_queued_page_bytes;
    pages.max_bytes = options.max_page_bytes;
    pages.session_exists = [this](const SessionKey& key) {
      return !absl::IsNotFound(log_->Head(key).status());
    };
    FOVEA_ASSIGN_OR_RETURN(pages_, SqlitePageStore::Open(std::move(pages)));
    return absl::OkStatus();
  }

  absl::Status OpenViews(const StoreOptions& options) {
    ViewStoreOptions views;
    views.path = absl::StrCat(options.directory, "/views.db");
    views.store_id = log_->store_id();
    views.max_bytes = options.max_view_bytes;
    views.session_exists = [this](uint64_t session) {
      // By its number alone, whoever's it is; no turn is read.
      const auto row = static_cast<int64_t>(session);
      return !absl::IsNotFound(log_->ReadStored(row, INT64_MAX, 1).status());
    };
    FOVEA_ASSIGN_OR_RETURN(views_, SqliteViewStore::Open(std::move(views)));
    return absl::OkStatus();
  }

  absl::Status OpenSearch(const StoreOptions& options) {
    SearchIndexOptions search;
    search.path = absl::StrCat(options.directory, "/index.db");
    search.store_id = log_->store_id();
    search.wait = options.search_wait;
    FOVEA_ASSIGN_OR_RETURN(search_, SqliteSearchIndex::Open(std::move(search), log_.get()));
    return absl::OkStatus();
  }

  const std::unique_ptr<LockedDirectory> directory_;
  const std::string path_;
  const std::string staging_prefix_;
  std::atomic<uint64_t> staged_ = 0;
  const std::string usage_path_;
  Reserve reserve_;
  bool opened_in_reserve_ = false;
  std::unique_ptr<SqliteLogStore> log_;
  std::unique_ptr<SqlitePageStore> pages_;
  std::unique_ptr<SqliteViewStore> views_;
  std::unique_ptr<SqliteSearchIndex> search_;
  std::unique_ptr<SqliteUsageStore> usage_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MemoryStore>> OpenSqliteMemoryStore(
    std::unique_ptr<LockedDirectory> directory, const StoreOptions& options) {
  auto store = std::make_unique<SqliteMemoryStore>(std::move(directory), options);
  FOVEA_RETURN_IF_ERROR(store->OpenFiles(options));
  return store;
}

}  // namespace fovea::sqlite
