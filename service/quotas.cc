#include "service/quotas.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "service/status.h"

namespace fovea::service {
namespace {

constexpr double kBurstSeconds = 10;
// Tenants that have spent nothing for long are forgotten beyond this many.
constexpr size_t kManyTenants = 10'000;

// Earns back and checks one kind; adds nothing.
bool Over(double rate, double seconds, double use, double* spent) {
  if (rate <= 0) return false;
  *spent = std::max(0.0, *spent - rate * seconds);
  return use > 0 && *spent >= rate * kBurstSeconds;
}

}  // namespace

absl::Status Quotas::Take(const std::string& tenant, const Use& use, SteadyTime now) {
  const absl::MutexLock lock(&mutex_);
  const auto bytes_rate = static_cast<double>(limits_.bytes_per_second);
  if (limits_.calls_per_second <= 0 && limits_.turns_per_second <= 0 &&
      limits_.builds_per_second <= 0 && bytes_rate <= 0) {
    return absl::OkStatus();
  }
  if (tenants_.size() > kManyTenants) {
    absl::erase_if(tenants_, [&](const auto& entry) {
      return Since(entry.second.at, now) > absl::Seconds(10 * kBurstSeconds);
    });
  }
  Tenant& held = tenants_.try_emplace(tenant, Tenant{.at = now}).first->second;
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(Since(held.at, now)));
  held.at = now;
  const char* over = nullptr;
  // All earn back, whichever is over.
  if (Over(limits_.calls_per_second, seconds, use.calls, &held.spent.calls)) over = "calls";
  if (Over(limits_.turns_per_second, seconds, use.turns, &held.spent.turns)) over = "turns";
  if (Over(limits_.builds_per_second, seconds, use.builds, &held.spent.builds)) over = "builds";
  if (Over(bytes_rate, seconds, use.bytes, &held.spent.bytes)) over = "bytes";
  if (over != nullptr) {
    return Overloaded(absl::StrCat("this tenant is over its quota of ", over, " a second"));
  }
  held.spent.calls += use.calls;
  held.spent.turns += use.turns;
  held.spent.builds += use.builds;
  held.spent.bytes += use.bytes;
  return absl::OkStatus();
}

void Quotas::SetLimits(const QuotaLimits& limits) {
  const absl::MutexLock lock(&mutex_);
  limits_ = limits;
}

}  // namespace fovea::service
