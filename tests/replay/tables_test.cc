#include "replay/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fovea::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Row Of(std::string_view strategy, double cost) {
  Row row;
  row.session = "a<b>";
  row.reader = "claude";
  row.budget = 64'000;
  row.strategy = strategy;
  row.cost = row.cost_at_01 = cost;
  row.mean_tokens = 1234.4;
  row.peak_tokens = 4321;
  row.shown = 0.5;
  row.survival = std::numeric_limits<double>::quiet_NaN();
  return row;
}

const std::vector<Row> kRows = {Of(kFullHistory, 2000), Of(kFovea, 500)};

TEST(Tables, TextHasALineAStrategyAndCostsAsShares) {
  const std::string table = TextTable(kRows);
  EXPECT_THAT(table, HasSubstr("claude, budget 64000 tokens\n  text is estimated, "));
  EXPECT_THAT(table, HasSubstr("  full history   1.000     1234     4321  0.500"));
  EXPECT_THAT(table, HasSubstr("  fovea          0.250     1234     4321  0.500"));
  EXPECT_THAT(table, Not(HasSubstr("\n  truncation ")));
  EXPECT_THAT(table, HasSubstr("       –"));
}

TEST(Tables, EachBudgetHasATableOfItsOwnInOrder) {
  std::vector<Row> rows;
  for (const double share : {0.5, 0.25, 0.0}) {
    for (const int64_t budget : {64'000, 16'000}) {
      rows.push_back(Of(kFullHistory, 2000));
      rows.back().session += std::to_string(budget);
      rows.back().budget = budget;
      rows.back().budget_share = share;
    }
  }
  std::vector<std::string> headings;
  const std::string text = TextTable(rows);
  for (size_t at = 0; (at = text.find("claude, ", at)) != std::string::npos;) {
    const size_t end = text.find('\n', at);
    headings.push_back(text.substr(at, end - at));
    at = end;
  }
  EXPECT_THAT(headings, ElementsAre("claude, budget 16000 tokens", "claude, budget 64000 tokens",
                                    "claude, budget 25 % of the history",
                                    "claude, budget 50 % of the history"));
}

TEST(Tables, HtmlEscapesNamesAndHoldsItsPlots) {
  const std::string page = HtmlPage(kRows);
  EXPECT_THAT(page, HasSubstr("a&lt;b&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("a<b>")));
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("<td>0.250</td>"));
}

TEST(Tables, JsonHasNullWhereThereIsNoFigure) {
  const auto rows = nlohmann::json::parse(JsonRows(kRows));
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[1]["strategy"], "fovea");
  EXPECT_EQ(rows[1]["billed"], 500);
  EXPECT_EQ(rows[1]["tokens_exact"], false);
  EXPECT_TRUE(rows[1]["strings"].is_null());
  EXPECT_EQ(rows[1]["over_budget"], 0);
}

TEST(Tables, WhatDoesNotFitIsSaidAndWhatIsRefusedHasNoCost) {
  std::vector<Row> rows = {Of(kFullHistory, 2000), Of(kTruncation, 1000), Of(kFovea, 0)};
  for (Row& row : rows) row.requests = 16;
  rows[0].over_budget = 16;
  rows[1].over_budget = 3;
  rows[2].refused = 2;
  rows[2].cost = rows[2].cost_at_01 = std::numeric_limits<double>::quiet_NaN();
  for (const std::string& text : {TextTable(rows), HtmlPage(rows)}) {
    EXPECT_THAT(text, HasSubstr("truncation: 3 of 16 requests over the budget"));
    EXPECT_THAT(text, HasSubstr("fovea: 2 of 16 requests refused"));
    EXPECT_THAT(text, Not(HasSubstr("full history: ")));
    EXPECT_THAT(text, HasSubstr("against truncation: cost –, "));
  }
  EXPECT_THAT(TextTable(rows), HasSubstr("  fovea              –     1234"));
}

TEST(Tables, AgainstTruncationIsFoveasFigureForOneOfItsOwn) {
  std::vector<Row> rows = {Of(kFullHistory, 2000), Of(kTruncation, 1000), Of(kFovea, 250)};
  rows[2].cost_at_01 = 400;
  rows[1].shown = 0.25;
  for (Row& row : rows) row.edit_copies = 4;
  rows[1].copies_readable = 0.8;
  rows[2].copies_readable = 0.6;
  EXPECT_THAT(TextTable(rows),
              HasSubstr("against truncation: cost 0.400, copies 0.750, shown 2.00 times"));
}

TEST(Tables, AgainstTruncationIsTheMedianOfEachSessionsRatio) {
  std::vector<Row> rows;
  // Passages, and the share of them with truncation and with Fovea; of the third there is none to
  // compare, nor of the fourth.
  const struct {
    double copies, truncation, fovea;
  } sessions[] = {
      {100, 0.1, 0.9}, {4, 1, 0.5}, {4, 0, 1}, {0, std::nan(""), std::nan("")}, {4, 1, 0.7}};
  for (const auto& session : sessions) {
    for (const auto strategy : {kFullHistory, kTruncation, kFovea}) {
      rows.push_back(Of(strategy, 1000));
      rows.back().session = std::to_string((rows.size() - 1) / 3);
      rows.back().edit_copies = session.copies;
      rows.back().copies_readable = strategy == kFovea ? session.fovea : session.truncation;
      rows.back().tokens_exact = true;
    }
  }
  for (const std::string& text : {TextTable(rows), HtmlPage(rows)}) {
    EXPECT_THAT(text, HasSubstr("against truncation: cost 1.000, copies 0.700, shown 1.00 times"));
    EXPECT_THAT(text, HasSubstr("text is counted by the reader's own vocabulary"));
  }
}

}  // namespace
}  // namespace fovea::replay
