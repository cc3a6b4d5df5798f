// Histories for tests: random ones, and the shared real ones.
#ifndef FOVEA_TESTS_SUPPORT_HISTORIES_H_
#define FOVEA_TESTS_SUPPORT_HISTORIES_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/log/turn.h"
#include "core/log/vector_turn_source.h"

namespace fovea::testing {

using fovea::VectorTurnSource;

struct HistoryShape {
  int min_turns = 1;
  int max_turns = 200;
  int max_text_bytes = 4000;
  double huge_result_share = 0.02;  // of results: 20 times as large
};

// An agent's history with parallel calls, orphaned calls and results, empty turns, errors, opaque
// blocks, images, and users who interrupt. The same seed gives the same history.
std::vector<Turn> RandomHistory(uint64_t seed, const HistoryShape& shape);

struct SharedSession {
  std::string name;
  std::vector<Turn> turns;
};

// The sessions of a file of the shared histories ("trajectories/deepswe.jsonl.gz"); empty if the
// histories are absent: the test must then skip and say so.
std::vector<SharedSession> SharedSessions(const std::string& file);

// The same of a file anywhere.
std::vector<SharedSession> SessionsOf(const std::string& path);

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_SUPPORT_HISTORIES_H_
