#include "service/quotas.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/status.h"

namespace fovea::service {
namespace {

constexpr double kBurstSeconds = 10;
// What waits for a quota, as imports do, leaves the rest of the burst to calls that are refused.
constexpr double kPatientSeconds = kBurstSeconds / 2;
// Tenants that have spent nothing for long, and owe nothing, are forgotten beyond this many.
constexpr size_t kManyTenants = 10'000;

}  // namespace

std::array<Quotas::Kind, 4> Quotas::Kinds(const Use& use, Tenant& held) const {
  return {{{"calls", limits_.calls_per_second, use.calls, &held.spent.calls},
           {"turns", limits_.turns_per_second, use.turns, &held.spent.turns},
           {"builds", limits_.builds_per_second, use.builds, &held.spent.builds},
           {"bytes", static_cast<double>(limits_.bytes_per_second), use.bytes, &held.spent.bytes}}};
}

// What has no limit is not counted: it would be a debt if it were given one.
void Quotas::Spend(const std::array<Kind, 4>& kinds) {
  for (const Kind& kind : kinds) {
    if (kind.rate > 0) *kind.spent += kind.use;
  }
}

bool Quotas::limits_anything() const {
  return limits_.calls_per_second > 0 || limits_.turns_per_second > 0 ||
         limits_.builds_per_second > 0 || limits_.bytes_per_second > 0;
}

Quotas::Tenant& Quotas::Earned(const std::string& tenant, SteadyTime now) {
  if (tenants_.size() > kManyTenants) {
    for (auto entry = tenants_.begin(); entry != tenants_.end();) {
      const auto at = entry++;
      const absl::Duration quiet = Since(at->second.at, now);
      if (quiet <= absl::Seconds(10 * kBurstSeconds)) continue;
      const auto kinds = Kinds({}, at->second);
      if (std::ranges::all_of(kinds, [quiet](const Kind& kind) {
            return kind.rate <= 0 || *kind.spent <= kind.rate * absl::ToDoubleSeconds(quiet);
          })) {
        tenants_.erase(at);
      }
    }
  }
  Tenant& held = tenants_.try_emplace(tenant, Tenant{.at = now}).first->second;
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(Since(held.at, now)));
  held.at = now;
  for (const Kind& kind : Kinds({}, held)) {
    if (kind.rate > 0) *kind.spent = std::max(0.0, *kind.spent - kind.rate * seconds);
  }
  return held;
}

size_t Quotas::tenants() const {
  const absl::MutexLock lock(&mutex_);
  return tenants_.size();
}

absl::Status Quotas::Take(const std::string& tenant, const Use& use, SteadyTime now) {
  const absl::MutexLock lock(&mutex_);
  if (!limits_anything()) return absl::OkStatus();
  Tenant& held = Earned(tenant, now);
  for (const Kind& kind : Kinds(use, held)) {
    if (kind.rate > 0 && kind.use > 0 && *kind.spent >= kind.rate * kBurstSeconds) {
      return Overloaded(absl::StrCat("this tenant is over its quota of ", kind.name, " a second"));
    }
  }
  Spend(Kinds(use, held));
  return absl::OkStatus();
}

void Quotas::Charge(const std::string& tenant, const Use& use, SteadyTime now) {
  const absl::MutexLock lock(&mutex_);
  if (!limits_anything()) return;
  Spend(Kinds(use, Earned(tenant, now)));
}

void Quotas::GiveBack(const std::string& tenant, const Use& use, SteadyTime now) {
  const absl::MutexLock lock(&mutex_);
  if (!limits_anything()) return;
  for (const Kind& kind : Kinds(use, Earned(tenant, now))) {
    *kind.spent = std::max(0.0, *kind.spent - kind.use);
  }
}

absl::Duration Quotas::WaitFor(const std::string& tenant, const Use& use, SteadyTime now) {
  const absl::MutexLock lock(&mutex_);
  absl::Duration wait;
  if (!limits_anything()) return wait;
  for (const Kind& kind : Kinds(use, Earned(tenant, now))) {
    if (kind.rate <= 0 || kind.use <= 0 || *kind.spent < kind.rate * kPatientSeconds) continue;
    wait = std::max(
        wait, absl::Seconds(*kind.spent / kind.rate - kPatientSeconds) + absl::Milliseconds(1));
  }
  return wait;
}

void Quotas::SetLimits(const QuotaLimits& limits) {
  const absl::MutexLock lock(&mutex_);
  limits_ = limits;
}

}  // namespace fovea::service
