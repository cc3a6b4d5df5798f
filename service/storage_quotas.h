// How much one tenant may hold, so that there is room for others, too.
#ifndef FOVEA_SERVICE_STORAGE_QUOTAS_H_
#define FOVEA_SERVICE_STORAGE_QUOTAS_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "memory_store/store_reports.h"

namespace fovea::service {

// 0 is no limit.
struct StorageLimits {
  uint64_t sessions = 0;
  uint64_t stored_bytes = 0;  // of turns, compressed as they are stored
};

// What tenants hold is measured now and then, on a thread of its own, and counted as it comes in
// between. So nobody waits for a measurement; a tenant whose first one is not done is let through,
// and one may be over a limit by what is on its way. Thread-safe.
class StorageQuotas {
 public:
  using Measure = std::function<absl::StatusOr<TenantHoldings>(const std::string& tenant)>;

  StorageQuotas(const StorageLimits& limits, Measure measure);
  ~StorageQuotas();

  // RESOURCE_EXHAUSTED, naming the limit, if the tenant holds so much that it may not have
  // `sessions` more of them, or any more bytes.
  absl::Status Check(const std::string& tenant, uint64_t sessions) ABSL_LOCKS_EXCLUDED(mutex_);
  void Add(const std::string& tenant, const TenantHoldings& more) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(const std::string& tenant, const TenantHoldings& less) ABSL_LOCKS_EXCLUDED(mutex_);
  // For what is not told here: the tenant is measured soon.
  void MeasureSoon(const std::string& tenant) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetLimits(const StorageLimits& limits) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Tenant {
    TenantHoldings held;
    TenantHoldings added;  // since its measurement began, which may have seen it or not
    absl::Time measured = absl::InfinitePast();
  };

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
