#include "service/worker_pool.h"

#include <algorithm>
#include <utility>

namespace fovea::service {

WorkerPool::WorkerPool(size_t threads, size_t max_queued, absl::Duration last_time)
    : max_queued_(max_queued), last_time_(last_time) {
  threads_.reserve(threads);
  for (size_t i = 0; i < std::max<size_t>(1, threads); ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_since_ = SteadyNow();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::Post(absl::AnyInvocable<void()> task) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_since_.has_value() || tasks_.size() >= max_queued_) return false;
  tasks_.push_back(std::move(task));
  return true;
}

void WorkerPool::Run() {
  const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_since_.has_value() || !tasks_.empty();
  };
  while (true) {
    absl::AnyInvocable<void()> task;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&ready));
      if (stopping_since_.has_value() && Since(*stopping_since_) >= last_time_) tasks_.clear();
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace fovea::service
