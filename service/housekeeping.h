// Repair and retention of a store that is being served.
#ifndef FOVEA_SERVICE_HOUSEKEEPING_H_
#define FOVEA_SERVICE_HOUSEKEEPING_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "memory_store/memory_store.h"
#include "service/retention.h"
#include "service/session_states.h"
#include "service/steady_clock.h"

namespace fovea::service {

// All outlive the object.
struct HousekeepingInputs {
  MemoryStore* store = nullptr;
  SessionStates* states = nullptr;
  // Drops what services keep in memory of a session.
  std::function<void(const SessionState&)> forget_session;
  std::function<int64_t()> now_us;  // microseconds since the Unix epoch
  // A machine that has just started may not have its time yet: from then on, what is ahead of the
  // clock is brought back to it.
  absl::Duration clock_settles = absl::Minutes(30);
};

// Told of each session that a retention deleted, or tried to, with the outcome.
using OnRetained = std::function<void(const OldSession&, const absl::Status&)>;

struct RetentionReport {
  RetentionChoice choice;  // what went, or would go
  bool erased = true;      // no word of it is left in any file
};

// Thread-safe.
class Housekeeping {
 public:
  explicit Housekeeping(HousekeepingInputs inputs) : in_(std::move(inputs)) {}

  // MemoryStore::Repair; then nothing in memory, and no drawn page, is of turns that were replaced.
  absl::StatusOr<RepairReport> Repair(const StillWanted& still_wanted);
  // A session that is appended to, or deleted, meanwhile stays or goes by that, and `on_retained`
  // does not hear of it. Ends between two sessions with `still_wanted`'s error.
  absl::StatusOr<RetentionReport> ApplyRetention(const RetentionRule& rule, bool dry_run,
                                                 const StillWanted& still_wanted,
                                                 const OnRetained& on_retained);

 private:
  absl::StatusOr<DeletionReceipt> Delete(const OldSession& session,
                                         const StillWanted& still_wanted);

  const HousekeepingInputs in_;
  const SteadyTime made_ = SteadyNow();
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_HOUSEKEEPING_H_
