// Whether the disk takes writes.
#ifndef FOVEA_SERVICE_WRITE_HEALTH_H_
#define FOVEA_SERVICE_WRITE_HEALTH_H_

#include <atomic>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "service/steady_clock.h"

namespace fovea::service {

// Thread-safe.
class WriteHealth {
 public:
  // `probe` is asked once a second for what the store says of its disk; `tell` is told of each
  // change, one at a time: OK if writes are served.
  WriteHealth(std::function<absl::Status()> probe, std::function<void(const absl::Status&)> tell);
  ~WriteHealth();

  // The outcome of a call that writes: a disk that fails is told of at once.
  void Note(const absl::Status& status);
  bool serving() const { return serving_; }

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  void Set(const absl::Status& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<absl::Status()> probe_;
  const std::function<void(const absl::Status&)> tell_;
  std::atomic<bool> serving_ = true;
  Rest rest_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_WRITE_HEALTH_H_
