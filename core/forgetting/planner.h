// The planner: which turns are text, which are on pages at which rung, and which are only
// recallable.
//
// A pure function of the log, the policy, the budget, the reader and the renderer: it is fed the
// log's turns and events in order and keeps the state that follows from them. It reads no clock and
// writes nothing; living through a session and replaying its log give the same state (laws 2 and 3
// in docs/LAWS.md; docs/forgetting.md has the rules).
//
// All but the tail of the context that it plans (core/forgetting/plan.h) is the prefix. It changes
// only when the epoch does. An epoch ends when the tail is over its share, when the context is over
// its budget, when an older turn is pinned, when the reader's cache is known to be cold, so that
// drawing again costs nothing, and on request.
#ifndef FOVEA_CORE_FORGETTING_PLANNER_H_
#define FOVEA_CORE_FORGETTING_PLANNER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/forgetting/policy.h"
#include "core/log/turn.h"
#include "core/reader/reader_profile.h"

namespace fovea {

class PageRenderer;   // core/page/page.h
class TurnSource;     // core/log/turn_source.h
struct CostForecast;  // core/forgetting/marks.h
struct Marks;
struct Plan;  // core/forgetting/plan.h

struct PlannerInputs {
  ReaderProfile reader;
  Policy policy;
  int64_t token_budget = 0;
  const PageRenderer* renderer = nullptr;  // outlives the planner
  const TurnSource* turns = nullptr;       // outlives the planner
};

// Thread-compatible.
class Planner {
 public:
  // Text tokens of a chunk; fewer where the budget is small (Setting::chunk_tokens).
  static constexpr int64_t kChunkTokens = 1024;
  static constexpr int64_t kMinBudget = 1'000;
  static constexpr int64_t kMaxBudget = 100'000'000;
  // A step stops pressing for room once it has redrawn so many characters and the context fits: at
  // the 6 to 7 million characters a second that a core draws (bench/render), it keeps the crossing
  // of an epoch well under 200 ms.
  static constexpr uint64_t kRedrawnCharacters = 800'000;

  // INVALID_ARGUMENT for a bad policy or budget.
  static absl::StatusOr<std::unique_ptr<Planner>> Create(PlannerInputs inputs);
  // A planner as it was when `saved` was made by Save of a planner with equal inputs, in this build
  // of the program; it goes on as that one would have. INVALID_ARGUMENT as Create, and for bytes
  // that are no such thing; but bytes that were changed may pass: their checksum is the caller's.
  static absl::StatusOr<std::unique_ptr<Planner>> Restore(PlannerInputs inputs,
                                                          std::string_view saved);
  ~Planner();
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  // The next turn: its seq must be plan().last_seq + 1 (INVALID_ARGUMENT). Otherwise fails only if
  // the turn source or the renderer does; the planner must then be thrown away.
  absl::Status Append(const Turn& turn);
  // The next event: its index must be plan().last_event + 1 and its after_seq plan().last_seq.
  absl::Status Apply(const LogEvent& event);

  // The whole state. Equal states have equal bytes.
  std::string Save() const;

  const Plan& plan() const;
  const PlannerInputs& inputs() const;
  // The rungs in use: the reader's ladder without those that the policy forbids.
  const std::vector<Rung>& ladder() const;
  // As the policy sets them, and where it does not, as the reader's prices suggest.
  const Marks& marks() const;
  // What the cost model expects of a long session at these marks. Zeros without a ladder.
  const CostForecast& forecast() const;
  // What the whole context costs with its pages and notes, by the reader's rules.
  int64_t tokens() const;
  // Tokens of text that new turns can bring without ending the epoch, where they come before the
  // reader's cache is cold. 0: any turn may end it.
  int64_t spare_tokens() const;
  // About how many bytes the planner remembers beside the plan. Bounded.
  uint64_t index_bytes() const;

 private:
  class Life;
  explicit Planner(std::unique_ptr<Life> life);

  const std::unique_ptr<Life> life_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_PLANNER_H_
