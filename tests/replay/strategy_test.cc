#include "replay/strategy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/forgetting/planner.h"
#include "replay/experiment.h"
#include "tests/replay/histories.h"
#include "tests/support/grid_renderer.h"

namespace fovea::replay {
namespace {

// An agent that reads `calls` files, each of about `words` tokens.
std::vector<Turn> Reading(int calls, int words) {
  std::vector<Turn> turns = {User("Read all files and say what is in src/file_10.cc")};
  for (int i = 0; i < calls; ++i) {
    turns.push_back(Call(absl::StrCat(R"({"path":"src/file_1)", i % 7, R"(.cc"})")));
    std::string text = absl::StrCat("next is src/file_1", (i + 1) % 7, ".cc\n");
    for (int word = 0; word < words; ++word) absl::StrAppend(&text, "word", word % 10, " and ");
    turns.push_back(Result(std::move(text)));
  }
  return Numbered(std::move(turns));
}

class StrategyTest : public ::testing::Test {
 protected:
  Setting At(int64_t budget) {
    return {.session = session_,
            .costs = costs_,
            .reader = reader_,
            .renderer = renderer_,
            .book = book_,
            .budget = budget};
  }

  // Serves after each turn up to `seq`; the last is returned.
  static Served After(Strategy& strategy, const Session& session, uint64_t seq) {
    Served served;
    for (uint64_t i = 0; i < seq; ++i) {
      EXPECT_TRUE(strategy.Append(session.turns[i]).ok());
      auto now = strategy.Serve();
      EXPECT_TRUE(now.ok()) << now.status();
      if (now.ok()) served = *std::move(now);
    }
    return served;
  }

  static int64_t Tokens(const Served& served) {
    int64_t tokens = 0;
    for (const Segment& segment : served.prompt) tokens += segment.tokens;
    return tokens;
  }

