// A bound on what calls in progress hold in memory, and each tenant's share of it.
#ifndef FOVEA_SERVICE_MEMORY_BUDGET_H_
#define FOVEA_SERVICE_MEMORY_BUDGET_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace fovea::service {

// Thread-safe. Counts what callers say that they take; takes nothing itself.
class MemoryBudget {
 public:
  // Gives its bytes back at its end. Thread-compatible.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)),
          tenant_(std::move(other.tenant_)),
          bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { Release(); }
    void Release();
    uint64_t bytes() const { return bytes_; }

   private:
    friend class MemoryBudget;
    Hold(MemoryBudget* budget, std::string tenant, uint64_t bytes)
        : budget_(budget), tenant_(std::move(tenant)), bytes_(bytes) {}
    MemoryBudget* budget_ = nullptr;
    std::string tenant_;
    uint64_t bytes_ = 0;
  };

  // tenant_permille: of max_bytes, for one tenant.
  MemoryBudget(uint64_t max_bytes, uint64_t tenant_permille)
      : max_bytes_(max_bytes), max_tenant_bytes_(max_bytes / 1000 * tenant_permille) {}

  // RESOURCE_EXHAUSTED, to be tried again soon, if so much is not left of the whole or of the
  // tenant's share. A tenant that holds nothing gets up to all that is left, so that whatever fits
  // at all is served some time.
  absl::StatusOr<Hold> Take(const std::string& tenant, uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  uint64_t max_bytes() const { return max_bytes_; }
  uint64_t held_bytes() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void GiveBack(const std::string& tenant, uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  const uint64_t max_bytes_;
  const uint64_t max_tenant_bytes_;
  mutable absl::Mutex mutex_;
  uint64_t held_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, uint64_t> by_tenant_ ABSL_GUARDED_BY(mutex_);  // not 0
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_MEMORY_BUDGET_H_
