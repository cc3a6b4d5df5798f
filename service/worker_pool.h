// Threads for work that must not sit on gRPC's own.
#ifndef FOVEA_SERVICE_WORKER_POOL_H_
#define FOVEA_SERVICE_WORKER_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace fovea::service {

// A fixed number of threads that take tasks in the order they came. Thread-safe. The destructor
// runs what is queued and joins the threads.
class WorkerPool {
 public:
  // threads: at least 1. max_queued: tasks that may wait.
  WorkerPool(size_t threads, size_t max_queued);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, without running the task, if too many wait.
  [[nodiscard]] bool Post(absl::AnyInvocable<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs work(0) .. work(count - 1) on the pool and returns when all are done. Never refused. Must
  // not be called from one of the pool's own threads.
  void ParallelFor(size_t count, const std::function<void(size_t)>& work)
      ABSL_LOCKS_EXCLUDED(mutex_);

  size_t threads() const { return threads_.size(); }

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t max_queued_;
  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_WORKER_POOL_H_
