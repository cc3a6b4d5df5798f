// What a request does not wait for: its turns into the log, its figures into the books.
#ifndef FOVEA_GATEWAY_JOBS_H_
#define FOVEA_GATEWAY_JOBS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace fovea::gateway {

// Runs jobs on threads of its own: those of one key one after the other, as they came; those of
// different keys beside each other. Thread-safe.
class Jobs {
 public:
  // `max_bytes` are held by jobs that wait.
  Jobs(size_t max_bytes, size_t max_threads) : max_bytes_(max_bytes), max_threads_(max_threads) {}
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  // Returns when all jobs are done.
  ~Jobs();

  // `bytes`: what the job keeps in memory until it is done. Waits until there is room for them;
  // where none other waits, there always is, and for none, so that a job can give another.
  void Run(const std::string& key, size_t bytes, std::function<void()> job);
  // False: Run would wait.
  bool HasRoom(size_t bytes);
  // Until the jobs of `key` that were given so far are done; false at the deadline.
  bool Wait(const std::string& key, absl::Time deadline);

 private:
  struct Job {
    size_t bytes = 0;
    std::function<void()> run;
  };
  struct Lane {
    std::deque<Job> jobs;
    bool running = false;  // one of its jobs
    uint64_t given = 0;
    uint64_t done = 0;
    int waiting = 0;  // callers, who still look at it
  };
  void Work();
  bool Fits(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return bytes == 0 || bytes_ == 0 || bytes_ + bytes <= max_bytes_;
  }
  // Behind a job: the next of its lane is ready, or the lane is gone.
  void End(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropIfIdle(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t max_bytes_;
  const size_t max_threads_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Lane> lanes_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> ready_ ABSL_GUARDED_BY(mutex_);  // lanes with a job that may begin
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;  // threads
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_JOBS_H_
