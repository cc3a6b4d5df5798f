// What the server counts about itself.
#ifndef FOVEA_SERVICE_METRICS_H_
#define FOVEA_SERVICE_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace fovea::service {

struct MethodSnapshot {
  std::string name;
  uint64_t calls = 0;
  uint64_t errors = 0;
  double mean_ms = 0;
  double p50_ms = 0;  // the upper end of the histogram's bucket, at most a fifth too high
  double p99_ms = 0;
};

// Calls, errors and latencies of one method. Thread-safe, without locks.
class MethodStats {
 public:
  void Record(bool error, absl::Duration latency);
  MethodSnapshot Snapshot(std::string name) const;

 private:
  // Bucket i ends at 10 µs · 1.2^i; the last one holds all that is longer (over 150 s).
  static constexpr size_t kBuckets = 92;
  double Quantile(double share, uint64_t calls) const;

  std::atomic<uint64_t> calls_ = 0;
  std::atomic<uint64_t> errors_ = 0;
  std::atomic<uint64_t> total_us_ = 0;
  std::array<std::atomic<uint64_t>, kBuckets> buckets_ = {};
};

// Thread-safe.
class Metrics {
 public:
  // The method's counters, which live as long as this object.
  MethodStats& Method(std::string_view name) ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<MethodSnapshot> Methods() const ABSL_LOCKS_EXCLUDED(mutex_);  // by name

  std::atomic<uint64_t> epochs_crossed = 0;
  std::atomic<uint64_t> pages_drawn = 0;
  std::atomic<uint64_t> views_restored = 0;  // from their checkpoints
  std::atomic<uint64_t> pages_from_cache = 0;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<MethodStats>, std::less<>> methods_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_METRICS_H_
