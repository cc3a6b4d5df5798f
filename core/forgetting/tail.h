// The tail: the newest turns as text, their groups, and the grid on which chunks are cut.
#ifndef FOVEA_CORE_FORGETTING_TAIL_H_
#define FOVEA_CORE_FORGETTING_TAIL_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/room.h"
#include "core/forgetting/setting.h"
#include "core/log/group.h"

namespace fovea {

class CheckpointAccess;  // core/forgetting/checkpoint_access.h

// Grows a plan's tail. Thread-compatible.
class Tail {
 public:
  // Both outlive it.
  Tail(const Setting& setting, Plan& plan) : setting_(setting), plan_(plan) {}

  // The next turn, which is not of the head. `recalled`: its results are what a recall brought
  // back. A new tool result that is too large for the verbatim share is drawn in its place.
  absl::Status Append(const Turn& turn, bool recalled);

 private:
  friend class CheckpointAccess;
  // Of calls of the newest group that wait, notes stand in the tail's last part.
  void SetUnansweredTokens(int64_t tokens);
  void CloseGroup();
  absl::Status DrawIfTooLarge(int64_t staying_tokens, SheetPart& turn) const;

  const Setting& setting_;
  Plan& plan_;
  GroupTracker groups_;
  int64_t grid_tokens_ = 0;  // text tokens of all closed groups so far
};

// A turn of the head, which is always text.
SheetPart HeadPart(const Setting& setting, const Turn& turn);

// A result of fewer tokens is never drawn in place: its note would eat the gain.
inline constexpr int64_t kMinDrawnTokens = 256;

// The tool results of a turn, laid out at a rung.
absl::StatusOr<DrawnResult> DrawResultOf(const Setting& setting, uint64_t seq, size_t rung);
// Serves the turn's results on these pages.
void SetDrawing(DrawnResult drawing, SheetPart& turn);
// Sets the fewest tokens that a turn of the tail can have, notes apart: with its results on pages
// of the last rung where that is cheaper.
absl::Status FindFloor(const Setting& setting, SheetPart& turn);

// Takes a plan's oldest turns, through `last`, out of the tail; gives what was drawn of them.
std::vector<DrawnResult> TakeFromTail(uint64_t last, Plan& plan);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_TAIL_H_
