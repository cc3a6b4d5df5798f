#include "replay/strategy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/context/summary.h"
#include "core/forgetting/planner.h"
#include "replay/experiment.h"
#include "replay/replay.h"
#include "replay/score.h"
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

TEST_F(StrategyTest, WhatFoveaShowsIsWhatTheSummaryCountsElidedTextToo) {
  for (const char* name : {"claude", "text-only"}) {
    const ReaderProfile reader = **(*BuiltInReaders()).Find(name);
    const TurnCosts costs(session_, reader);
    const int64_t budget = costs.total / 10;
    PageBook book(session_);
    Setting setting{.session = session_,
                    .costs = costs,
                    .reader = reader,
                    .renderer = renderer_,
                    .book = book,
                    .budget = budget};
    auto strategy = Fovea(setting);
    ASSERT_TRUE(strategy.ok()) << strategy.status();
    const auto outcome = Replay(session_, {}, **strategy, reader.cache, budget);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    auto planner = Planner::Create({.reader = reader,
                                    .token_budget = budget,
                                    .renderer = &renderer_,
                                    .turns = &session_.source});
    ASSERT_TRUE(planner.ok()) << planner.status();
    // The last request is sent before the last turn of the assistant.
    for (size_t i = 0; i + 2 < session_.turns.size(); ++i) {
      ASSERT_TRUE((*planner)->Append(session_.turns[i]).ok());
    }
    const CharacterCounts counts = SummarizeContext(**planner).characters;
    EXPECT_EQ(counts.elided + counts.latent > 0, reader.ladder.empty()) << name;
    const auto shown = static_cast<double>(counts.text + counts.pages);
    EXPECT_NEAR(ScoreOf(*outcome, book, ExpectedReading(), nullptr).shown_end,
                shown / (shown + static_cast<double>(counts.elided + counts.latent)), 1e-9)
        << name;
  }
}

// Serves what it is told to, a request after the other.
class ToldStrategy final : public Strategy {
 public:
  explicit ToldStrategy(std::vector<Served> served) : served_(std::move(served)) {}
  absl::Status Append(const Turn& turn) override {
    last_ = turn.seq;
    return absl::OkStatus();
  }
  absl::StatusOr<Served> Serve() override {
    Served served = served_[at_++];
    served.turns.assign(last_, TurnView::kText);
    return served;
  }

 private:
  std::vector<Served> served_;
  size_t at_ = 0;
  uint64_t last_ = 0;
};

TEST_F(StrategyTest, EpochsAreChangesBetweenRequestsThatWereServed) {
  const Session session("s", Numbered({User("a"), Assistant("b"), Assistant("c"), Assistant("d"),
                                       Assistant("e"), Assistant("f")}));
  ToldStrategy strategy(
      {{.epoch = 7}, {.epoch = 7}, {.epoch = 9, .refused = true}, {.epoch = 20}, {.epoch = 21}});
  const auto outcome = Replay(session, {}, strategy, {}, 1'000);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->requests, 5);
  EXPECT_EQ(outcome->epochs, 2);
}

TEST_F(StrategyTest, MaskingChangesAtMostOnceBetweenTwoRequests) {
  std::vector<Turn> turns = {User("go")};
  for (int i = 0; i < 8; ++i) {
    turns.push_back(Call("{}"));
    for (int result = 0; result < 5; ++result) turns.push_back(Result("r"));
  }
  const Session session("s", Numbered(std::move(turns)));
  const TurnCosts costs(session, reader_);
  const auto masking = Masking(
      {.session = session, .costs = costs, .reader = reader_, .renderer = renderer_, .book = book_},
      3);
  const auto outcome = Replay(session, {}, *masking, reader_.cache, 1'000'000);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->requests, 8);
  EXPECT_EQ(outcome->epochs, 7);
}

TEST_F(StrategyTest, WhatWasRefusedHasNoCostAndWhatWasNotServedHasNoTokens) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(
      std::make_unique<Session>("s", Numbered({User(std::string(20'000, 'x')), Assistant("a")})));
  sessions.push_back(std::make_unique<Session>("none", Numbered({User("nobody answers")})));
  const ExperimentOptions options{
      .readers = {reader_}, .budgets = {1'000}, .strategies = {kFullHistory, kFovea}};
  const auto experiment = Live(sessions, renderer_, options);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const std::vector<Row> rows = Rows(*experiment, ExpectedReading());
  ASSERT_EQ(rows.size(), 4);
  EXPECT_GT(rows[0].cost, 0);
  EXPECT_EQ(rows[1].refused, 1);
  for (const double figure :
       {rows[1].cost, rows[1].cost_at_01, rows[1].cost_text, rows[1].mean_tokens,
        rows[1].peak_tokens, rows[3].shown, rows[3].gist}) {
    EXPECT_TRUE(std::isnan(figure)) << figure;
  }
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
