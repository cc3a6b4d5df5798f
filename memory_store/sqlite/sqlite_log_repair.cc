// Repair of SqliteLogStore.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "memory_store/directory.h"
#include "memory_store/sqlite/log_repair.h"
#include "memory_store/sqlite/log_salvage.h"
#include "memory_store/sqlite/log_verify.h"
#include "memory_store/sqlite/schema.h"
#include "memory_store/sqlite/session_states.h"
#include "memory_store/sqlite/sqlite_log_store.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kSmallJobBytes = 1024;
constexpr int kMaxKept = 1000;

// Where the sessions cannot even be listed, the structure is what is damaged.
absl::StatusOr<UnsoundParts> LookForDamage(Database& database) {
  UnsoundParts unsound;
  const absl::Status status = VerifyLog(database, &unsound).status();
  if (absl::IsDataLoss(status)) unsound.file = true;
  if (!status.ok() && !absl::IsDataLoss(status)) return status;
  return unsound;
}

class RemovedAtEnd {
 public:
  explicit RemovedAtEnd(std::string path) : path_(std::move(path)) { RemoveDatabase(path_); }
  RemovedAtEnd(const RemovedAtEnd&) = delete;
  RemovedAtEnd& operator=(const RemovedAtEnd&) = delete;
  ~RemovedAtEnd() { RemoveDatabase(path_); }

 private:
  const std::string path_;
};

// Gives a whole file its name; nobody else makes files in the directory meanwhile.
absl::StatusOr<std::string> NameKept(const std::string& whole, const std::string& log_path) {
  for (int i = 1; i <= kMaxKept; ++i) {
    std::string path = absl::StrCat(log_path, ".damaged-", i);
    struct stat there = {};
    if (lstat(path.c_str(), &there) == 0) continue;
    if (rename(whole.c_str(), path.c_str()) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("naming ", path));
    }
    FOVEA_RETURN_IF_ERROR(SyncDirectory(std::filesystem::absolute(path).parent_path()));
    return path;
  }
  return absl::FailedPreconditionError(
      absl::StrCat(log_path, ".damaged-1 to -", kMaxKept, " exist: remove some"));
}

// Copies the log as it is beside itself. A crash on the way leaves no more than a file at
// `scratch_path`.
absl::StatusOr<std::string> KeepDamaged(Database& database, const std::string& scratch_path,
                                        const std::string& log_path) {
  const RemovedAtEnd removed(scratch_path);
  const absl::Status copied = CopyDatabase(database, scratch_path);
  if (copied.ok()) return NameKept(scratch_path, log_path);
  return absl::Status(copied.code(),
                      absl::StrCat("nothing was repaired, since the log as it is could not be "
                                   "kept in a copy first: ",
                                   copied.message()));
}

// UNAVAILABLE would stop the writer, and is for the log alone.
absl::Status OfOtherFile(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return status;
  return absl::FailedPreconditionError(
      absl::StrCat("the log cannot be rewritten: ", status.message()));
}

}  // namespace

absl::StatusOr<RepairReport> SqliteLogStore::Repair(const std::string& scratch_path) {
  const MutexLock lock(&repairing_);
  RepairReport repaired;
  UnsoundParts unsound;
  {
    const ReadPool::Lease database = readers_->Borrow();
    FOVEA_ASSIGN_OR_RETURN(unsound, LookForDamage(*database));
  }
  if (unsound.file || unsound.orphans || unsound.states || !unsound.sessions.empty()) {
    std::string kept;
    {
      const ReadPool::Lease database = readers_->Borrow();
      FOVEA_ASSIGN_OR_RETURN(kept, KeepDamaged(*database, scratch_path, options_.path));
    }
    const absl::Status status = MendLog(unsound, scratch_path, repaired);
    // A disk that refused may hold what was written all the same.
    if (repaired.mended.empty() && !absl::IsUnavailable(status)) {
      unlink(kept.c_str());
    } else {
      repaired.mended.insert(
          repaired.mended.begin(),
          absl::StrCat("log.db as it was is kept as ", kept, "; remove it when nobody needs it"));
    }
    FOVEA_RETURN_IF_ERROR(status);
  }
  // What was mended is said in any case, and Verify says what is left.
  MendHead(repaired).IgnoreError();
  return repaired;
}

absl::Status SqliteLogStore::MendLog(UnsoundParts unsound, const std::string& scratch_path,
                                     RepairReport& repaired) {
  // The indexes are never made again in place: they are what tells what the tables lack.
  bool rewrite = unsound.file;
  if (!rewrite && (unsound.orphans || unsound.states)) {
    const absl::Status tables = MendTablesIn(repaired);
    rewrite = absl::IsDataLoss(tables) || absl::IsInternal(tables);
    if (!rewrite) FOVEA_RETURN_IF_ERROR(tables);
  }
  if (rewrite) {
    FOVEA_RETURN_IF_ERROR(Rewrite(scratch_path, repaired));
    FOVEA_RETURN_IF_ERROR(MendTablesIn(repaired));
  }
  if (rewrite || unsound.orphans || unsound.states) {
    const ReadPool::Lease database = readers_->Borrow();
    FOVEA_ASSIGN_OR_RETURN(unsound, LookForDamage(*database));
  }
  for (const NamedSession& session : unsound.sessions) {
    FOVEA_RETURN_IF_ERROR(MendSessionIn(session, repaired));
  }
  std::vector<int64_t> hidden;
  {
    const ReadPool::Lease database = readers_->Borrow();
    FOVEA_ASSIGN_OR_RETURN(hidden, ListHidden(*database));
  }
  for (const int64_t row : hidden) {
    const absl::Status deleted = FinishDeletion(row);
    if (!absl::IsDataLoss(deleted)) FOVEA_RETURN_IF_ERROR(deleted);
  }
  return absl::OkStatus();
}

