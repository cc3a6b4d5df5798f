// EstimateTokens against the true counts of the shared histories, which
// scripts/calibrate-token-estimate.mjs recorded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "core/tokens/token_counter.h"
#include "tests/support/histories.h"

namespace fovea {
namespace {

// The strings of a turn that the script counted, in its order: texts, call names, arguments.
std::vector<std::string> Texts(const Turn& turn) {
  std::vector<std::string> texts;
  for (const Part& part : turn.parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      texts.push_back(text->text);
    } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      texts.push_back(call->name);
      texts.push_back(call->arguments_json);
    } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const auto& content : result->content) {
        if (const auto* shown = std::get_if<TextPart>(&content)) texts.push_back(shown->text);
      }
    }
  }
  return texts;
}

struct Count {
  std::string file;
  int64_t truth = 0;
  int64_t estimate = 0;
  uint64_t characters = 0;
  double ratio() const { return static_cast<double>(estimate) / static_cast<double>(truth); }
};

struct Counts {
  std::vector<Count> sessions;
  std::vector<Count> turns;
};

// The recorded counts of one file: a row a session, a number a turn.
std::vector<std::vector<int64_t>> Recorded(const std::string& file) {
  std::ifstream in(FOVEA_SOURCE_DIR "/tests/core/tokens/o200k_counts.txt");
  std::vector<std::vector<int64_t>> sessions;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    if (name != file) continue;
    sessions.emplace_back();
    for (int64_t tokens = 0; fields >> tokens;) sessions.back().push_back(tokens);
  }
  return sessions;
}

void AddFile(const std::string& file, Counts* counts) {
  const std::vector<testing::SharedSession> sessions = testing::SharedSessions(file + ".jsonl.gz");
  const std::vector<std::vector<int64_t>> recorded = Recorded(file);
  if (sessions.empty()) return;
  ASSERT_EQ(sessions.size(), recorded.size()) << file;
  for (size_t s = 0; s < sessions.size(); ++s) {
    ASSERT_EQ(sessions[s].turns.size(), recorded[s].size()) << file << " " << s;
    Count session = {.file = file};
    for (size_t t = 0; t < recorded[s].size(); ++t) {
      Count turn = {.file = file, .truth = recorded[s][t]};
      for (const std::string& text : Texts(sessions[s].turns[t])) {
        turn.estimate += EstimateTokens(text);
        turn.characters += CountCharacters(text);
      }
      session.truth += turn.truth;
      session.estimate += turn.estimate;
      counts->turns.push_back(turn);
    }
    counts->sessions.push_back(session);
  }
}

const Counts& AllCounts() {
  static const Counts* const counts = [] {
    auto* all = new Counts();
    for (const char* file : {"trajectories/deepswe", "trajectories/pi", "trajectories/swe-smith",
                             "trajectories/swe-agent", "trajectories/tau-airline",
                             "trajectories/aider", "multilingual/xquad"}) {
      AddFile(file, all);
    }
    return all;
  }();
  return *counts;
}

double At(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1,
                         static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

std::vector<double> SortedRatios(const std::vector<Count>& counts) {
  std::vector<double> ratios;
  ratios.reserve(counts.size());
  for (const Count& count : counts) ratios.push_back(count.ratio());
  std::ranges::sort(ratios);
  return ratios;
}

#define SKIP_WITHOUT_HISTORIES()                                             \
  if (AllCounts().sessions.empty()) {                                        \
    GTEST_SKIP() << "the shared histories (../shared/data) are not present"; \
  }

TEST(EstimateTokensOnHistories, SessionsAreCountedOnTheSafeSide) {
  SKIP_WITHOUT_HISTORIES();
  const std::vector<double> ratios = SortedRatios(AllCounts().sessions);
  const auto under = static_cast<size_t>(std::ranges::lower_bound(ratios, 1.0) - ratios.begin());
  std::printf("%zu sessions, %zu under; ratio: least %.4f, median %.4f, 90 %% %.4f, most %.4f\n",
              ratios.size(), under, ratios.front(), At(ratios, 0.5), At(ratios, 0.9),
              ratios.back());
  EXPECT_EQ(under, 0U);
  EXPECT_LE(At(ratios, 0.5), 1.20);
}

TEST(EstimateTokensOnHistories, LongTurnsAreSeldomCountedShort) {
  SKIP_WITHOUT_HISTORIES();
  std::vector<Count> turns;
  for (const Count& turn : AllCounts().turns) {
    if (turn.characters > 200) turns.push_back(turn);
  }
  const std::vector<double> ratios = SortedRatios(turns);
  const auto under = static_cast<size_t>(std::ranges::lower_bound(ratios, 1.0) - ratios.begin());
  std::printf("%zu turns over 200 characters, %zu under; least %.3f, median %.3f\n", ratios.size(),
              under, ratios.front(), At(ratios, 0.5));
  EXPECT_LE(static_cast<double>(under), 0.001 * static_cast<double>(ratios.size()));
  EXPECT_GE(ratios.front(), 0.97);
}

TEST(EstimateTokensOnHistories, EveryCorpusIsNearTheTruth) {
  SKIP_WITHOUT_HISTORIES();
  std::map<std::string, Count> files;
  for (const Count& session : AllCounts().sessions) {
    Count& file = files[session.file];
    file.truth += session.truth;
    file.estimate += session.estimate;
  }
  for (const auto& [name, count] : files) {
    std::printf("%-26s %8lld true, %8lld estimated: %.4f\n", name.c_str(),
                static_cast<long long>(count.truth), static_cast<long long>(count.estimate),
                count.ratio());
    EXPECT_GE(count.ratio(), 1.0) << name;
    // Twelve languages, of whose tokens the estimate knows the most used alone.
    EXPECT_LE(count.ratio(), name == "multilingual/xquad" ? 1.6 : 1.2) << name;
  }
}

TEST(EstimateTokensOnHistories, IsFast) {
  SKIP_WITHOUT_HISTORIES();
  std::string text;
  for (const testing::SharedSession& session :
       testing::SharedSessions("trajectories/deepswe.jsonl.gz")) {
    for (const Turn& turn : session.turns) {
      for (const std::string& part : Texts(turn)) text += part;
    }
  }
  const std::clock_t start = std::clock();
  const int64_t tokens = EstimateTokens(text);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double megabytes = static_cast<double>(text.size()) / 1e6;
  std::printf("%.1f MB in %.1f ms of processor time: %.0f MB/s\n", megabytes, seconds * 1e3,
              megabytes / seconds);
  EXPECT_GT(tokens, 0);
  // Sanitizers and busy machines slow it down; a quadratic step would slow it more.
  EXPECT_LT(seconds, 5);
}

}  // namespace
}  // namespace fovea
