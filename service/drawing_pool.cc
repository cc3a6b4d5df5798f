#include "service/drawing_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/synchronization/blocking_counter.h"

namespace fovea::service {

DrawingPool::DrawingPool(size_t threads, bool many_tenants)
    : threads_(std::max<size_t>(1, threads)),
      pool_({.threads = threads_ + (many_tenants ? 1 : 0),
             // Its callers are bounded, each by a thread of its lane.
             .max_queued = SIZE_MAX,
             .max_queued_of_tenant = SIZE_MAX,
             .max_running_of_tenant = threads_}) {}

absl::Status DrawingPool::ForEach(const SessionKey& whose, size_t count,
                                  absl::FunctionRef<absl::Status(size_t)> work) {
  if (count == 0) return absl::OkStatus();
  std::vector<absl::Status> statuses(count);
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  const size_t helpers = std::min(count, threads_);
  absl::BlockingCounter done(static_cast<int>(helpers));
  const auto do_one = [&] {
    const size_t item = failed ? count : next++;
    if (item >= count) return false;
    statuses[item] = work(item);
    if (!statuses[item].ok()) failed = true;
    return true;
  };
  // One item, and then behind those who wait: many items of one caller hold up nobody's few.
  std::function<void()> help = [&] {
    while (do_one()) {
      if (pool_.Post(whose.tenant, whose.session_id, help).ok()) return;
    }
    done.DecrementCount();
  };
  for (size_t i = 0; i < helpers; ++i) {
    if (!pool_.Post(whose.tenant, whose.session_id, help).ok()) help();
  }
  done.Wait();
  for (absl::Status& status : statuses) {
    if (!status.ok()) return std::move(status);
  }
  return absl::OkStatus();
}

}  // namespace fovea::service
