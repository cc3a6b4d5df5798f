// What one thread waits for and another gives.
#ifndef FOVEA_MEMORY_STORE_AWAITED_H_
#define FOVEA_MEMORY_STORE_AWAITED_H_

#include <optional>
#include <utility>

#include "memory_store/mutex.h"

namespace fovea {

// Lives on the stack of the thread that waits. Give is called once.
template <typename T>
class Awaited {
 public:
  void Give(T value) {
    // Told under the lock: once the waiting thread has it, this object is gone.
    const MutexLock lock(&mutex_);
    value_ = std::move(value);
    given_.NotifyOne();
  }
  T Wait() {
    const MutexLock lock(&mutex_);
    while (!value_) given_.Wait(&mutex_);
    return *std::move(value_);
  }

 private:
  Mutex mutex_;
  ConditionVariable given_;
  std::optional<T> value_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_AWAITED_H_
