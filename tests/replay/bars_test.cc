#include "bench/replay/bars.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace fovea::replay {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

TEST(Median, OfOddOfEvenAndOfNothing) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Median({kNoNumber, 7}), 7);
  EXPECT_TRUE(std::isnan(Median({})));
  EXPECT_TRUE(std::isnan(Median({kNoNumber})));
}

// Rows that meet every bar.
std::vector<Row> GoodRows() {
  std::vector<Row> rows;
  for (const char* reader : {"gemini-3", "deepseek-flash", "deepseek-ocr"}) {
    for (const double share : {0.10, 0.25}) {
      for (const std::string_view strategy : kStrategies) {
        const bool fovea = strategy == kFovea;
        rows.push_back({.session = "s",
                        .session_tokens = 200'000,
                        .reader = reader,
                        .budget_share = share,
                        .strategy = std::string(strategy),
                        .cost = fovea ? 0.9 : 1,
                        .cost_at_01 = fovea ? 0.9 : 1,
                        .shown = fovea ? 0.9 : 0.1,
                        .gist = fovea ? 0.6 : 0.1,
                        .moments = 200,
                        .survival = fovea ? 0.98 : 0.7,
                        .recalls = 3.5,
                        .by_recall = 3.5,
                        .by_search = 2,
                        .sidecar_strings = fovea ? 7 : 0,
                        .text_turns = fovea ? 9 : 0});
      }
    }
  }
  return rows;
}

bool Met(const std::vector<Row>& rows, const std::string& start) {
  for (const Bar& bar : CompareWithBars(rows)) {
    if (bar.name.starts_with(start)) return bar.met;
  }
  ADD_FAILURE() << "no bar " << start;
  return false;
}

TEST(Bars, AreMetByGoodRowsAndNotByNone) {
  for (const Bar& bar : CompareWithBars(GoodRows())) EXPECT_TRUE(bar.met) << bar.name;
  for (const Bar& bar : CompareWithBars({})) EXPECT_FALSE(bar.met) << bar.name;
}

TEST(Bars, EachIsMissedByWhatItForbids) {
  struct Case {
    const char* bar;
    double Row::*field;
    double value;  // of Fovea
  };
  for (const Case& c :
       {Case{"1 cost / full history", &Row::cost_at_01, 1.0},
        Case{"1 cost / masking", &Row::cost_at_01, 1.0},
        Case{"1 cost / 50-turn grid", &Row::cost_at_01, 1.01},
        Case{"1 cost / truncation", &Row::cost, 1.26}, Case{"1 shown", &Row::shown, 0.39},
        Case{"2 missing strings", &Row::survival, 0.84},
        Case{"2 future-use survival", &Row::survival, 0.94},
        Case{"2 missing strings that a recall", &Row::by_recall, 3.4},
        Case{"2 moments", &Row::moments, 199},
        Case{"3 gist / truncation's, 25 % budget, gemini-3", &Row::gist, 0.29}}) {
    std::vector<Row> rows = GoodRows();
    for (Row& row : rows) {
      if (row.strategy == kFovea) row.*c.field = c.value;
    }
    EXPECT_FALSE(Met(rows, c.bar)) << c.bar;
  }
}

TEST(Bars, OneBadSessionMissesWhatEverySessionMustMeetAndNotAMedian) {
  std::vector<Row> rows;
  for (const char* session : {"a", "b", "c"}) {
    for (Row row : GoodRows()) {
      row.session = session;
      if (row.strategy == kFovea && row.session == "c") row.cost_at_01 = 2;
      rows.push_back(row);
    }
  }
  EXPECT_FALSE(Met(rows, "1 cost / full history"));
  EXPECT_TRUE(Met(rows, "1 cost / masking"));
}

TEST(Bars, OneWrongStringOrTextOrNoneThatWasComparedMissesTheClaims) {
  for (const auto field : {&Row::wrong_strings, &Row::wrong_texts}) {
    std::vector<Row> rows = GoodRows();
    rows.back().*field = 1;
    EXPECT_FALSE(Met(rows, "4 wrong"));
  }
  for (const auto field : {&Row::sidecar_strings, &Row::text_turns}) {
    std::vector<Row> rows = GoodRows();
    for (Row& row : rows) row.*field = 0;
    EXPECT_FALSE(Met(rows, "4 wrong"));
  }
}

TEST(Bars, WhereNothingIsMissingNothingMustComeBack) {
  std::vector<Row> rows = GoodRows();
  rows.back().recalls = 0;
  rows.back().by_recall = 0;
  EXPECT_TRUE(Met(rows, "2 missing strings that a recall"));
}

TEST(Bars, ShortSessionsAreNotComparedWithTheFullHistory) {
  std::vector<Row> rows = GoodRows();
  Row shorter = rows.back();
  shorter.session = "short";
  shorter.session_tokens = 100'000;
  shorter.cost_at_01 = 5;
  rows.push_back(shorter);
  shorter.strategy = kFullHistory;
  shorter.cost_at_01 = 1;
  rows.push_back(shorter);
  EXPECT_TRUE(Met(rows, "1 cost / full history"));
}

}  // namespace
}  // namespace fovea::replay
