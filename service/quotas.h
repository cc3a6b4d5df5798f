// What one tenant may do in a second, so that others are served, too.
#ifndef FOVEA_SERVICE_QUOTAS_H_
#define FOVEA_SERVICE_QUOTAS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "service/steady_clock.h"

namespace fovea::service {

// 0 is no limit. A tenant that was quiet may catch up on ten seconds.
struct QuotaLimits {
  double calls_per_second = 0;
  double turns_per_second = 0;
  double builds_per_second = 0;
  uint64_t bytes_per_second = 0;  // of requests that write
};

// Thread-safe.
class Quotas {
 public:
  explicit Quotas(QuotaLimits limits) : limits_(limits) {}

  struct Use {
    double calls = 0;
    double turns = 0;
    double builds = 0;
    double bytes = 0;
  };
  // RESOURCE_EXHAUSTED (Overloaded) if the tenant is over one of its limits, and then nothing is
  // counted. One call may be larger than what is left: the tenant waits for it afterwards.
  absl::Status Take(const std::string& tenant, const Use& use, SteadyTime now = SteadyNow())
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Counts what is not to be refused: the tenant may be over its limits, and waits afterwards.
  void Charge(const std::string& tenant, const Use& use, SteadyTime now = SteadyNow())
      ABSL_LOCKS_EXCLUDED(mutex_);
  // What was taken and came to nothing.
  void GiveBack(const std::string& tenant, const Use& use, SteadyTime now = SteadyNow())
      ABSL_LOCKS_EXCLUDED(mutex_);
  // How long what is only charged should wait, if nothing else came; zero if it need not. It waits
  // while the tenant has spent more than half of what Take lets in, so that others are let in.
  absl::Duration WaitFor(const std::string& tenant, const Use& use, SteadyTime now = SteadyNow())
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Tenants that it remembers: of more than 10,000, those that were quiet for long and owe nothing
  // are forgotten.
  size_t tenants() const ABSL_LOCKS_EXCLUDED(mutex_);
  // New limits from now on.
  void SetLimits(const QuotaLimits& limits) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Tenant {
    Use spent;  // that has not been earned back yet
    SteadyTime at;
  };

  // One kind of use, for a tenant.
  struct Kind {
    const char* name;
    double rate;  // 0: no limit
    double use;
    double* spent;
  };
  std::array<Kind, 4> Kinds(const Use& use, Tenant& held) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  static void Spend(const std::array<Kind, 4>& kinds);
  bool limits_anything() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // The tenant, who has earned back what it can by now.
  Tenant& Earned(const std::string& tenant, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  QuotaLimits limits_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Tenant> tenants_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_QUOTAS_H_
