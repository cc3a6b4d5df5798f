// How long a piece of work may go on.
#ifndef FOVEA_SERVICE_PATIENCE_H_
#define FOVEA_SERVICE_PATIENCE_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/status.h"
#include "service/steady_clock.h"

namespace fovea::service {

// Thread-compatible; Check is thread-safe if `still_wanted` is.
class Patience {
 public:
  // Asks for an end with `still_wanted`'s error once it gives one; makes room after `slice`.
  Patience(std::function<absl::Status()> still_wanted, absl::Duration slice)
      : still_wanted_(std::move(still_wanted)), slice_(slice) {}

  // To be asked between steps that leave a consistent state. Unfinished at the end of the slice:
  // the caller keeps what it has and is called again.
  absl::Status Check() const {
    absl::Status status = still_wanted_();
    return !status.ok() || Since(begun_) < slice_ ? status : Unfinished();
  }
  // The same, whatever the slice.
  absl::Status StillWanted() const { return still_wanted_(); }

 private:
  const std::function<absl::Status()> still_wanted_;
  const SteadyTime begun_ = SteadyNow();
  const absl::Duration slice_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_PATIENCE_H_
