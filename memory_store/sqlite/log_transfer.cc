#include "memory_store/sqlite/log_transfer.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/log_schema.h"
#include "memory_store/sqlite/log_verify.h"

namespace fovea::sqlite {
namespace {

constexpr char kReadAnswersSql[] =
    "SELECT key, body_digest, first_seq, last_seq FROM idempotency_keys WHERE session = ?1"
    " ORDER BY row";

absl::Status SyncFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  const int result = fsync(file);
  const int error = errno;
  close(file);
  if (result == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(error, absl::StrCat("syncing ", path));
}

// One step for the whole file holds one state of the source throughout.
absl::Status CopyPages(Database& source, sqlite3* target) {
  sqlite3_backup* const backup = sqlite3_backup_init(target, "main", source.handle(), "main");
  if (backup == nullptr) return ToStatus(sqlite3_errcode(target), "backup", target);
  const int step = sqlite3_backup_step(backup, -1);
  int code = sqlite3_backup_finish(backup);
  // Finishing does not say that the step came to no end.
  if (code == SQLITE_OK && step != SQLITE_DONE) code = step;
  return code == SQLITE_OK ? absl::OkStatus() : ToStatus(code, "backup", target);
}

// Ends statements that Database's own `stop` does not reach: the check of the file's structure is
// one step of SQLite's virtual machine, however long the file is.
class Interrupter {
 public:
  // An empty `stop`: nothing is ended.
  Interrupter(Database& database, std::function<bool()> stop)
      : database_(database.handle()), stop_(std::move(stop)) {
    if (stop_) thread_ = std::thread([this] { Run(); });
  }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;
  ~Interrupter() {
    done_.Notify();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    constexpr absl::Duration kBetweenLooks = absl::Milliseconds(50);
    // Again and again: it ends only what runs at that moment.
    while (!done_.WaitForNotificationWithTimeout(kBetweenLooks)) {
      if (stop_()) sqlite3_interrupt(database_);
    }
  }

  sqlite3* const database_;
  const std::function<bool()> stop_;
  absl::Notification done_;
  std::thread thread_;
};

}  // namespace

absl::Status CopyDatabase(Database& source, const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("making ", path));
  close(file);
  sqlite3* target = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &target, SQLITE_OPEN_READWRITE, nullptr);
  absl::Status status =
      code == SQLITE_OK ? CopyPages(source, target) : ToStatus(code, "opening the copy", target);
  sqlite3_close(target);
  if (status.ok()) status = SyncFile(path);
  if (!status.ok()) unlink(path.c_str());
  return status;
}

absl::Status OverwriteDatabase(Database& source, Database& target) {
  FOVEA_RETURN_IF_ERROR(CopyPages(source, target.handle()));
  // SQLite tells how long the write-ahead log is by that only at the end of the next transaction,
  // and a checkpoint before that would make it false.
  return target.WriteTransaction([] { return absl::OkStatus(); });
}

absl::StatusOr<std::unique_ptr<LogSource>> LogSource::Open(const std::string& path,
                                                           const StillWanted& still_wanted) {
  DatabaseOptions options = {.path = path, .foreign = true};
  if (still_wanted) options.stop = [still_wanted] { return !still_wanted().ok(); };
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(options);
  absl::Status status = database.status();
  std::unique_ptr<LogSource> source;
  if (status.ok()) {
    source.reset(new LogSource(*std::move(database)));
    const Interrupter interrupter(*source->database_, options.stop);
    status = source->ReadAll(path);
  }
  // What SQLite says of an end that was asked for is not why.
  if (!status.ok() && still_wanted) FOVEA_RETURN_IF_ERROR(still_wanted());
  FOVEA_RETURN_IF_ERROR(status);
  return source;
}

absl::Status LogSource::ReadAll(const std::string& path) {
  const absl::Status own = CheckForeignLog(*database_);
  if (!own.ok()) return {own.code(), absl::StrCat(path, " ", own.message())};
  const absl::Status id = ReadStoreId(*database_).status();
  if (absl::IsNotFound(id)) return absl::DataLossError(absl::StrCat(path, " holds no store id"));
  FOVEA_RETURN_IF_ERROR(id);
  FOVEA_RETURN_IF_ERROR(PrepareSchema(*database_, kLogSchema));
  FOVEA_ASSIGN_OR_RETURN(report_, VerifyLog(*database_));
  if (report_.problems.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " is damaged: ", report_.problems.front(), " (",
                                          report_.problems.size(), " problems)"));
}

absl::StatusOr<std::vector<NamedSession>> LogSource::Sessions() { return ListNames(*database_); }

absl::StatusOr<SessionParts> LogSource::ReadParts(const NamedSession& session) {
  SessionParts parts;
  parts.tenant = session.tenant;
  const auto identity = static_cast<uint64_t>(session.row);
  FOVEA_ASSIGN_OR_RETURN(
      parts.row, FindSession(*database_, SessionRef(session.tenant, session.session_id, identity)));
  FOVEA_ASSIGN_OR_RETURN(parts.events, ReadEventRows(*database_, session.row, 1));
  FOVEA_ASSIGN_OR_RETURN(Query query, database_->Prepare(kReadAnswersSql));
  query.Int(session.row);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) return parts;
    parts.answers.emplace_back(
        query.StringAt(0),
        StoredAnswer{query.StringAt(1), query.UnsignedAt(2), query.UnsignedAt(3)});
  }
}

absl::StatusOr<std::vector<EncodedTurn>> LogSource::ReadTurns(const NamedSession& session,
                                                              uint64_t first_seq,
                                                              uint64_t max_bytes) {
  std::vector<EncodedTurn> turns;
  uint64_t bytes = 0;
  FOVEA_RETURN_IF_ERROR(ScanTurns(
      *database_, session.row, {first_seq, UINT64_MAX},
      [&](uint64_t /*seq*/, uint64_t text_bytes, std::string_view body) -> absl::StatusOr<bool> {
        turns.push_back({std::string(body), text_bytes, DigestTurn(body)});
        bytes += body.size();
        return bytes < max_bytes;
      }));
  return turns;
}

}  // namespace fovea::sqlite
