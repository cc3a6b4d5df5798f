#include "service/metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fovea::service {
namespace {

constexpr double kFirstBucketMs = 0.01;
constexpr double kGrowth = 1.2;

double BucketEndMs(size_t bucket) {
  return kFirstBucketMs * std::pow(kGrowth, static_cast<double>(bucket));
}

}  // namespace

void MethodStats::Record(bool error, absl::Duration latency) {
  const double ms = absl::ToDoubleMilliseconds(latency);
  const double place = ms <= kFirstBucketMs ? 0 : std::log(ms / kFirstBucketMs) / std::log(kGrowth);
  const size_t bucket = std::min(static_cast<size_t>(std::ceil(place)), kBuckets - 1);
  calls_ += 1;
  errors_ += error ? 1 : 0;
  total_us_ += static_cast<uint64_t>(absl::ToInt64Microseconds(latency));
  buckets_[bucket] += 1;
}

double MethodStats::Quantile(double share, uint64_t calls) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(calls)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return BucketEndMs(i);
  }
  return BucketEndMs(kBuckets - 1);
}

MethodSnapshot MethodStats::Snapshot(std::string name) const {
  MethodSnapshot snapshot{.name = std::move(name), .calls = calls_, .errors = errors_};
  if (snapshot.calls == 0) return snapshot;
  snapshot.mean_ms = static_cast<double>(total_us_) / 1000 / static_cast<double>(snapshot.calls);
  snapshot.p50_ms = Quantile(0.5, snapshot.calls);
  snapshot.p99_ms = Quantile(0.99, snapshot.calls);
  return snapshot;
}

MethodStats& Metrics::Method(std::string_view name) {
  const absl::MutexLock lock(&mutex_);
  auto found = methods_.find(name);
  if (found == methods_.end()) {
    found = methods_.emplace(std::string(name), std::make_unique<MethodStats>()).first;
  }
  return *found->second;
}

std::vector<MethodSnapshot> Metrics::Methods() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<MethodSnapshot> methods;
  methods.reserve(methods_.size());
  for (const auto& [name, stats] : methods_) methods.push_back(stats->Snapshot(name));
  return methods;
}

}  // namespace fovea::service
