#include "service/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/synchronization/blocking_counter.h"

namespace fovea::service {

WorkerPool::WorkerPool(size_t threads, size_t max_queued) : max_queued_(max_queued) {
  threads_.reserve(threads);
  for (size_t i = 0; i < std::max<size_t>(1, threads); ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::Post(absl::AnyInvocable<void()> task) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_ || tasks_.size() >= max_queued_) return false;
  tasks_.push_back(std::move(task));
  return true;
}

void WorkerPool::ParallelFor(size_t count, const std::function<void(size_t)>& work) {
  if (count == 0) return;
  const size_t helpers = std::min(count, threads_.size());
  std::atomic<size_t> next = 0;
  absl::BlockingCounter done(static_cast<int>(helpers));
  // One item, and then behind those who wait: many items of one caller hold up nobody's few.
  std::function<void()> help = [&] {
    const size_t item = next++;
    if (item < count) {
      work(item);
      const absl::MutexLock lock(&mutex_);
      tasks_.emplace_back(help);
    } else {
      done.DecrementCount();
    }
  };
  {
    const absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < helpers; ++i) tasks_.emplace_back(help);
  }
  done.Wait();
}

void WorkerPool::Run() {
  const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !tasks_.empty();
  };
  while (true) {
    absl::AnyInvocable<void()> task;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&ready));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace fovea::service
