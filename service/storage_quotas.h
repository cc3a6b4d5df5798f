// How much one tenant may hold, so that there is room for others, too.
#ifndef FOVEA_SERVICE_STORAGE_QUOTAS_H_
#define FOVEA_SERVICE_STORAGE_QUOTAS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "memory_store/store_reports.h"
#include "service/steady_clock.h"

namespace fovea::service {

// 0 is no limit.
struct StorageLimits {
  uint64_t sessions = 0;
  // Of turns, compressed as they are stored, of titles, metadata and events.
  uint64_t stored_bytes = 0;
};

// What tenants hold is measured now and then, on a thread of its own, and counted as it comes in
// between. So nobody waits for a measurement; a tenant whose first one is not done is let through
// up to what has come since, and one may be over its limit of bytes by its last append. What a
// measurement may have seen is never counted twice. Thread-safe.
class StorageQuotas {
 public:
  using Measure = std::function<absl::StatusOr<TenantHoldings>(const std::string& tenant)>;

  StorageQuotas(const StorageLimits& limits, Measure measure);
  ~StorageQuotas();

  // For what is about to come and is known to be at most `more`: counted until Settle.
  // RESOURCE_EXHAUSTED, naming the limit, if the tenant is at its limit of bytes or would be over a
  // limit with it; then nothing is counted.
  absl::Status Reserve(const std::string& tenant, const TenantHoldings& more)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // For an append, which is let in while there is any room: RESOURCE_EXHAUSTED, naming the limit,
  // if the tenant is at its limit of bytes; Overloaded if it is with what is on its way, of which
  // some may come to be less. Otherwise `bytes`, about what it may take, is counted until Settle.
  absl::Status ReserveAppend(const std::string& tenant, uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  // What was reserved has come to be `added`.
  void Settle(const std::string& tenant, const TenantHoldings& reserved,
              const TenantHoldings& added) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(const std::string& tenant, const TenantHoldings& less) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetLimits(const StorageLimits& limits) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Tenant {
    TenantHoldings held;
    TenantHoldings reserved;  // on its way
    // While it is measured: what was on its way, what of it came, and what went. The measurement
    // may have seen any part of that.
    TenantHoldings passing;
    TenantHoldings come;
    TenantHoldings gone;
    std::optional<SteadyTime> measured;
    bool exact = false;  // the last measurement: nothing came or went meanwhile
  };

  absl::Status Judge(const std::string& tenant, const TenantHoldings& more)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Counts what was let through.
  void Expect(const std::string& tenant, const TenantHoldings& more)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool limited() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const Measure measure_;
  absl::Mutex mutex_;
  StorageLimits limits_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Tenant> tenants_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> wanted_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_STORAGE_QUOTAS_H_
