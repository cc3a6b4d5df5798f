// Ways to keep an agent's context: each is fed the turns and says what it would send.
#ifndef FOVEA_REPLAY_STRATEGY_H_
#define FOVEA_REPLAY_STRATEGY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/context/characters.h"
#include "core/forgetting/policy.h"
#include "replay/page_book.h"
#include "replay/prompt.h"
#include "replay/served_claims.h"
#include "replay/session.h"

namespace fovea::replay {

enum class TurnView : uint8_t { kHidden = 0, kText = 1, kTextWithoutResults = 2 };

// One request.
struct Served {
  std::vector<Segment> prompt;
  std::vector<TurnView> turns;         // by seq - 1; what is on pages is hidden here
  std::vector<const SeenPage*> pages;  // in the order served
  std::vector<const SeenNote*> sidecars;
  // Another number whenever what stands before the newest turns has changed.
  int64_t epoch = 0;
  // Of the turns so far; by `turns` and `pages` if it is not set.
  std::optional<CharacterCounts> characters;
  Claims claims;         // of what is served
  bool refused = false;  // nothing can be served within the budget; the rest is empty
};

// Thread-compatible.
class Strategy {
 public:
  virtual ~Strategy() = default;
  // The next turn of the session.
  virtual absl::Status Append(const Turn& turn) = 0;
  // What would be sent now.
  virtual absl::StatusOr<Served> Serve() = 0;
};

// What a strategy may use; all outlive it.
struct Setting {
  const Session& session;
  const TurnCosts& costs;
  const ReaderProfile& reader;
  const PageRenderer& renderer;
  PageBook& book;
  int64_t budget = 0;  // tokens of the reader
  Policy policy = {};  // Fovea's
};

// Everything, always; knows no budget.
std::unique_ptr<Strategy> FullHistory(const Setting& setting);

// Over the budget, the oldest groups go until half of it is left, so that the cache holds between
// two cuts. The head and the newest group stay.
std::unique_ptr<Strategy> Truncation(const Setting& setting);

// All turns, but only the newest `results` turns with tool results as they are.
std::unique_ptr<Strategy> Masking(const Setting& setting, uint64_t results);
// The most results for which every request of the session is within the budget; at least 1.
uint64_t MaskedResultsWithin(const Session& session, const TurnCosts& costs, int64_t budget);

// What is older than the last multiple of 50 turns is on pages at the reader's first rung, in
// strips of 50 turns; the rest, and the head, is text. Knows no budget.
std::unique_ptr<Strategy> TextOrImageGrid(const Setting& setting);

// Fovea's planner. INVALID_ARGUMENT for a bad budget or policy.
absl::StatusOr<std::unique_ptr<Strategy>> Fovea(const Setting& setting);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_STRATEGY_H_
