// What the reports' tests print.
#ifndef FOVEA_TESTS_REPLAY_ROWS_H_
#define FOVEA_TESTS_REPLAY_ROWS_H_

#include <string>
#include <string_view>
#include <vector>

#include "replay/row.h"

namespace fovea::replay {

inline std::vector<Row> TwoSessions() {
  std::vector<Row> rows;
  for (const char* session : {"one", "two"}) {
    for (const std::string_view strategy : kStrategies) {
      rows.push_back({.session = session,
                      .session_tokens = 60'000,
                      .reader = "claude",
                      .budget_share = 0.1,
                      .budget = 16'000,
                      .strategy = std::string(strategy),
                      .cost = strategy == kFullHistory        ? 1000
                              : std::string(session) == "one" ? 200.0
                                                              : 400.0,
                      .cost_at_01 = 1000,
                      .requests = 10,
                      .shown = 0.5,
                      .gist = 0.25,
                      .moments = 100,
                      .survival = 0.75,
                      .recalls = 4,
                      .by_recall = 3,
                      .by_search = 2});
    }
  }
  return rows;
}

}  // namespace fovea::replay

#endif  // FOVEA_TESTS_REPLAY_ROWS_H_
