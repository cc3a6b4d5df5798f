#include "replay/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "replay/svg_plot.h"
#include "tests/replay/rows.h"

namespace fovea::replay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Report, ACsvHasAsManyFieldsInEachLine) {
  const std::string csv = Csv(TwoSessions());
  size_t commas = 0;
  size_t lines = 0;
  for (size_t begin = 0; begin < csv.size();) {
    const size_t end = csv.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    const auto here = static_cast<size_t>(std::count(csv.begin() + static_cast<long>(begin),
                                                     csv.begin() + static_cast<long>(end), ','));
    if (lines++ == 0) commas = here;
    EXPECT_EQ(here, commas);
    begin = end + 1;
  }
  EXPECT_EQ(lines, 11);
}

TEST(Report, ACsvHasEachFigureUnderItsName) {
  std::vector<Row> rows = TwoSessions();
  rows.resize(1);
  rows[0].session = "odd, \"name\"\nof two lines";
  rows[0].in_text = std::nan("");
  const std::string csv = Csv(rows);
  EXPECT_THAT(csv, HasSubstr("\n\"odd, \"\"name\"\"\nof two lines\",60000,claude,0.10,16000,full "
                             "history,1000.0,1000.0,"));
  EXPECT_THAT(csv, HasSubstr("shown,shown_end,gist,exact_strings,strings,in_text,in_sidecar,"));
  EXPECT_THAT(csv, HasSubstr(",0.5000,0.0000,0.2500,100,0.7500,,0.0000,"));
}

TEST(Report, PlotsShowEveryStrategy) {
  const auto plots = Plots(TwoSessions());
  EXPECT_EQ(plots.size(), 3);
  for (const auto& [name, svg] : plots) {
    for (const std::string_view strategy : kStrategies) {
      EXPECT_THAT(svg, HasSubstr(">" + std::string(strategy) + "</text>")) << name;
    }
    EXPECT_THAT(svg, HasSubstr("</svg>"));
  }
}

TEST(BarChart, ABarsNumberIsTheSumOfItsFirstParts) {
  const std::string svg = DrawBarChart({.summed_parts = 2, .groups = {{"g", {{"b", {1, 2, 4}}}}}});
  EXPECT_THAT(svg, HasSubstr(">3.00</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">7.00</text>")));
}

TEST(BarChart, ScalesToItsLongestBarAndLeavesOutWhatIsNoNumber) {
  const std::string svg =
      DrawBarChart({.title = "a < b",
                    .part_names = {"x", "y"},
                    .groups = {{"g", {{"long", {1, 3}}, {"half", {2, std::nan("")}}}}}});
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  EXPECT_THAT(svg, HasSubstr("x=\"290.0\" y=\"79\" width=\"480.0\""));
  EXPECT_THAT(svg, HasSubstr(">4.00</text>"));
  EXPECT_THAT(svg, HasSubstr(">2.00</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(BarChart, ABarWithoutAFigureIsSaidToHaveNone) {
  const std::string svg =
      DrawBarChart({.groups = {{"g", {{"one", {1}}, {"none", {std::nan(""), std::nan("")}}}}}});
  EXPECT_THAT(svg, HasSubstr(">no figure</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">0.00</text>")));
}

TEST(Report, PlotsHaveNoBarWhereThereIsNoFigure) {
  const double none = std::nan("");
  std::vector<Row> rows = TwoSessions();
  for (Row& row : rows) {
    row.in_text = row.in_sidecar = row.read_from_page = row.lost_on_page = row.not_shown = none;
    row.cost_reads = row.cost_text = row.cost_pages = row.cost_again = row.cost / 4;
    if (row.strategy == kFovea || (row.strategy == kMasking && row.session == "two")) {
      row.cost_reads = row.cost_text = row.cost_pages = row.cost_again = none;
    }
  }
  const auto plots = Plots(rows);
  EXPECT_THAT(plots.at("survival.svg"), Not(HasSubstr(">0.00</text>")));
  EXPECT_THAT(plots.at("survival.svg"), HasSubstr(">no figure</text>"));
  const std::string& cost = plots.at("cost.svg");
  EXPECT_EQ(cost.find(">no figure</text>"), cost.rfind(">no figure</text>"));
  EXPECT_THAT(cost, HasSubstr(">no figure</text>"));
  EXPECT_THAT(cost, HasSubstr(">1.00</text>"));
  EXPECT_THAT(cost, HasSubstr(">0.20 of 1 of 2 sessions</text>"));
}

}  // namespace
}  // namespace fovea::replay
