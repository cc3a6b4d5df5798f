// Time that passes whatever is done to the wall clock, which absl::Now() and absl's waits go by:
// one that steps back by an hour makes them last for an hour more.
#ifndef FOVEA_SERVICE_STEADY_CLOCK_H_
#define FOVEA_SERVICE_STEADY_CLOCK_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace fovea::service {

using SteadyTime = std::chrono::steady_clock::time_point;

inline SteadyTime SteadyNow() { return std::chrono::steady_clock::now(); }

inline absl::Duration Since(SteadyTime then, SteadyTime now = SteadyNow()) {
  return absl::FromChrono(now - then);
}

// For a thread that looks at something now and then. Thread-safe.
class Rest {
 public:
  // Until End was called since the last time, or for `time`, at most a day.
  void For(absl::Duration time) {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, absl::ToChronoNanoseconds(std::min(time, absl::Hours(24))),
                    [this] { return end_; });
    end_ = false;
  }
  void End() {
    {
      const std::lock_guard lock(mutex_);
      end_ = true;
    }
    ended_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_STEADY_CLOCK_H_
