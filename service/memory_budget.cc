#include "service/memory_budget.h"

#include "absl/strings/str_cat.h"
#include "service/status.h"

namespace fovea::service {

MemoryBudget::Hold& MemoryBudget::Hold::operator=(Hold&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = std::exchange(other.budget_, nullptr);
  tenant_ = std::move(other.tenant_);
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

void MemoryBudget::Hold::Release() {
  if (budget_ != nullptr) std::exchange(budget_, nullptr)->GiveBack(tenant_, bytes_);
  bytes_ = 0;
}

absl::StatusOr<MemoryBudget::Hold> MemoryBudget::Take(const std::string& tenant, uint64_t bytes) {
  const absl::MutexLock lock(&mutex_);
  if (bytes > max_bytes_ - held_) {
    return Overloaded(absl::StrCat("calls in progress hold ", held_ >> 20, " MiB of ",
                                   max_bytes_ >> 20, "; this one needs ", bytes >> 20, " more"));
  }
  const auto held = by_tenant_.find(tenant);
  if (held == by_tenant_.end()) {
    if (bytes > 0) by_tenant_[tenant] = bytes;
  } else if (held->second + bytes > max_tenant_bytes_) {
    return Overloaded(absl::StrCat("this tenant's calls in progress hold ", held->second >> 20,
                                   " MiB of ", max_tenant_bytes_ >> 20, "; this one needs ",
                                   bytes >> 20, " more"));
  } else {
    held->second += bytes;
  }
  held_ += bytes;
  return Hold(this, tenant, bytes);
}

uint64_t MemoryBudget::held_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return held_;
}

void MemoryBudget::GiveBack(const std::string& tenant, uint64_t bytes) {
  const absl::MutexLock lock(&mutex_);
  held_ -= bytes;
  const auto held = by_tenant_.find(tenant);
  if (held != by_tenant_.end() && (held->second -= bytes) == 0) by_tenant_.erase(held);
}

}  // namespace fovea::service
