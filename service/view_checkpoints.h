// Planners on disk, so that a view answers at once after a restart.
#ifndef FOVEA_SERVICE_VIEW_CHECKPOINTS_H_
#define FOVEA_SERVICE_VIEW_CHECKPOINTS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "core/forgetting/planner.h"
#include "core/forgetting/view_store.h"
#include "service/session_states.h"

namespace fovea::service {

// A checkpoint is taken for what it is only where everything that a planner follows from is the
// same: this very build of the program, the renderer, the reader's profile and how it counts, the
// policy, the budget, and the session's turns, which are known by the session's identity, its time
// of creation and the last turn. Otherwise there is none, and the view is made from the log.
// Thread-safe.
class ViewCheckpoints {
 public:
  // `store` outlives the object.
  explicit ViewCheckpoints(ViewStore* store);

  // Null if there is none. Never past `target`.
  std::unique_ptr<Planner> Restore(const PlannerInputs& inputs, const SessionInfo& session,
                                   uint64_t look_back_seq, uint64_t target,
                                   const SessionState& state) const;
  void Save(const Planner& planner, const SessionInfo& session, uint64_t look_back_seq,
            const SessionState& state) const;

 private:
  std::string IdOf(const PlannerInputs& inputs, const SessionInfo& session,
                   uint64_t look_back_seq) const;

  ViewStore& store_;
  const std::string build_id_;  // "": this build cannot be told from others, nothing is kept
};

// The id that the linker gave to this program, "" if there is none.
std::string BuildId();

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_VIEW_CHECKPOINTS_H_
