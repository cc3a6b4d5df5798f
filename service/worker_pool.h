// Threads for work that must not sit on gRPC's own.
#ifndef FOVEA_SERVICE_WORKER_POOL_H_
#define FOVEA_SERVICE_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "service/steady_clock.h"

namespace fovea::service {

// A fixed number of threads that take tasks in the order they came. Thread-safe. The destructor
// runs what is queued, as far as there is time for it, and joins the threads.
class WorkerPool {
 public:
  // threads: at least 1. max_queued: tasks that may wait. last_time: those that have not begun so
  // long after the destructor was called are dropped.
  WorkerPool(size_t threads, size_t max_queued, absl::Duration last_time);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, without running the task, if too many wait.
  [[nodiscard]] bool Post(absl::AnyInvocable<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t max_queued_;
  const absl::Duration last_time_;
  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::optional<SteadyTime> stopping_since_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_WORKER_POOL_H_
