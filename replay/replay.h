// One strategy through one session, request by request.
#ifndef FOVEA_REPLAY_REPLAY_H_
#define FOVEA_REPLAY_REPLAY_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "replay/exact_uses.h"
#include "replay/prompt.h"
#include "replay/strategy.h"

namespace fovea::replay {

// Where a string was that the agent was about to write.
struct Verdict {
  enum class Where : uint8_t {
    kText = 1,     // in a turn served as text
    kSidecar = 2,  // in the text beside pages
    kPages = 3,    // only on the pages of `pages`
    kNowhere = 4   // only recallable, or the request was refused
  };
  Where where = Where::kNowhere;
  uint64_t seq = 0;  // of the turn in which the agent wrote it
  uint32_t string = 0;
  bool own = false;  // the agent itself had written the string before
  std::vector<const SeenPage*> pages;
};

// Where the passage was that the agent was about to copy.
struct CopyVerdict {
  bool in_text = false;                // of a turn, or of a call's arguments
  std::vector<const SeenPage*> pages;  // else: those on which it is whole
};

// What was shown, summed over requests; of all text that the session had at the time.
struct ShownCharacters {
  double all = 0;
  double text = 0;
  std::map<uint64_t, double> pages;  // by SeenPage::number
};

struct Outcome {
  Usage usage;
  int64_t requests = 0;     // refused ones too
  int64_t refused = 0;      // that could not be served within the budget
  int64_t over_budget = 0;  // that were, but over it
  int64_t epochs = 0;       // served ones whose Served::epoch is not that of the served one before
  Claims claims;            // of all requests
  std::vector<Verdict> verdicts;
  std::vector<CopyVerdict> copies;  // by the session's edit copies
  ShownCharacters late;             // over the last quarter of the requests
  ShownCharacters last;             // in the last
};

// Asks for a request before each turn of the assistant but a session's first turn. `moments` are
// some of the session's, in order. Fails if the strategy does.
absl::StatusOr<Outcome> Replay(const Session& session, const std::vector<Moment>& moments,
                               Strategy& strategy, const CacheRule& cache, int64_t budget);

// Whether the agent wrote the string, in words or a call, before turn `seq`.
bool HasWritten(const Session& session, const UsedString& used, uint64_t seq);

// Where the passage of edit copy `index` of the session is in what was served.
CopyVerdict LocateCopy(const Session& session, size_t index, const Served& served);

// Where `string` is in what was served.
Verdict Locate(const UsedString& used, uint32_t string, const Served& served);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_REPLAY_H_