absl::Status SqliteLogStore::MendTablesIn(RepairReport& repaired) {
  MendedStates states;
  std::vector<std::string> mended;
  FOVEA_RETURN_IF_ERROR(
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(states, MendStates(database));
        FOVEA_ASSIGN_OR_RETURN(mended, MendTables(database));
        change.any = true;
        // The row that knew the last commit may be one that goes.
        return SetDeletionCommit(database, change.commit);
      }));
  repaired.mended.insert(repaired.mended.end(), states.mended.begin(), states.mended.end());
  repaired.mended.insert(repaired.mended.end(), mended.begin(), mended.end());
  for (const int64_t row : states.opened) Changed(row);
  return absl::OkStatus();
}

absl::Status SqliteLogStore::MendSessionIn(const NamedSession& session, RepairReport& repaired) {
  MendedSession mended;
  const absl::Status status =
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(mended, MendSession(database, session, change.commit));
        change.any = true;
        return absl::OkStatus();
      });
  if (absl::IsDataLoss(status)) return absl::OkStatus();  // Verify says what is left
  FOVEA_RETURN_IF_ERROR(status);
  repaired.mended.insert(repaired.mended.end(), mended.mended.begin(), mended.mended.end());
  if (mended.turns_changed) repaired.sessions.push_back({session.tenant, session.session_id});
  Changed(session.row);
  return absl::OkStatus();
}

// In one commit, which a crash undoes or leaves whole; the files on the way are nobody's.
absl::Status SqliteLogStore::Rewrite(const std::string& scratch_path, RepairReport& repaired) {
  std::vector<std::string> said;
  FOVEA_RETURN_IF_ERROR(writer_->RunAlone([&](Database& log) -> absl::Status {
    const RemovedAtEnd removed(scratch_path);
    // A connection of its own, so that what it holds of damaged pages goes with it.
    auto damaged = Database::Open({.path = options_.path,
                                   .vfs = options_.vfs,
                                   .access = DatabaseOptions::Access::kReadOnly,
                                   .foreign = true});
    FOVEA_RETURN_IF_ERROR(OfOtherFile(damaged.status()));
    auto salvaged = SalvageLog(**damaged, scratch_path, store_id_, committed_ + 1);
    FOVEA_RETURN_IF_ERROR(OfOtherFile(salvaged.status()));
    said = salvaged->lost;
    FOVEA_ASSIGN_OR_RETURN(const uint64_t pages, salvaged->database->PageCount());
    FOVEA_ASSIGN_OR_RETURN(const uint64_t page_bytes, log.PageBytes());
    FOVEA_RETURN_IF_ERROR(OverwriteDatabase(*salvaged->database, log));
    guard_->WillShrinkTo(pages * page_bytes);
    changed_ = true;
    return absl::OkStatus();
  }));
  // The write-ahead log holds all of it, and the file what was there before.
  writer_->ScrubLog();
  repaired.mended.emplace_back("log.db was damaged and is written anew from what can be read");
  repaired.mended.insert(repaired.mended.end(), said.begin(), said.end());
  return absl::OkStatus();
}

// What the file should say may move on while it is read, and half of a write may be read.
absl::Status SqliteLogStore::LookAtHead() {
  constexpr int kAttempts = 20;
  absl::Status found = absl::OkStatus();
  for (int i = 0; i < kAttempts && !options_.head_path.empty(); ++i) {
    if (i > 0) absl::SleepFor(absl::Milliseconds(5));
    const uint64_t last = committed_;
    const absl::StatusOr<LogHead> head = HeadFile::Read(options_.head_path);
    if (!head.ok()) {
      found = absl::DataLossError(head.status().message());
    } else if (head->store_id != store_id_ || head->commit < last) {
      found = absl::DataLossError(
          absl::StrCat(options_.head_path, " is not the one that is written for this log"));
    } else {
      return absl::OkStatus();
    }
  }
  return found;
}

absl::Status SqliteLogStore::MendHead(RepairReport& repaired) {
  const absl::Status found = LookAtHead();
  if (!absl::IsDataLoss(found)) return found;
  FOVEA_RETURN_IF_ERROR(writer_->RunAlone([&](Database& /*log*/) -> absl::Status {
    if (options_.still_ours) FOVEA_RETURN_IF_ERROR(options_.still_ours());
    // The file that is open may be another than the one that is there now.
    auto head = HeadFile::Open(options_.head_path);
    FOVEA_RETURN_IF_ERROR(OfOtherFile(head.status()));
    FOVEA_RETURN_IF_ERROR(OfOtherFile((*head)->Write({store_id_, committed_})));
    FOVEA_RETURN_IF_ERROR(OfOtherFile((*head)->Sync()));
    head_ = *std::move(head);
    return absl::OkStatus();
  }));
  repaired.mended.push_back(absl::StrCat(found.message(), ": it is written again"));
  return absl::OkStatus();
}

}  // namespace fovea::sqlite
