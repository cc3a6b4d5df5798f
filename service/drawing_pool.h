// Threads that draw.
#ifndef FOVEA_SERVICE_DRAWING_POOL_H_
#define FOVEA_SERVICE_DRAWING_POOL_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/log/turn.h"
#include "service/lanes.h"

namespace fovea::service {

// A fixed number of threads that take the tenants in turn, each tenant's sessions in turn, and one
// item at a time. Thread-safe. Outlives its callers.
class DrawingPool {
 public:
  // threads: at least 1; that draw for one tenant at a time. With many tenants there is one more,
  // which is free for another.
  DrawingPool(size_t threads, bool many_tenants);

  // Runs work(0) .. work(count - 1) on the pool and returns when those that began have ended: all,
  // unless one failed. Then none begins any more, and the error of the first of them is returned.
  // Never refused. Must not be called from one of the pool's own threads.
  absl::Status ForEach(const SessionKey& whose, size_t count,
                       absl::FunctionRef<absl::Status(size_t)> work);

  // That draw for one tenant.
  size_t threads() const { return threads_; }

 private:
  const size_t threads_;
  FairPool pool_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_DRAWING_POOL_H_
