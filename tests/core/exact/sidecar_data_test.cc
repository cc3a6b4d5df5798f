// Sidecars of the shared histories.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/base/utf8.h"
#include "core/exact/exact_scan.h"
#include "core/exact/sidecar.h"
#include "tests/support/histories.h"

namespace fovea {
namespace {

std::vector<testing::SharedSession> Histories() {
  std::vector<testing::SharedSession> all;
  for (const char* file : {"trajectories/deepswe.jsonl.gz", "trajectories/pi.jsonl.gz",
                           "trajectories/swe-smith.jsonl.gz", "trajectories/swe-agent.jsonl.gz",
                           "trajectories/tau-airline.jsonl.gz", "trajectories/aider.jsonl.gz",
                           "multilingual/xquad.jsonl.gz"}) {
    for (testing::SharedSession& session : testing::SharedSessions(file)) {
      all.push_back(std::move(session));
    }
  }
  return all;
}

// Everything that a reader reads as text, with breaks between.
std::string ShownText(const Turn& turn) {
  std::string text;
  for (const Part& part : turn.parts) {
    if (const auto* own = std::get_if<TextPart>(&part)) {
      text += own->text + "\n";
    } else if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      text += call->arguments_json + "\n";
    } else if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const auto& content : result->content) {
        if (const auto* shown = std::get_if<TextPart>(&content)) text += shown->text + "\n";
      }
    }
  }
  return text;
}

TEST(SidecarOnHistories, EveryStringStandsInTheTurnThatItNames) {
  const std::vector<testing::SharedSession> histories = Histories();
  if (histories.empty()) {
    GTEST_SKIP() << "the shared histories (../shared/data) are not present";
  }
  size_t strings = 0;
  for (const testing::SharedSession& session : histories) {
    ExactStringCollector collector;
    std::map<uint64_t, std::string> texts;
    for (const Turn& turn : session.turns) {
      collector.Add(turn);
      texts[turn.seq] = ShownText(turn);
    }
    for (const ExactString& string : collector.strings()) {
      const std::string& text = texts.at(string.first_seq);
      ASSERT_NE(text.find(string.text), std::string::npos) << session.name << " " << string.text;
      ASSERT_NE(text.find(string.label), std::string::npos) << session.name << " " << string.label;
      ASSERT_GE(string.text.size(), kMinExactBytes);
      ASSERT_LE(string.text.size(), kMaxExactBytes);
      ASSERT_TRUE(IsWellFormedUtf8(string.text));
      ++strings;
    }
    const Sidecar sidecar = WriteSidecar(collector.strings(), 2000);
    EXPECT_LE(sidecar.text.size(), 2000U);
    EXPECT_EQ(sidecar.included + sidecar.omitted, collector.strings().size());
  }
  std::printf("%zu exact strings in %zu sessions\n", strings, histories.size());
  EXPECT_GT(strings, 10000U);
}

// What the customer-service sessions are about must be there: reservations, users, flights.
TEST(SidecarOnHistories, FindsTheIdsOfToolResults) {
  const std::vector<testing::SharedSession> sessions =
      testing::SharedSessions("trajectories/tau-airline.jsonl.gz");
  if (sessions.empty()) {
    GTEST_SKIP() << "the shared histories (../shared/data) are not present";
  }
  size_t named = 0;
  size_t found = 0;
  for (const testing::SharedSession& session : sessions) {
    ExactStringCollector collector;
    std::string all;
    for (const Turn& turn : session.turns) {
      collector.Add(turn);
      all += ShownText(turn);
    }
    std::map<std::string, bool> strings;
    for (const ExactString& string : collector.strings()) strings[string.text] = true;
    for (const char* label : {"\"reservation_id\": \"", "\"user_id\": \"", "\"payment_id\": \""}) {
      for (size_t at = all.find(label); at != std::string::npos; at = all.find(label, at + 1)) {
        const size_t begin = at + std::string(label).size();
        const std::string id = all.substr(begin, all.find('"', begin) - begin);
        // An id of letters alone is a word, as far as a scanner can tell.
        if (id.find_first_of("0123456789") == std::string::npos) continue;
        ++named;
        found += strings.contains(id) ? 1 : 0;
      }
    }
  }
  std::printf("%zu of %zu ids found\n", found, named);
  ASSERT_GT(named, 500U);
  EXPECT_GE(static_cast<double>(found), 0.98 * static_cast<double>(named));
}

TEST(SidecarOnHistories, IsFast) {
  const std::vector<testing::SharedSession> histories = Histories();
  if (histories.empty()) {
    GTEST_SKIP() << "the shared histories (../shared/data) are not present";
  }
  size_t bytes = 0;
  const std::clock_t start = std::clock();
  for (const testing::SharedSession& session : histories) {
    ExactStringCollector collector;
    for (const Turn& turn : session.turns) collector.Add(turn);
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  for (const testing::SharedSession& session : histories) {
    for (const Turn& turn : session.turns) bytes += ShownText(turn).size();
  }
  const double megabytes = static_cast<double>(bytes) / 1e6;
  std::printf("%.1f MB in %.1f ms of processor time: %.0f MB/s\n", megabytes, seconds * 1e3,
              megabytes / seconds);
  EXPECT_LT(seconds, 5);
}

}  // namespace
}  // namespace fovea
