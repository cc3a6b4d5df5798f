#include "replay/score.h"

#include <gtest/gtest.h>

#include <cmath>

#include "replay/replay.h"
#include "replay/session.h"
#include "tests/replay/histories.h"

namespace fovea::replay {
namespace {

const UsedString kUsed{.text = "src/a_1.cc", .occurrences = {{2, true}, {5, false}}};

TEST(Locate, LooksInTextThenInSidecarsThenOnPages) {
  const SeenNote note{.strings = {3}};
  const SeenNote other_note{.strings = {4}};
  const SeenPage page{.strings = {1, 3}};
  const SeenPage other_page{.strings = {1}};
  using Where = Verdict::Where;
  const TurnView no = TurnView::kHidden;
  const TurnView text = TurnView::kText;
  const TurnView partly = TurnView::kTextWithoutResults;
  struct Case {
    const char* name;
    Served served;
    Where where;
    size_t pages = 0;
  };
  for (const Case& c : {
           Case{"text",
                {.turns = {no, text, no}, .pages = {&page}, .sidecars = {&note}},
                Where::kText},
           Case{"its result is masked", {.turns = {no, partly, no, no}}, Where::kNowhere},
           Case{"beside the masked results", {.turns = {no, no, no, no, partly}}, Where::kText},
           Case{"later than the request", {.turns = {text}}, Where::kNowhere},
           Case{"sidecar",
                {.turns = {no, no}, .pages = {&page}, .sidecars = {&note}},
                Where::kSidecar},
           Case{"another's sidecar",
                {.turns = {no, no}, .sidecars = {&other_note}},
                Where::kNowhere},
           Case{"pages",
                {.turns = {no, no}, .pages = {&other_page, &page, &page}},
                Where::kPages,
                2},
           Case{"refused", {.refused = true}, Where::kNowhere},
       }) {
    const Verdict verdict = Locate(kUsed, 3, c.served);
    EXPECT_EQ(verdict.where, c.where) << c.name;
    EXPECT_EQ(verdict.pages.size(), c.pages) << c.name;
  }
}

class ScoreTest : public ::testing::Test {
 protected:
  // A reader with one rung, of the given legibility.
  const SeenPage* Seen(const char* id, double legibility, double exact) {
    const PlannedPage planned{.page_id = id,
                              .strip = {.turns = {1, 1}},
                              .extent = {.end = {.block = 2}, .characters = 100}};
    auto page = book_.Page(planned, {.legibility = legibility, .exact_legibility = exact});
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : nullptr;
  }

  Session session_{"s", Numbered({User("look at src/a_1.cc"), Call(R"({"path":"src/a_1.cc"})")})};
  PageBook book_{session_};
};

TEST_F(ScoreTest, AStringOnPagesCountsByTheBestPage) {
  const SeenPage* good = Seen("good", 0.95, 0.9);
  const SeenPage* bad = Seen("bad", 0.8, 0.3);
  Outcome outcome;
  outcome.verdicts = {{.where = Verdict::Where::kText},
                      {.where = Verdict::Where::kSidecar},
                      {.where = Verdict::Where::kPages, .pages = {good, bad}},
                      {.where = Verdict::Where::kPages, .own = true, .pages = {bad}},
                      {.where = Verdict::Where::kNowhere}};
  const Score score = ScoreOf(outcome, book_, ExpectedReading(), nullptr);
  EXPECT_DOUBLE_EQ(score.in_text, 1);
  EXPECT_DOUBLE_EQ(score.in_sidecar, 1);
  EXPECT_DOUBLE_EQ(score.read_from_page, 1.2);
  EXPECT_DOUBLE_EQ(score.lost_on_page, 0.8);
  EXPECT_DOUBLE_EQ(score.not_shown, 1);
  EXPECT_DOUBLE_EQ(score.Survival(), 3.2 / 5);
  EXPECT_DOUBLE_EQ(score.Recalls(), 1.8);
  const auto& paths = score.by_kind[static_cast<size_t>(ExactString::Kind::kPath)];
  EXPECT_DOUBLE_EQ(paths.moments, 5);
  EXPECT_DOUBLE_EQ(paths.missing, 1.8);
  EXPECT_DOUBLE_EQ(score.own.moments, 1);
  EXPECT_DOUBLE_EQ(score.own.missing, 0.7);
  EXPECT_DOUBLE_EQ(score.heard.missing, 1.1);
}

TEST_F(ScoreTest, RecoveriesCountWhatIsMissing) {
  const SeenPage* page = Seen("page", 0.95, 0.25);
  Outcome outcome;
  outcome.verdicts = {{.where = Verdict::Where::kText, .seq = 2},
                      {.where = Verdict::Where::kPages, .seq = 4, .pages = {page}},
                      {.where = Verdict::Where::kNowhere, .seq = 6},
                      {.where = Verdict::Where::kNowhere, .seq = 8}};
  const Recoveries recoveries = {{{2, 0}, {true, true}},
                                 {{4, 0}, {true, true}},
                                 {{6, 0}, {true, false}},
                                 {{8, 0}, {false, false}}};
  const Score score = ScoreOf(outcome, book_, ExpectedReading(), &recoveries);
  EXPECT_DOUBLE_EQ(score.Recalls(), 2.75);
  EXPECT_DOUBLE_EQ(score.by_recall, 1.75);
  EXPECT_DOUBLE_EQ(score.by_search, 0.75);
  EXPECT_TRUE(std::isnan(ScoreOf(outcome, book_, ExpectedReading(), nullptr).by_recall));
}

TEST_F(ScoreTest, GistCountsPagesThatAreReadAndShownCountsAll) {
  const SeenPage* good = Seen("good", kGistShare, 0);
  const SeenPage* bad = Seen("bad", kGistShare - 0.01, 0);
  Outcome outcome;
  outcome.late = {.all = 1000, .text = 200, .pages = {{good->number, 300}, {bad->number, 100}}};
  outcome.last = {.all = 1000, .text = 400};
  const Score score = ScoreOf(outcome, book_, ExpectedReading(), nullptr);
  EXPECT_DOUBLE_EQ(score.shown, 0.6);
  EXPECT_DOUBLE_EQ(score.gist, 0.5);
  EXPECT_DOUBLE_EQ(score.shown_end, 0.4);
  EXPECT_TRUE(std::isnan(score.Survival()));
}

}  // namespace
}  // namespace fovea::replay
