// The laws, on the shared real histories.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/core/forgetting/planner_checks.h"
#include "tests/support/grid_renderer.h"
#include "tests/support/readers.h"

namespace fovea::testing {
namespace {

class RealHistories : public ::testing::TestWithParam<const char*> {};

TEST_P(RealHistories, KeepTheLaws) {
  const std::vector<SharedSession> sessions = SharedSessions(GetParam());
  if (sessions.empty())
    GTEST_SKIP() << "SKIPPED: the shared histories are not here: " << GetParam();
  const std::vector<ReaderProfile> readers = MainReaders();
  const GridRenderer renderer;
  // Two readers a session, in turn.
  for (size_t i = 0; i < sessions.size(); ++i) {
    const SharedSession& session = sessions[i];
    for (const size_t which : {2 * i, 2 * i + 1}) {
      const ReaderProfile& reader = readers[which % readers.size()];
      SCOPED_TRACE(absl::StrCat(session.name, ", ", reader.name));
      const VectorTurnSource source(session.turns);
      auto planner = Planner::Create(
          {.reader = reader, .token_budget = 16'000, .renderer = &renderer, .turns = &source});
      ASSERT_TRUE(planner.ok());
      // Long sessions are checked here and there, and at every epoch.
      LawWatcher watcher(**planner, session.turns, source, 1 + session.turns.size() / 60);
      for (const Turn& turn : session.turns) {
        ASSERT_TRUE((*planner)->Append(turn).ok());
        watcher.Check();
      }
      watcher.CheckEpochBound();
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, RealHistories,
    ::testing::Values("trajectories/swe-agent.jsonl.gz", "trajectories/swe-smith.jsonl.gz",
                      "trajectories/tau-airline.jsonl.gz", "trajectories/aider.jsonl.gz",
                      "trajectories/pi.jsonl.gz", "trajectories/deepswe.jsonl.gz"),
    [](const auto& test) { return absl::StrCat("file", test.index); });

}  // namespace
}  // namespace fovea::testing