  Session session_{"s", Reading(120, 60)};
  ReaderProfile reader_ = **(*BuiltInReaders()).Find("claude");
  TurnCosts costs_{session_, reader_};
  testing::GridRenderer renderer_;
  PageBook book_{session_};
};

TEST_F(StrategyTest, FullHistoryIsAllTurnsAsText) {
  const auto strategy = FullHistory(At(1'000));
  const Served served = After(*strategy, session_, session_.turns.size());
  EXPECT_EQ(Tokens(served), costs_.total);
  EXPECT_EQ(std::ranges::count(served.turns, TurnView::kText), 241);
}

TEST_F(StrategyTest, TruncationDropsWholeOldGroupsToHalfAndKeepsTheHead) {
  const int64_t budget = costs_.total / 4;
  const auto strategy = Truncation(At(budget));
  int64_t before = 0;
  bool cut = false;
  for (const Turn& turn : session_.turns) {
    ASSERT_TRUE(strategy->Append(turn).ok());
    const Served served = *strategy->Serve();
    EXPECT_LE(Tokens(served), budget);
    EXPECT_EQ(served.turns[0], TurnView::kText);
    // A call stays with its result.
    const auto first =
        std::ranges::find(served.turns.begin() + 1, served.turns.end(), TurnView::kText);
    EXPECT_EQ((first - served.turns.begin()) % 2, 1);
    if (Tokens(served) < before) {
      cut = true;
      EXPECT_LE(Tokens(served), budget / 2);
      EXPECT_GT(Tokens(served), budget / 2 - 1'000);
    }
    before = Tokens(served);
  }
  EXPECT_TRUE(cut);
}

TEST_F(StrategyTest, MaskingKeepsTheNewestResultsAndAllCalls) {
  const auto strategy = Masking(At(0), 3);
  const Served served = After(*strategy, session_, 241);
  EXPECT_EQ(std::ranges::count(served.turns, TurnView::kText), 241 - 117);
  EXPECT_EQ(std::ranges::count(served.turns, TurnView::kTextWithoutResults), 117);
  EXPECT_EQ(served.turns[240 - 4], TurnView::kText);
  EXPECT_EQ(served.turns[240 - 6], TurnView::kTextWithoutResults);
}

TEST_F(StrategyTest, MaskingKeepsAsManyResultsAsFit) {
  const auto peak = [&](uint64_t results) {
    const auto strategy = Masking(At(0), results);
    int64_t most = 0;
    for (const Turn& turn : session_.turns) {
      if (turn.role == Role::kAssistant) most = std::max(most, Tokens(*strategy->Serve()));
      EXPECT_TRUE(strategy->Append(turn).ok());
    }
    return most;
  };
  const int64_t budget = costs_.total / 2;
  const uint64_t results = MaskedResultsWithin(session_, costs_, budget);
  EXPECT_GT(results, 10);
  EXPECT_LE(peak(results), budget);
  EXPECT_GT(peak(results + 1), budget);
  EXPECT_EQ(MaskedResultsWithin(session_, costs_, 10), 1);
}

TEST_F(StrategyTest, TheGridDrawsWhatIsOlderThanTheLastFiftiethTurn) {
  const auto strategy = TextOrImageGrid(At(0));
  const Served before = After(*strategy, session_, 49);
  EXPECT_TRUE(before.pages.empty());
  const auto later = TextOrImageGrid(At(0));
  const Served served = After(*later, session_, 120);
  ASSERT_FALSE(served.pages.empty());
  EXPECT_EQ(served.turns[0], TurnView::kText);
  // Turn 100 calls, so its group is the newest when it comes.
  EXPECT_EQ(served.turns[98], TurnView::kHidden);
  EXPECT_EQ(served.turns[99], TurnView::kText);
  uint64_t characters = 0;
  for (const SeenPage* page : served.pages) characters += page->characters;
  uint64_t drawn = 0;
  for (size_t i = 1; i < 99; ++i) drawn += session_.characters[i];
  EXPECT_GE(characters, drawn);
  EXPECT_LE(characters, drawn + 294);  // 98 times "→ " and a space, for each call
}

TEST_F(StrategyTest, FoveaCostsWhatItsPlannerSays) {
  const int64_t budget = costs_.total / 4;
  auto strategy = Fovea(At(budget));
  ASSERT_TRUE(strategy.ok()) << strategy.status();
  auto planner = Planner::Create({.reader = reader_,
                                  .token_budget = budget,
                                  .renderer = &renderer_,
                                  .turns = &session_.source});
  ASSERT_TRUE(planner.ok()) << planner.status();
  bool drew = false;
  for (const Turn& turn : session_.turns) {
    ASSERT_TRUE((*strategy)->Append(turn).ok());
    ASSERT_TRUE((*planner)->Append(turn).ok());
    const auto served = (*strategy)->Serve();
    ASSERT_TRUE(served.ok()) << served.status();
    EXPECT_EQ(Tokens(*served), (*planner)->tokens());
    drew = drew || !served->pages.empty();
  }
  EXPECT_TRUE(drew);
}

TEST_F(StrategyTest, AnExperimentDoesNotDependOnItsThreads) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (const int calls : {60, 90}) {
    sessions.push_back(std::make_unique<Session>(absl::StrCat("s", calls), Reading(calls, 60)));
  }
  ExperimentOptions options{.readers = {reader_, **(*BuiltInReaders()).Find("gemini-3")},
                            .budget_shares = {0.25},
                            .min_budget = 1'000};
  std::string first;
  for (const int threads : {1, 4}) {
    options.threads = threads;
    const auto experiment = Live(sessions, renderer_, options);
    ASSERT_TRUE(experiment.ok()) << experiment.status();
    std::string all;
    for (const Row& row : Rows(*experiment, ExpectedReading())) {
      absl::StrAppend(&all, row.session, row.reader, row.strategy, " ", row.cost, " ", row.survival,
                      " ", row.gist, "\n");
      if (row.strategy == kFullHistory) {
        EXPECT_EQ(row.survival, 1);
        EXPECT_EQ(row.shown, 1);
      }
      if (row.strategy == kFovea) {
        EXPECT_EQ(row.over_budget, 0);
      }
    }
    if (threads == 1) first = all;
    EXPECT_EQ(all, first);
  }
}

}  // namespace
}  // namespace fovea::replay
