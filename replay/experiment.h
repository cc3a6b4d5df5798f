// All strategies on all sessions, readers and budgets.
#ifndef FOVEA_REPLAY_EXPERIMENT_H_
#define FOVEA_REPLAY_EXPERIMENT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "replay/page_book.h"
#include "replay/replay.h"
#include "replay/row.h"
#include "replay/score.h"

namespace fovea::replay {

struct ExperimentOptions {
  std::vector<ReaderProfile> readers;
  std::vector<double> budget_shares;  // of the history's text tokens by the reader's count
  std::vector<int64_t> budgets;       // and, or instead, in tokens
  std::vector<std::string_view> strategies{std::begin(kStrategies), std::end(kStrategies)};
  int64_t min_budget = 16'000;
  Policy policy;           // Fovea's
  size_t max_moments = 0;  // a session; 0: all
  int threads = 1;
};

// A row whose figures about pages wait for how they are read.
struct Lived {
  Row row;
  Outcome outcome;
  const PageBook* book = nullptr;
};

struct Experiment {
  std::vector<Lived> lived;  // by session, reader, budget, strategy, in the order given
  std::vector<std::unique_ptr<PageBook>> books;     // one a session and reader
  std::map<const Session*, Recoveries> recoveries;  // empty until somebody asks
};

// `sessions`, no two of one name, and `renderer` outlive the experiment. The threads change nothing
// but the time. Fails if a strategy does.
absl::StatusOr<Experiment> Live(const std::vector<std::unique_ptr<Session>>& sessions,
                                const PageRenderer& renderer, const ExperimentOptions& options);

// Calls `work` with 0 to `count` - 1, on so many threads.
void ForEach(size_t count, int threads, const std::function<void(size_t)>& work);

// The finished rows.
std::vector<Row> Rows(const Experiment& experiment, const PageReading& reading);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_EXPERIMENT_H_
