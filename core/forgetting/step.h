// One step of forgetting: what ends an epoch and begins the next.
#ifndef FOVEA_CORE_FORGETTING_STEP_H_
#define FOVEA_CORE_FORGETTING_STEP_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/forgetting/memory.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/prefix.h"
#include "core/forgetting/room.h"
#include "core/forgetting/run_mover.h"
#include "core/forgetting/setting.h"

namespace fovea {

// Takes a step on a plan. Used once. Thread-compatible.
class Step {
 public:
  // All outlive it.
  Step(const Setting& setting, Plan& plan, Memory& memory)
      : setting_(setting),
        plan_(plan),
        room_(setting, plan),
        prefix_(setting, plan, memory),
        mover_(setting, plan, memory, prefix_) {}

  // With `even_if_it_fits`, a context that has used up half of what a step frees is pressed, too.
  // Where nothing changes, no epoch begins. Fails only if the turn source or the renderer does; the
  // plan must then be thrown away.
  absl::Status Take(std::string reason, bool even_if_it_fits);

 private:
  absl::Status MoveTail(int64_t low_tokens);
  absl::Status Press(bool even_if_it_fits);
  absl::Status PressWhile(absl::FunctionRef<bool()> pressed, bool keep_whole);
  absl::Status PressWhole();
  absl::Status KeepWhole();
  absl::Status DrawTail();
  void NoteChangeFrom(int64_t kept_tokens);

  const Setting& setting_;
  Plan& plan_;
  const Room room_;
  Prefix prefix_;
  RunMover mover_;
  bool changed_ = false;
  bool pressed_ = false;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_STEP_H_
