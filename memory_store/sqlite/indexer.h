// The thread that keeps the search index up with the log.
#ifndef FOVEA_MEMORY_STORE_SQLITE_INDEXER_H_
#define FOVEA_MEMORY_STORE_SQLITE_INDEXER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/log_tail.h"

namespace fovea::sqlite {

// First compares the index with the log, whichever of them is behind, ahead or new; then follows
// the sessions that it is told of. Sessions that are gone from the log are removed. If the disk
// refuses, it tries again after a second. Thread-safe.
class Indexer {
 public:
  // `log` must outlive the indexer. `path` is the database's, to be marked if it proves damaged.
  static std::unique_ptr<Indexer> Start(std::unique_ptr<Database> database, std::string path,
                                        LogTail* log);
  Indexer(const Indexer&) = delete;
  Indexer& operator=(const Indexer&) = delete;
  ~Indexer();

  // The session has changed or is gone.
  void Touch(int64_t session_row);
  // Waits until the session is indexed through `seq`, but not past the deadline; returns how far it
  // is. Sessions that are waited for come first.
  uint64_t WaitFor(int64_t session_row, uint64_t seq, absl::Time deadline);
  // Waits until no word of the session, which is gone from the log, is left in the file or its
  // write-ahead log: true; false at the deadline. What is left when the process ends goes at the
  // next start.
  bool WaitUntilErased(int64_t session_row, absl::Time deadline);
  // The index proved damaged: it is thrown away and built again, unless that was done lately.
  void BeginAgain();
  // Both run on the indexer's thread, between its other work. Check: DATA_LOSS if the index is
  // damaged. Rebuild: throws it away, and begins it again.
  absl::Status Check();
  absl::Status Rebuild();

 private:
  Indexer(std::unique_ptr<Database> database, std::string path, LogTail* log);
  void Loop();
  absl::Status Compare();
  absl::Status IndexSome(const std::vector<int64_t>& sessions);
  absl::Status IndexSession(int64_t session_row, size_t& budget);
  absl::StatusOr<uint64_t> InsertTurns(int64_t session_row, const std::vector<StoredTurn>& turns);
  absl::Status Remove(int64_t session_row);
  absl::Status EmptyAndCompare();
  void BeginAgainIfDamaged();
  absl::Status RunOnThread(std::function<absl::Status()> task);
  void RunTask();
  void Merge();
  void FinishMerge();
  void Checkpoint(CheckpointMode mode);
  void NoteDamage(const absl::Status& status);

  std::vector<int64_t> TakeSessions();
  void Pause();
  // Leaves cores and disk to appends while they come, in proportion to how long it worked.
  void Rest(absl::Duration worked);
  uint64_t ThroughSeq(int64_t session_row) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether more may be waited for before what is queued is indexed.
  bool MayGather() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayRest(absl::Time now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reached(int64_t session_row, uint64_t seq) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool stopping() const;
  bool TasksLeft() const;

  // Used by the indexer's thread alone.
  const std::unique_ptr<Database> database_;
  const std::string path_;
  LogTail* const log_;
  std::vector<std::pair<int64_t, uint64_t>> pending_;  // progress of the open transaction
  std::vector<int64_t> unfinished_;                    // sessions that hold more than it took
  bool removed_ = false;                               // by the open transaction
  absl::Time began_again_ = absl::InfinitePast();
  // Removed sessions whose words the merge that goes on takes out of the file.
  std::vector<int64_t> merged_away_;

  mutable Mutex mutex_;
  ConditionVariable work_came_;  // or it stops
  ConditionVariable progress_;   // or it stops
  std::deque<int64_t> queue_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<int64_t> queued_ ABSL_GUARDED_BY(mutex_);
  // When to begin with what is queued.
  absl::Time gathered_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time touched_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // the last time
  absl::Time behind_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // callers of WaitFor and WaitUntilErased
  absl::flat_hash_map<int64_t, uint64_t> through_ ABSL_GUARDED_BY(mutex_);
  bool compared_ ABSL_GUARDED_BY(mutex_) = false;
  bool merging_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool damaged_ ABSL_GUARDED_BY(mutex_) = false;
  // Removed, or to be removed, with words that may still be in the file.
  absl::flat_hash_set<int64_t> erasing_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_INDEXER_H_
