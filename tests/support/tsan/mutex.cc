// What ThreadSanitizer is not told by Abseil's package, which is built without it: that who takes a
// mutex comes after who gave it back, and the like. Linked into builds with the sanitizer alone,
// where --wrap (cmake/FoveaCompiler.cmake) leads calls of our own code here.
#include <sanitizer/tsan_interface.h>

#include "absl/time/time.h"

namespace {

void After(const void* object) { __tsan_acquire(const_cast<void*>(object)); }   // NOLINT
void Before(const void* object) { __tsan_release(const_cast<void*>(object)); }  // NOLINT

}  // namespace

// The names are those of the wrapped functions: NOLINTBEGIN(bugprone-reserved-identifier)
#define WRAP_BEFORE(name)          \
  void __real_##name(void* self);  \
  void __wrap_##name(void* self) { \
    Before(self);                  \
    __real_##name(self);           \
  }
#define WRAP_AFTER(name)           \
  void __real_##name(void* self);  \
  void __wrap_##name(void* self) { \
    __real_##name(self);           \
    After(self);                   \
  }
#define WRAP_END(name)             \
  void __real_##name(void* self);  \
  void __wrap_##name(void* self) { \
    After(self);                   \
    __real_##name(self);           \
  }

extern "C" {
WRAP_AFTER(_ZN4absl7debian35Mutex4LockEv)
WRAP_BEFORE(_ZN4absl7debian35Mutex6UnlockEv)
WRAP_AFTER(_ZN4absl7debian35Mutex10ReaderLockEv)
WRAP_BEFORE(_ZN4absl7debian35Mutex12ReaderUnlockEv)
WRAP_END(_ZN4absl7debian35MutexD1Ev)
WRAP_BEFORE(_ZN4absl7debian312Notification6NotifyEv)
WRAP_AFTER(_ZNK4absl7debian312Notification19WaitForNotificationEv)
WRAP_END(_ZN4absl7debian312NotificationD1Ev)
WRAP_AFTER(_ZN4absl7debian315BlockingCounter4WaitEv)

bool __real__ZN4absl7debian315BlockingCounter14DecrementCountEv(void* self);
bool __wrap__ZN4absl7debian315BlockingCounter14DecrementCountEv(void* self) {
  Before(self);
  return __real__ZN4absl7debian315BlockingCounter14DecrementCountEv(self);
}

void __real__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(void* self, const void* condition);
void __wrap__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(void* self, const void* condition) {
  Before(self);
  __real__ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE(self, condition);
  After(self);
}

bool __real__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE(
    void* self, const void* condition, absl::Duration timeout);
bool __wrap__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE(
    void* self, const void* condition, absl::Duration timeout) {
  Before(self);
  const bool met = __real__ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE(
      self, condition, timeout);
  After(self);
  return met;
}

void __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(void* self, void* mutex);
void __wrap__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(void* self, void* mutex) {
  Before(mutex);
  __real__ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(self, mutex);
  After(mutex);
}
}
// NOLINTEND(bugprone-reserved-identifier)
