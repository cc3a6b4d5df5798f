// The log in one SQLite file.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_LOG_STORE_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_LOG_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/head_file.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/file_guard.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/log_tail.h"
#include "memory_store/sqlite/log_transfer.h"
#include "memory_store/sqlite/log_verify.h"
#include "memory_store/sqlite/read_pool.h"
#include "memory_store/sqlite/turn_reads.h"
#include "memory_store/sqlite/writer.h"
#include "memory_store/store_reports.h"

namespace fovea::sqlite {

struct LogStoreOptions {
  std::string path;
  std::string vfs;  // "" for the default
  // kNormal breaks the promise that an acknowledged turn survives a power loss; for measurements.
  DatabaseOptions::Synchronous synchronous = DatabaseOptions::Synchronous::kFull;
  int readers = 4;  // read connections, at least 1
  WriterOptions writer;
  // How far the log reached (head_file.h); "" for none: then lost commits are not noticed.
  std::string head_path;
  // Whether the files are still where the path leads; asked after each commit, before its callers
  // are answered, and on the writer's thread. Empty: they are.
  std::function<absl::Status()> still_ours;
  std::function<int64_t()> now_us;  // required; microseconds since the Unix epoch
  std::function<void(int64_t session_row)> on_change;  // after each append, fork and deletion
  // After a deletion, before its receipt, on the caller's thread: waits, not for long, until the
  // session's bytes have left other files, too. Empty: the receipt comes at once.
  std::function<void(const DeletionReceipt&)> wait_until_erased;
  // Adds what is wrong with other files to Verify's report. Empty: nothing.
  std::function<absl::Status(VerifyReport&)> verify_others;
};

// Turns are encoded and compressed in the caller's thread, and written by one Writer. Thread-safe.
class SqliteLogStore final : public LogStore, public LogTail {
 public:
  // UNAVAILABLE if the file cannot be opened; FAILED_PRECONDITION if it is not a log or from a
  // newer version that this one cannot read; DATA_LOSS if it is damaged, or lacks what it had
  // acknowledged: then nothing was written. Removes sessions that were staged or being deleted.
  static absl::StatusOr<std::unique_ptr<SqliteLogStore>> Open(LogStoreOptions options);

  // Random, drawn when the log was made.
  const std::string& store_id() const { return store_id_; }

  absl::StatusOr<SessionInfo> CreateSession(const SessionKey& key,
                                            const NewSession& session) override;
  absl::StatusOr<SessionInfo> GetSession(const SessionRef& session) override;
  absl::StatusOr<SessionListing> ListSessions(std::string_view tenant, int page_size,
                                              std::string_view page_token) override;
  absl::StatusOr<SessionInfo> StageSession(const SessionKey& key,
                                           const NewSession& session) override;
  absl::StatusOr<SessionInfo> PublishSession(const SessionRef& staged) override;
  absl::StatusOr<DeletionReceipt> DeleteSession(const SessionRef& session, int64_t now_us) override;
  absl::StatusOr<SessionInfo> ForkSession(const SessionRef& origin, uint64_t at_seq,
                                          const NewSession& fork) override;
  absl::StatusOr<AppendReceipt> Append(const SessionRef& session, AppendBatch batch) override;
  void StartAppend(const SessionRef& session, AppendBatch batch, AppendDone done) override;
  absl::StatusOr<LogEvent> AppendEvent(const SessionRef& session, LogEvent event) override;
  absl::StatusOr<std::vector<Turn>> ReadTurns(const SessionRef& session, SeqRange range,
                                              uint64_t max_bytes) override;
  absl::StatusOr<std::optional<std::vector<Turn>>> ReadSmallTurns(const SessionRef& session,
                                                                  SeqRange range,
                                                                  uint64_t max_bytes) override;
  absl::StatusOr<std::optional<std::vector<Turn>>> TryReadTurns(const SessionRef& session,
                                                                SeqRange range,
                                                                uint64_t max_bytes) override;
  absl::StatusOr<std::vector<LogEvent>> ReadEvents(const SessionRef& session,
                                                   uint64_t first_index) override;
  absl::StatusOr<LogStats> Stats() override;
  absl::StatusOr<VerifyReport> Verify() override;

  absl::StatusOr<SessionHead> Head(const SessionRef& session) override;
  absl::StatusOr<std::vector<SessionHead>> Heads() override;
  absl::StatusOr<std::vector<StoredTurn>> ReadStored(int64_t row, uint64_t first_seq,
                                                     size_t max_bytes) override;

