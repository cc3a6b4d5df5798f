#include "service/storage_quotas.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "service/status.h"

namespace fovea::service {
namespace {

// Measuring reads a row for each session of the tenant.
constexpr absl::Duration kMeasureEvery = absl::Seconds(10);
// One at its limit may have become smaller in a way that is not told here.
constexpr absl::Duration kMeasureAgain = absl::Seconds(1);
constexpr size_t kManyTenants = 10'000;
// What is on its way during a measurement may be in it or not. So it is measured again, at most so
// many times in a row.
constexpr int kMeasurements = 3;

void AddTo(TenantHoldings& held, const TenantHoldings& more) {
  held.sessions += more.sessions;
  held.stored_bytes += more.stored_bytes;
}

void TakeFrom(TenantHoldings& held, const TenantHoldings& less) {
  held.sessions -= std::min(held.sessions, less.sessions);
  held.stored_bytes -= std::min(held.stored_bytes, less.stored_bytes);
}

bool IsNothing(const TenantHoldings& holdings) {
  return holdings.sessions == 0 && holdings.stored_bytes == 0;
}

// The count as it was, as far as the measurement allows it.
TenantHoldings Corrected(const TenantHoldings& counted, const TenantHoldings& least,
                         const TenantHoldings& most) {
  return {.sessions = std::clamp(counted.sessions, least.sessions, most.sessions),
          .stored_bytes = std::clamp(counted.stored_bytes, least.stored_bytes, most.stored_bytes)};
}

}  // namespace

StorageQuotas::StorageQuotas(const StorageLimits& limits, Measure measure)
    : measure_(std::move(measure)), limits_(limits), thread_([this] { Run(); }) {}

StorageQuotas::~StorageQuotas() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::Status StorageQuotas::Judge(const std::string& tenant, const TenantHoldings& more) {
  if (!limited()) return absl::OkStatus();
  if (tenants_.size() > kManyTenants) tenants_.clear();
  const Tenant& known = tenants_[tenant];
  TenantHoldings held = known.held;
  AddTo(held, known.reserved);
  const bool too_many =
      limits_.sessions > 0 && more.sessions > 0 && held.sessions + more.sessions > limits_.sessions;
  const bool too_large =
      limits_.stored_bytes > 0 && (held.stored_bytes >= limits_.stored_bytes ||
                                   more.stored_bytes > limits_.stored_bytes - held.stored_bytes);
  const bool again = too_many || too_large || !known.exact;
  const absl::Duration every = again ? kMeasureAgain : kMeasureEvery;
  if (!known.measured || Since(*known.measured) >= every) wanted_.insert(tenant);
  if (too_many) {
    return absl::ResourceExhaustedError(absl::StrCat("tenant_sessions: this tenant has ",
                                                     held.sessions, " sessions of ",
                                                     limits_.sessions, ": delete some"));
  }
  if (too_large) {
    const std::string and_more =
        more.stored_bytes == 0 ? "" : absl::StrCat(", and ", more.stored_bytes, " would come");
    return absl::ResourceExhaustedError(
        absl::StrCat("tenant_stored_bytes: this tenant's sessions take ", held.stored_bytes,
                     " bytes of ", limits_.stored_bytes, and_more, ": delete some"));
  }
  return absl::OkStatus();
}

absl::Status StorageQuotas::Reserve(const std::string& tenant, const TenantHoldings& more) {
  const absl::MutexLock lock(&mutex_);
  absl::Status status = Judge(tenant, more);
  if (status.ok()) Expect(tenant, more);
  return status;
}

absl::Status StorageQuotas::ReserveAppend(const std::string& tenant, uint64_t bytes) {
  const absl::MutexLock lock(&mutex_);
  const absl::Status room = Judge(tenant, {});
  if (room.ok()) {
    Expect(tenant, {.sessions = 0, .stored_bytes = bytes});
    return room;
  }
  if (tenants_[tenant].held.stored_bytes >= limits_.stored_bytes) return room;
  return Overloaded("tenant_stored_bytes: what is on its way may fill this tenant's room");
}

void StorageQuotas::Expect(const std::string& tenant, const TenantHoldings& more) {
  if (!limited()) return;
  Tenant& known = tenants_[tenant];
  AddTo(known.reserved, more);
  AddTo(known.passing, more);
}

void StorageQuotas::Settle(const std::string& tenant, const TenantHoldings& reserved,
                           const TenantHoldings& added) {
  const absl::MutexLock lock(&mutex_);
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return;
  Tenant& known = found->second;
  TakeFrom(known.reserved, reserved);
  AddTo(known.held, added);
  AddTo(known.come, added);
}

void StorageQuotas::Remove(const std::string& tenant, const TenantHoldings& less) {
  const absl::MutexLock lock(&mutex_);
  const auto known = tenants_.find(tenant);
  if (known == tenants_.end()) return;
  TakeFrom(known->second.held, less);
  AddTo(known->second.gone, less);
  // A measurement that has seen these still would bring them back.
  wanted_.insert(tenant);
}

void StorageQuotas::SetLimits(const StorageLimits& limits) {
  const absl::MutexLock lock(&mutex_);
  limits_ = limits;
  // What came without a limit was not counted.
  for (const auto& [tenant, known] : tenants_) wanted_.insert(tenant);
}

bool StorageQuotas::limited() const { return limits_.sessions > 0 || limits_.stored_bytes > 0; }

void StorageQuotas::Run() {
  mutex_.Lock();
  while (true) {
    const auto come = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return stopping_ || !wanted_.empty();
    };
    mutex_.Await(absl::Condition(&come));
    if (stopping_) break;
    const std::string tenant = *wanted_.begin();
    wanted_.erase(wanted_.begin());
    for (int i = 0; i < kMeasurements; ++i) {
      {
        Tenant& begun = tenants_[tenant];
        begun.passing = begun.reserved;
        begun.come = {};
        begun.gone = {};
      }
      mutex_.Unlock();
      const absl::StatusOr<TenantHoldings> held = measure_(tenant);
      mutex_.Lock();
      Tenant& known = tenants_[tenant];
      known.measured = SteadyNow();
      // What cannot be read now is measured the next time.
      if (!held.ok()) break;
      TenantHoldings least = *held;
      TakeFrom(least, known.passing);
      TakeFrom(least, known.gone);
      TenantHoldings most = *held;
      AddTo(most, known.come);
      known.held = Corrected(known.held, least, most);
      known.exact = IsNothing(known.passing) && IsNothing(known.come) && IsNothing(known.gone);
      if (known.exact) break;
    }
  }
  mutex_.Unlock();
}

}  // namespace fovea::service
