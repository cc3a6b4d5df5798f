// Every random history, however broken, becomes a payload that its API accepts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/base/sha256.h"
#include "service/wire/payload.h"
#include "tests/service/payload_check.h"
#include "tests/service/wild_history.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::MakeWildHistory;
using ::fovea::testing::ServeAll;
using ::fovea::testing::WildHistory;

constexpr uint64_t kHistories = 2'500;

absl::StatusOr<PageBytes> FakePages(const std::vector<const PlannedPage*>& pages) {
  PageBytes bytes;
  for (const PlannedPage* page : pages) {
    bytes[page->page_id] = std::make_shared<const std::string>("PNG of " + page->page_id);
  }
  return bytes;
}

PayloadRequest RequestFor(PayloadFormat format, bool images) {
  return {.state_id = 1, .format = format, .reader = {.takes_images = images}, .load = FakePages};
}

// The history's first turns as head where they are system turns; the rest as tail.
Context ContextOf(const std::vector<Turn>& turns, bool draw_some, bool with_history) {
  Context context;
  std::vector<ServedGroup> groups = ServeAll(turns, draw_some);
  size_t head = 0;
  while (head < groups.size() && groups[head].turns.size() == 1 &&
         groups[head].turns[0].turn->role == Role::kSystem) {
    ++head;
  }
  context.head.assign(groups.begin(), groups.begin() + static_cast<long>(head));
  context.tail.assign(groups.begin() + static_cast<long>(head), groups.end());
  if (!with_history) return context;
  for (int i = 0; i < 5; ++i) {
    HistoryMessage message{.rung = "soft", .rung_end = true};
    message.items.emplace_back(std::string("pages follow"));
    PlannedPage page{.page_id = Sha256Hex("history " + std::to_string(i))};
    message.items.emplace_back(std::move(page));
    context.history.push_back(std::move(message));
  }
  return context;
}

struct Case {
  const char* name;
  PayloadFormat format;
  bool images;
  bool draw_some;
  bool with_history;
};

class WirePropertyTest : public ::testing::TestWithParam<Case> {};

std::vector<std::string> Problems(PayloadFormat format, const nlohmann::json& payload) {
  return format == PayloadFormat::kOpenAiChat ? testing::OpenAiChatProblems(payload)
                                              : testing::AnthropicProblems(payload);
}

TEST_P(WirePropertyTest, EveryHistoryIsAccepted) {
  const Case& c = GetParam();
  PayloadWriter writer(1 << 20);
  for (uint64_t seed = 0; seed < kHistories; ++seed) {
    const WildHistory history = MakeWildHistory(seed);
    const Context context = ContextOf(history.turns, c.draw_some, c.with_history);
    auto payload = writer.Write(context, RequestFor(c.format, c.images));
    ASSERT_TRUE(payload.ok()) << "seed " << seed << ": " << payload.status();
    writer.Forget(1);
    const auto json = nlohmann::json::parse(payload->bytes);
    const auto problems = Problems(c.format, json);
    ASSERT_TRUE(problems.empty()) << "seed " << seed << ": " << problems.front() << "\n"
                                  << json.dump(1);
    EXPECT_EQ(payload->sha256, Sha256Hex(payload->bytes));
    if (c.draw_some) continue;
    // Nothing is lost: each marker stands in the payload.
    std::string all;
    for (const std::string& text : testing::AllStrings(json)) all += text + "\n";
    for (const std::string& marker : history.markers) {
      ASSERT_NE(all.find(marker), std::string::npos) << "seed " << seed << " lost " << marker;
    }
  }
}

TEST_P(WirePropertyTest, ThePrefixStaysWhileTheTailGrows) {
  const Case& c = GetParam();
  PayloadWriter writer(1 << 20);
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const WildHistory history = MakeWildHistory(seed);
    Context whole = ContextOf(history.turns, c.draw_some, c.with_history);
    Context no_tail = whole;
    no_tail.tail.clear();
    auto empty = writer.Write(no_tail, RequestFor(c.format, c.images));
    ASSERT_TRUE(empty.ok()) << empty.status();
    const std::string prefix = empty->bytes.substr(0, empty->bytes.size() - 2);
    EXPECT_EQ(empty->prefix_sha256, Sha256Hex(prefix));
    for (size_t groups = 1; groups <= whole.tail.size(); ++groups) {
      Context part = no_tail;
      part.tail.assign(whole.tail.begin(), whole.tail.begin() + static_cast<long>(groups));
      auto payload = writer.Write(part, RequestFor(c.format, c.images));
      ASSERT_TRUE(payload.ok()) << "seed " << seed << ": " << payload.status();
      ASSERT_EQ(payload->bytes.compare(0, prefix.size(), prefix), 0);
      ASSERT_EQ(payload->prefix_sha256, empty->prefix_sha256);
      ASSERT_EQ(payload->sha256, Sha256Hex(payload->bytes));
    }
    writer.Forget(1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, WirePropertyTest,
    ::testing::Values(Case{"OpenAi", PayloadFormat::kOpenAiChat, true, false, false},
                      Case{"OpenAiDrawn", PayloadFormat::kOpenAiChat, true, true, true},
                      Case{"OpenAiTextOnly", PayloadFormat::kOpenAiChat, false, false, false},
                      Case{"Anthropic", PayloadFormat::kAnthropic, true, false, false},
                      Case{"AnthropicDrawn", PayloadFormat::kAnthropic, true, true, true},
                      Case{"AnthropicTextOnly", PayloadFormat::kAnthropic, false, false, false}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace fovea::wire
