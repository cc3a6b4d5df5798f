// The one thread that writes to a database, and the queue before it.
#ifndef FOVEA_MEMORY_STORE_SQLITE_WRITER_H_
#define FOVEA_MEMORY_STORE_SQLITE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/file_guard.h"

namespace fovea::sqlite {

struct WriterOptions {
  size_t max_batch_jobs = 1024;         // jobs in one transaction
  size_t max_batch_bytes = 8 << 20;     // and their bytes; one job may exceed it
  size_t max_queued_bytes = 256 << 20;  // Submit waits while more is queued
  int checkpoint_pages = 1024;          // in the write-ahead log
  // Before each transaction is tried.
  std::function<void()> on_begin;
  // After each commit, before those who wait are told. An error stops the writer as a refused
  // commit does, and is what they are told.
  std::function<absl::Status()> on_commit;
  // Asked before each write and told after it; what it refuses stops the writer. Outlives it. Null:
  // the files are not watched.
  FileGuard* guard = nullptr;
  // The disk is full. Gives back space that others can do without; true if a second try is worth
  // it.
  std::function<bool()> make_room;
  // Space that is kept for jobs that free space: taken for them alone, and kept again after them.
  std::function<void()> release_reserve;
  std::function<void()> keep_reserve;
};

// Takes what is queued, runs it as one transaction with a savepoint for each job, and tells each
// job once the transaction is on disk: the more callers wait, the fewer syncs each costs. A job
// that fails is undone alone. One that meets damage in the file (DATA_LOSS) is left out: what
// SQLite holds of the transaction can then no longer be trusted, so all of it is undone and the
// other jobs run again.
//
// All writes and checkpoints of the file go through here, on one connection: SQLite before 3.51.3
// can lose commits when one connection writes while another checkpoints.
//
// If the disk refuses a commit or a checkpoint for a reason other than lack of space, what later
// syncs say cannot be trusted; then every job fails with UNAVAILABLE until the store is opened
// again. A disk that is full is RESOURCE_EXHAUSTED, and the next batch is tried as ever; so it is
// after damage, which is its job's own.
//
// The functions in the options run on the writer's thread.
//
// Thread-safe.
class Writer {
 public:
  // Runs on the writer's thread, inside the transaction.
  using Work = absl::AnyInvocable<absl::Status(Database&)>;
  // Runs after the commit, with the work's status or the commit's: on the writer's thread, or on
  // another of its own where several are told at once, so that the next commit does not wait for
  // them.
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  static constexpr size_t kMaxHurriedBytes = 128 << 10;

  static std::unique_ptr<Writer> Start(std::unique_ptr<Database> database, WriterOptions options);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // Finishes what is queued.
  ~Writer();

  // What a job does to the space that the file needs.
  enum class Space : uint8_t { kTakes, kFrees };

  // `bytes` is about what the job holds in memory. Waits while the queue is full, but for a job of
  // at most kMaxHurriedBytes. `work` may run more than once, where a full disk, or damage that
  // another job met, undid it.
  void Submit(size_t bytes, Work work, Done done, Space space = Space::kTakes);
  // The same, and waits until it is on disk. UNAVAILABLE if the disk refused, else as `work`
  // returns.
  absl::Status Run(size_t bytes, Work work, Space space = Space::kTakes);
  // The same for work that no other job shares a transaction with: it begins outside of one. When
  // it returns OK, it counts as a commit; UNAVAILABLE from it stops the writer, as a refused commit
  // does.
  absl::Status RunAlone(Work work);
  // After the next commits, empties the write-ahead log, which still holds what was deleted.
  void ScrubLog();
  // Waits until the write-ahead log was emptied after the last ScrubLog: true; false at the
  // deadline, or if the writer has stopped.
  bool WaitUntilScrubbed(absl::Time deadline);

  uint64_t commits() const;
  // OK, or why jobs fail: RESOURCE_EXHAUSTED since the last batch found the disk full, UNAVAILABLE
  // once the writer has stopped.
  absl::Status state() const;
  // Stops the writer: every job fails with `reason` from now on.
  void Stop(const absl::Status& reason);

 private:
  struct Job {
    size_t bytes;
    Work work;
    Done done;
    Space space;
    absl::Status status;
    bool alone = false;
  };

  Writer(std::unique_ptr<Database> database, WriterOptions options);
  void Loop();
  std::vector<Job> TakeBatch();
  absl::Status RunBatch(std::vector<Job>& batch);
  void Tell(std::vector<Job> batch);
  void TellLoop();
  absl::Status RunInReserve(std::vector<Job>& batch, absl::Status full);
  absl::Status Attempt(std::vector<Job>& batch);
  absl::Status AttemptOnce(std::vector<Job>& batch);
  absl::Status AttemptAlone(Job& job);
  absl::Status Committed();
  absl::Status RunJobs(std::vector<Job>& batch);
  void LeaveOut(std::vector<Job>& batch, size_t damaged);
  void PutBack(std::vector<Job>& batch, size_t first);
  absl::Status Guarded(absl::FunctionRef<absl::Status()> write);
  absl::StatusOr<Database::CheckpointResult> MoveLog(CheckpointMode mode);
  void Checkpoint();
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WriterOptions options_;
  const std::unique_ptr<Database> database_;  // used by the writer's thread alone
  int checkpoint_at_pages_;                   // used by the writer's thread alone
  std::optional<size_t> met_damage_;  // a job of the batch; used by the writer's thread alone

  mutable Mutex mutex_;
  ConditionVariable work_came_;
  ConditionVariable room_came_;
  ConditionVariable scrubbed_came_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t scrubs_wanted_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t scrubs_done_ ABSL_GUARDED_BY(mutex_) = 0;  // of those wanted
  absl::Time scrub_again_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  std::deque<Job> to_tell_ ABSL_GUARDED_BY(mutex_);  // whose transaction has ended
  ConditionVariable told_came_;
  uint64_t commits_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
  bool scrub_now_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool all_told_ ABSL_GUARDED_BY(mutex_) = false;  // nothing comes behind what is in to_tell_
  bool full_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
  std::thread teller_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_WRITER_H_
