// Which sessions go when a store is to hold them no longer than so long, or no more than so much.
#ifndef FOVEA_SERVICE_RETENTION_H_
#define FOVEA_SERVICE_RETENTION_H_

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "memory_store/store_reports.h"
#include "service/steady_clock.h"

namespace fovea::service {

struct RetentionRule {
  absl::Duration max_idle = absl::InfiniteDuration();  // without an append
  // Of all turns of all tenants together; 0: no limit.
  uint64_t max_stored_bytes = 0;

  bool limits_anything() const {
    return max_idle < absl::InfiniteDuration() || max_stored_bytes > 0;
  }
};

struct RetentionChoice {
  std::vector<OldSession> to_delete;  // those that were idle for too long first
  uint64_t deleted_bytes = 0;
  uint64_t left_sessions = 0;
  uint64_t left_bytes = 0;
};

// `by_age`: those first that were longest without an append. Where there is too much, the tenant
// that holds the most gives its longest idle session, again and again: nobody loses a session to
// what another writes as long as it holds no more than its share, which is the limit divided by the
// tenants.
RetentionChoice ChooseByRetention(const std::vector<OldSession>& by_age, const RetentionRule& rule,
                                  int64_t now_us);

// Runs `apply` with the rule when it is made, when the rule changes, and every hour. Thread-safe.
class RetentionKeeper {
 public:
  explicit RetentionKeeper(std::function<void(const RetentionRule&)> apply);
  ~RetentionKeeper();  // waits for an `apply` that runs
  RetentionKeeper(const RetentionKeeper&) = delete;
  RetentionKeeper& operator=(const RetentionKeeper&) = delete;

  void SetRule(const RetentionRule& rule) ABSL_LOCKS_EXCLUDED(mutex_);
  // True once the destructor began: a long `apply` ends.
  bool stopping() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::function<void(const RetentionRule&)> apply_;
  Rest rest_;
  mutable absl::Mutex mutex_;
  RetentionRule rule_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_RETENTION_H_