  // What Verify finds and log_repair.h can mend; `left` is for the next Verify. Where the file's
  // structure is damaged, what can be read is copied to `scratch_path`, which is removed, and from
  // there over the log; no write runs meanwhile. Before anything is changed, a copy of the log as
  // it is gets a name beside it (`mended` says which); it goes again if nothing could be mended.
  // RESOURCE_EXHAUSTED if the disk has no room for that; then nothing was changed. One repair runs
  // at a time.
  absl::StatusOr<RepairReport> Repair(const std::string& scratch_path);
  // A copy of the log as it is now, in a new file that is read whole before this returns. Fails as
  // CopyDatabase does, or with DATA_LOSS if the log is not sound; then there is no file.
  absl::StatusOr<VerifyReport> Backup(const std::string& path,
                                      const StillWanted& still_wanted = {});
  // Copies every session out of such a file whose name is free here, with its events, times and
  // idempotency keys; each appears whole, or not at all. The file, or an older version's log, is
  // checked before the first, and may be changed (LogSource).
  absl::StatusOr<RestoreReport> Restore(const std::string& path,
                                        const StillWanted& still_wanted = {});
  absl::StatusOr<TenantHoldings> HoldingsOf(const std::string& tenant);
  // All sessions, those first that were longest without an append.
  absl::StatusOr<std::vector<OldSession>> ListByAge();
  absl::Status BringTimesBack();
  // As MemoryStore::DeleteUnchanged.
  absl::StatusOr<DeletionReceipt> DeleteUnchanged(const OldSession& session, int64_t now_us);
  // As Writer's.
  void Scrub() { writer_->ScrubLog(); }
  bool WaitUntilScrubbed(absl::Time deadline) { return writer_->WaitUntilScrubbed(deadline); }
  // As Writer::state; UNAVAILABLE, too, if somebody cut the files.
  absl::Status WriteState() const;
  // What a person should know of this opening.
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  // What a job changed, which its commit must show for.
  struct Change {
    uint64_t commit = 0;  // the number of the commit that is being made
    bool any = false;
  };
  using ChangingWork = absl::AnyInvocable<absl::Status(Database&, Change&)>;

  SqliteLogStore(LogStoreOptions options, std::string store_id)
      : options_(std::move(options)), store_id_(std::move(store_id)) {}
  absl::Status Start(std::unique_ptr<Database> database, const DatabaseOptions& file);
  // Says which sessions' states cannot be believed; those are left as they are.
  absl::Status NoticeUnsoundStates(Database& database);
  absl::Status CheckHead();
  absl::Status OnCommit();
  absl::Status Write(size_t bytes, ChangingWork work, Writer::Space space = Writer::Space::kTakes);
  // Runs `work` on the writer's thread, with the number of the commit that is being made.
  absl::Status RunChange(ChangingWork& work, Database& database);
  absl::StatusOr<SessionInfo> Insert(const SessionKey& key, const NewSession& session,
                                     SessionRow::State state);
  // Takes the session's name, if `may` agrees, and then its rows.
  absl::StatusOr<DeletionReceipt> Remove(const SessionRef& session, int64_t now_us,
                                         const std::function<absl::Status(const SessionRow&)>& may);
  absl::StatusOr<DeletionReceipt> Purge(int64_t session_row);
  // Of a session that is staged or hidden.
  absl::Status FinishDeletion(int64_t session_row);
  absl::Status MendLog(UnsoundParts unsound, const std::string& scratch_path,
                       RepairReport& repaired);
  absl::Status MendTablesIn(RepairReport& repaired);
  // DATA_LOSS says how the head's file is not as it is written.
  absl::Status LookAtHead();
  absl::Status MendHead(RepairReport& repaired);
  absl::Status Rewrite(const std::string& scratch_path, RepairReport& repaired);
  absl::Status MendSessionIn(const NamedSession& session, RepairReport& repaired);
  absl::StatusOr<uint64_t> RestoreTurns(LogSource& source, const NamedSession& session,
                                        int64_t now_us, int64_t row);
  absl::Status RestoreSession(LogSource& source, const NamedSession& session,
                              RestoreReport& restored);
  void Changed(int64_t session_row) const;

  const LogStoreOptions options_;
  const std::string store_id_;
  std::vector<std::string> notices_;
  Mutex repairing_;
  std::atomic<uint64_t> appended_turns_ = 0;
  // Used by the writer's thread alone, once it runs.
  std::unique_ptr<HeadFile> head_;
  // The number of the last commit; others only read it.
  std::atomic<uint64_t> committed_ = 0;
  bool changed_ = false;              // by the jobs of the open transaction
  std::unique_ptr<FileGuard> guard_;  // of the writer
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<ReadPool> readers_;  // closed before the writer, which checkpoints on closing
  std::unique_ptr<TurnReads> turn_reads_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_LOG_STORE_H_
