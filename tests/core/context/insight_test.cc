// What a context says of itself: its summary, what it costs, where a turn stands and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/context/cost.h"
#include "tests/core/forgetting/planner_fixture.h"

namespace fovea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(PlannerTest, HowMuchOfTheBudgetIsUsedIsSaidInPercent) {
  AddCall(1'000);
  Plan("claude", 16'000);
  const int64_t percent = 100 * planner_->tokens() / 16'000;
  ASSERT_GT(percent, 4);
  EXPECT_THAT(SummarizeContext(*planner_).budget_use,
              StartsWith(absl::StrCat(percent, " % of the budget is used: the whole history")));
}

TEST_F(PlannerTest, CostsAreTokensAtTheReadersPrices) {
  for (int i = 0; i < 20; ++i) AddCall(100);
  ReaderProfile priced = **readers_.Find("claude");
  priced.cache.read_price = 0.25;
  priced.cache.write_price = 1.5;
  priced.prices.input = 3;
  PlanFor(priced, 32'000);
  const ContextCost cost = CostOf(*planner_);
  const auto tokens = static_cast<double>(planner_->tokens());
  ASSERT_GT(cost.cached_tokens, 0);
  ASSERT_GT(cost.written_tokens, 0);
  EXPECT_EQ(cost.cached_tokens + cost.written_tokens, planner_->tokens());
  EXPECT_DOUBLE_EQ(cost.now, 0.25 * static_cast<double>(cost.cached_tokens) +
                                 1.5 * static_cast<double>(cost.written_tokens));
  EXPECT_DOUBLE_EQ(cost.next, 0.25 * tokens);
  EXPECT_DOUBLE_EQ(cost.now_usd, cost.now * 3e-6);
  EXPECT_DOUBLE_EQ(cost.next_usd, cost.next * 3e-6);
}

TEST_F(PlannerTest, RungsWithoutEvidenceAreLeftOutWhereThePolicySaysSo) {
  ReaderProfile reader = **readers_.Find("claude");
  ASSERT_GE(reader.ladder.size(), 2);
  for (Rung& rung : reader.ladder) rung.evidence = Evidence::kAssumed;
  reader.ladder[0].evidence = Evidence::kMeasured;
  const size_t all = reader.ladder.size();
  PlanFor(reader, 16'000);
  EXPECT_EQ(planner_->ladder().size(), all);
  PlanFor(reader, 16'000, {.forbid_unmeasured_rungs = true});
  ASSERT_EQ(planner_->ladder().size(), 1);
  EXPECT_EQ(planner_->ladder()[0].name, reader.ladder[0].name);
}

// Where each turn of a long session stands, and on which pages.
TEST_F(PlannerTest, ATurnsPlaceIsExplained) {
  for (int i = 0; i < 300; ++i) AddCall(3'000);
  Plan("claude", 32'000);
  const Sheet& sheet = planner_->plan().sheet;
  std::set<std::string> pages_of_run;
  size_t with_one_page = 0;
  size_t with_more_pages = 0;
  for (const SheetPart& run : sheet.runs()) {
    if (!run.on_pages) continue;
    const size_t count = run.drawn.pages.size();
    (count == 1 ? with_one_page : with_more_pages) += 1;
    for (uint64_t seq = run.turns.first; seq <= run.turns.last; ++seq) {
      const auto why = ExplainTurn(*planner_, seq);
      ASSERT_TRUE(why.ok()) << why.status();
      EXPECT_THAT(why->reason,
                  HasSubstr(absl::StrCat("turns #", run.turns.first, " to #", run.turns.last,
                                         " on ", count, count == 1 ? " page." : " pages.")));
      std::vector<std::string> held;
      for (const PlannedPage& page : run.drawn.pages) {
        const SeqRange shown = {page.extent.first_seq, page.extent.last_seq};
        if (shown.contains(seq)) held.push_back(page.page_id);
      }
      EXPECT_EQ(why->page_ids, held) << seq;
      EXPECT_FALSE(held.empty()) << seq;
    }
  }
  EXPECT_GT(with_one_page, 0);
  EXPECT_GT(with_more_pages, 0);
  EXPECT_THAT(ExplainTurn(*planner_, 1)->reason, StartsWith("It opens the conversation"));
  EXPECT_THAT(ExplainTurn(*planner_, 2)->reason, StartsWith("It opens the conversation"));
  EXPECT_THAT(ExplainTurn(*planner_, turns_.size())->reason,
              StartsWith("It is in the verbatim tail: the newest turns are text."));
  EXPECT_EQ(ExplainTurn(*planner_, turns_.size() + 1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ExplainTurn(*planner_, 0).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PlannerTest, WhatIsOldAndTextIsExplained) {
  for (int i = 0; i < 60; ++i) AddCall(1'500);
  Plan("text-only", 16'000);
  size_t gists = 0;
  for (const SheetPart& run : planner_->plan().sheet.runs()) {
    ASSERT_FALSE(run.on_pages);
    const bool gist = run.place.is_gist();
    gists += gist ? 1 : 0;
    const auto why = ExplainTurn(*planner_, run.turns.first);
    EXPECT_THAT(why->reason,
                StartsWith(gist ? absl::StrCat("It is old: of turns #", run.turns.first, " to #",
                                               run.turns.last, " the gist is shown as text.")
                                : "It is old, but a page would cost more than its text."));
    EXPECT_EQ(why->rung, gist ? "gist" : "verbatim");
  }
  EXPECT_GT(gists, 0);
}

// A pin has one price, whether the planner keeps it or a caller asks for it.
TEST_F(PlannerTest, AnOpeningTasksPinCostsWhatAnyPinOfItCosts) {
  turns_.clear();
  Add(Role::kAssistant, TextPart{"Welcome."});
  Add(Role::kUser, TextPart{"Mend the build. It must stay green."});
  for (int i = 0; i < 60; ++i) AddCall(400);
  Plan("claude", 16'000);
  ASSERT_EQ(planner_->plan().pinned.size(), 1);
  const int64_t kept = planner_->plan().pinned.at(2).tokens;
  ASSERT_TRUE(Apply(LogEvent::Kind::kUnpin, {2, 2}).ok());
  ASSERT_TRUE(Apply(LogEvent::Kind::kPin, {2, 2}).ok());
  EXPECT_EQ(planner_->plan().pinned.at(2).tokens, kept);
}

}  // namespace
}  // namespace fovea::testing
