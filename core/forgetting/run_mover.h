// Draws runs: chunks that leave the tail, and runs that move down the ladder. Runs of a rung share
// pages.
#ifndef FOVEA_CORE_FORGETTING_RUN_MOVER_H_
#define FOVEA_CORE_FORGETTING_RUN_MOVER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/forgetting/memory.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/prefix.h"
#include "core/forgetting/setting.h"
#include "core/forgetting/targets.h"

namespace fovea {

// Used for one step. Fails only if the turn source or the renderer does; the plan must then be
// thrown away. Thread-compatible.
class RunMover {
 public:
  // All outlive it.
  RunMover(const Setting& setting, Plan& plan, Memory& memory, Prefix& prefix)
      : setting_(setting), plan_(plan), memory_(memory), prefix_(prefix) {}

  // Adds chunks that have left the tail at the end of the runs. Where the last page there is less
  // than half full, or the budget holds few pages, they fill that page first. The pages before it
  // stay as they are.
  absl::Status Enter(SheetPart run);
  // Moves each run to its target. Neighbours on the same rung are drawn together, so that their
  // pages are full. No run takes more tokens afterwards than what it replaces: where a position
  // would not be cheaper, the next one is taken.
  absl::Status Move(const Targets& targets);

  // Tokens of the context from its start to the first change so far.
  int64_t kept_tokens() const { return kept_tokens_; }
  // Characters that moved to another rung.
  uint64_t redrawn_characters() const { return redrawn_characters_; }

 private:
  // Neighbours that are to be drawn together.
  struct Pending {
    std::vector<SheetPart> pieces;
    Place place;
    bool changes = false;
    double estimate = 0;  // tokens
    uint64_t characters = 0;

    size_t last_chunk() const { return pieces.back().origin.last_chunk; }
  };

  absl::StatusOr<SheetPart> BuildAt(SheetPart run, Place place) const;
  absl::Status Add(SheetPart piece, Place place, bool changes);
  bool Joins(const SheetPart& piece, Place place, bool changes) const;
  bool IsShort(const Pending& pending) const;
  bool IsShort(const SheetPart& run) const;
  absl::Status Flush();
  absl::Status Draw(std::vector<SheetPart> pieces, Place place);

  const Setting& setting_;
  Plan& plan_;
  Memory& memory_;
  Prefix& prefix_;
  Pending pending_;
  bool whole_ = false;  // nothing need be left out of what is not a gist
  bool any_latent_ = false;
  bool any_change_ = false;  // since Move began
  size_t first_changed_ = 0;
  int64_t kept_tokens_ = std::numeric_limits<int64_t>::max();
  uint64_t redrawn_characters_ = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_RUN_MOVER_H_
