// The one thread that writes to a database, and the queue before it.
#ifndef FOVEA_MEMORY_STORE_SQLITE_WRITER_H_
#define FOVEA_MEMORY_STORE_SQLITE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

struct WriterOptions {
  size_t max_batch_jobs = 1024;         // jobs in one transaction
  size_t max_batch_bytes = 8 << 20;     // and their bytes; one job may exceed it
  size_t max_queued_bytes = 256 << 20;  // Submit waits while more is queued
  int checkpoint_pages = 1024;          // in the write-ahead log, 16 KiB each
};

// Takes what is queued, runs it as one transaction with a savepoint for each job, and tells each
// job once the transaction is on disk: the more callers wait, the fewer syncs each costs. A job
// that fails is undone alone.
//
// All writes and checkpoints of the file go through here, on one connection: SQLite before 3.51.3
// can lose commits when one connection writes while another checkpoints.
//
// If the disk refuses a commit or a checkpoint for a reason other than lack of space, what later
// syncs say cannot be trusted; then every job fails with UNAVAILABLE until the store is opened
// again.
//
// Thread-safe.
class Writer {
 public:
  // Runs on the writer's thread, inside the transaction.
  using Work = absl::AnyInvocable<absl::Status(Database&)>;
  // Runs on the writer's thread after the commit, with the work's status or the commit's.
  using Done = absl::AnyInvocable<void(const absl::Status&)>;

  static std::unique_ptr<Writer> Start(std::unique_ptr<Database> database, WriterOptions options);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  // Finishes what is queued.
  ~Writer();

  // `bytes` is about what the job holds in memory. Waits while the queue is full.
  void Submit(size_t bytes, Work work, Done done);
  // The same, and waits until it is on disk. UNAVAILABLE if the disk refused, else as `work`
  // returns.
  absl::Status Run(size_t bytes, Work work);
  // After the next commits, empties the write-ahead log, which still holds what was deleted.
  void ScrubLog();

  uint64_t commits() const;

 private:
  struct Job {
    size_t bytes;
    Work work;
    Done done;
    absl::Status status;
  };

  Writer(std::unique_ptr<Database> database, WriterOptions options);
  void Loop();
  std::vector<Job> TakeBatch();
  absl::Status RunBatch(std::vector<Job>& batch);
  absl::Status RunJobs(std::vector<Job>& batch);
  void Checkpoint();
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WriterOptions options_;
  const std::unique_ptr<Database> database_;  // used by the writer's thread alone
  absl::Status broken_;                       // likewise
  int checkpoint_at_pages_;                   // likewise

  mutable Mutex mutex_;
  ConditionVariable work_came_;
  ConditionVariable room_came_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool scrub_now_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time scrub_again_at_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t commits_ ABSL_GUARDED_BY(mutex_) = 0;

  std::thread thread_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_WRITER_H_
