#include "bench/replay/read_back.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "absl/strings/str_cat.h"
#include "bench/replay/intervals.h"
#include "bench/replay/page_band.h"
#include "bench/replay/page_reader.h"
#include "tests/replay/histories.h"
#include "tests/support/grid_renderer.h"
#include "tests/support/temporary_directory.h"

namespace fovea::replay {
namespace {

// Reads the grid renderer's "pictures", whole.
class EchoReader final : public PictureReader {
 public:
  explicit EchoReader(std::atomic<int>& reads) : reads_(reads) {}
  std::string Read(const std::string& png, int, int, float) override {
    ++reads_;
    return png;
  }
  double PercentRight(std::string_view, std::string_view) const override { return 100; }

 private:
  std::atomic<int>& reads_;
};

class ReadBackTest : public ::testing::Test {
 protected:
  static std::vector<Turn> Turns() {
    std::string filler;
    for (int i = 0; i < 400; ++i) absl::StrAppend(&filler, "word", i % 10, " ");
    return Numbered({User("see src/a_1.cc and src/b_2.cc " + filler + "src/b_2.cc"),
                     Call(R"({"a":"src/a_1.cc", "b":"src/b_2.cc"})")});
  }

  const SeenPage* Seen(const std::string& id, int line_pitch_px, PageBook& book) {
    PlannedPage planned{.page_id = id,
                        .strip = {.turns = {1, 1}},
                        .extent = {.end = {.block = 2}, .width = 200, .height = 800},
                        .typography = {.line_pitch_px = line_pitch_px},
                        .header = {.text = "header"}};
    planned.extent.characters = 100;
    auto page = book.Page(planned, {.legibility = 0.9, .exact_legibility = 0.25});
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : nullptr;
  }
  const SeenPage* Seen(const std::string& id, int line_pitch_px) {
    return Seen(id, line_pitch_px, book_);
  }

  PageDemand Demand(const SeenPage* page, std::map<uint32_t, double> moments = {}) const {
    return {.book = &book_, .page = page, .moments = std::move(moments), .by_fovea = true};
  }

  Session session_{"s", Turns()};
  PageBook book_{session_};
  testing::GridRenderer renderer_;
};

TEST_F(ReadBackTest, WhatWasTriedCountsAndElseItsTypographyAndElseTheProfile) {
  const SeenPage* tried = Seen("tried", 9);
  const SeenPage* alike = Seen("alike", 9);
  const SeenPage* other = Seen("other", 7);
  ReadBack read_back;
  read_back.Add(Demand(tried, {{0, 3}, {1, 1}, {2, 5}}),
                {.strings = {0, 1}, .found_strings = {1}, .characters = 50, .percent_right = 84.9});
  EXPECT_EQ(read_back.Exact(*tried, 0), 0);
  EXPECT_EQ(read_back.Exact(*tried, 1), 1);
  EXPECT_EQ(read_back.Exact(*tried, 2), 0.25) << "not among the lines that were tried";
  EXPECT_EQ(read_back.Gist(*tried), 0);
  EXPECT_EQ(read_back.Exact(*alike, 1), 0.25) << "one of four moments finds its string";
  EXPECT_EQ(read_back.Gist(*alike), 0);
  EXPECT_EQ(read_back.Exact(*other, 1), other->exact_legibility);
  EXPECT_EQ(read_back.Gist(*other), 1);
  const ReadBack::Rate& rate = read_back.rates().at({9, 4});
  EXPECT_EQ(rate.pages, 1);
  EXPECT_EQ(rate.moments, 4);
  EXPECT_EQ(rate.moments_read, 1);
}

TEST_F(ReadBackTest, ASampleThatIsDrawnAgainAgreesInTheMeanAndNeverOnWhatWasTried) {
  ReadBack read_back;
  const SeenPage* good = Seen("good", 9);
  const SeenPage* bad = Seen("bad", 9);
  const SeenPage* alike = Seen("alike", 9);
  read_back.Add(Demand(good, {{0, 3}}),
                {.strings = {0}, .found_strings = {0}, .characters = 50, .percent_right = 99});
  read_back.Add(Demand(bad, {{0, 1}}), {.strings = {0}, .characters = 50, .percent_right = 50});
  double exact = 0;
  double gist = 0;
  constexpr int kDraws = 2000;
  for (int i = 0; i < kDraws; ++i) {
    const auto drawn = read_back.Redrawn(static_cast<uint64_t>(i));
    EXPECT_EQ(drawn->Exact(*good, 0), 1);
    EXPECT_EQ(drawn->Exact(*bad, 0), 0);
    exact += drawn->Exact(*alike, 0) / kDraws;
    gist += drawn->Gist(*alike) / kDraws;
    EXPECT_EQ(drawn->Exact(*alike, 0),
              read_back.Redrawn(static_cast<uint64_t>(i))->Exact(*alike, 0));
  }
  // Both pages twice, or one twice, each as likely: (1 + 0 + 2 · 3/4) / 4, and (1 + 0 + 2 · 1/2)
  // / 4.
  EXPECT_NEAR(exact, 0.625, 0.04);
  EXPECT_NEAR(gist, 0.5, 0.04);
}

TEST_F(ReadBackTest, ReadsPagesOfMomentsFirstAndOneOfEachBookAfterTheOther) {
  PageBook other_book{session_};
  std::vector<PageDemand> demands;
  const auto add = [&](PageBook& book, const char* id, int pitch, bool wanted, bool by_fovea) {
    PageDemand demand{.book = &book, .page = Seen(id, pitch, book), .by_fovea = by_fovea};
    if (wanted) demand.moments = {{0, 1}};
    demands.push_back(std::move(demand));
  };
  add(book_, "a-unwanted", 9, false, false);
  add(book_, "b-of-others", 9, true, false);
  add(book_, "c", 9, true, true);
  add(book_, "d", 9, true, true);
  add(other_book, "x", 9, true, true);
  add(other_book, "d", 9, true, true);
  add(book_, "z", 7, false, false);
  const auto ids = [&](size_t most) {
    std::string all;
    for (const PageDemand* demand : PagesToRead(demands, most)) {
      absl::StrAppend(&all, demand->page->planned.page_id, " ");
    }
    return all;
  };
  EXPECT_EQ(ids(2), "z c d ");
  EXPECT_EQ(ids(3), "z c d x ");
  EXPECT_EQ(ids(0), "z c d x b-of-others a-unwanted ");
}

TEST_F(ReadBackTest, ABandIsAroundAStringThatIsLookedFor) {
  const SeenPage* page = Seen("page", 10);
  auto content = StripContent(page->planned.strip, session_.source);
  ASSERT_TRUE(content.ok()) << content.status();
  const auto starts = LineStarts(*content, page->planned, renderer_);
  ASSERT_TRUE(starts.ok()) << starts.status();
  ASSERT_GT(starts->size(), 20);
  EXPECT_EQ(starts->back(), page->planned.extent.end);
  const auto band = BandOf(Demand(page, {{0, 1}}), 5, renderer_);
  ASSERT_TRUE(band.ok()) << band.status();
  EXPECT_NE(band->text.find("src/a_1.cc"), std::string::npos);
  EXPECT_EQ(band->last_line - band->first_line, 5);
  EXPECT_EQ(band->bottom - band->top, 50);
  EXPECT_EQ(band->text, TextBetween(*content, (*starts)[static_cast<size_t>(band->first_line)],
                                    (*starts)[static_cast<size_t>(band->last_line)]));
  const auto whole = BandOf(Demand(page), 0, renderer_);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->text, *book_.TextOf(*page));
  EXPECT_EQ(whole->bottom, 800);
}

TEST_F(ReadBackTest, APageIsReadOnceAndCountsInEveryBook) {
  PageBook other_book{session_};
  std::vector<PageDemand> demands = {Demand(Seen("page", 9), {{0, 1}}),
                                     Demand(Seen("page2", 9)),
                                     {.book = &other_book, .page = Seen("page", 9, other_book)}};
  const TemporaryDirectory temporary;
  const std::string& directory = temporary.path();
  std::atomic<int> reads = 0;
  ReadingOptions options{.cache_directory = directory,
                         .cached_only = true,
                         .make_reader = [&reads] { return std::make_unique<EchoReader>(reads); },
                         .threads = 3};
  const auto pages = PagesToRead(demands, 0);
  ASSERT_EQ(pages.size(), 2);
  const auto none = ReadPages(demands, pages, renderer_, options);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->rates().empty());
  options.cached_only = false;
  for (int i = 0; i < 2; ++i) {
    const auto read = ReadPages(demands, pages, renderer_, options);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(reads, 2);
    EXPECT_EQ(read->rates().at({9, 4}).pages, 2);
    EXPECT_EQ(read->Exact(*demands[0].page, 0), 1);
    EXPECT_EQ(read->Exact(*demands[2].page, 0), 1);
    EXPECT_EQ(read->Gist(*demands[2].page), 1);
  }
  options.make_reader = [] { return nullptr; };
  EXPECT_EQ(ReadPages(demands, pages, renderer_, options).status().code(),
            absl::StatusCode::kUnavailable);
}

// Half of the pages cannot be read at all: what depends on them is not sure, and nothing else.
TEST_F(ReadBackTest, BarsThatDependOnTheSampleGetAnInterval) {
  std::vector<Turn> turns = {User("Read all files")};
  for (int i = 0; i < 450; ++i) {
    turns.push_back(Call(absl::StrCat(R"({"path":"src/file_)", (i * 37) % 450, R"(.cc"})")));
    std::string text = absl::StrCat("next is src/file_", ((i + 225) * 37) % 450, ".cc\n");
    for (int word = 0; word < 90; ++word) absl::StrAppend(&text, "word", word % 10, " and ");
    turns.push_back(Result(std::move(text)));
  }
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(std::make_unique<Session>("s", Numbered(std::move(turns))));
  ExperimentOptions experiment_options{.readers = {**(*BuiltInReaders()).Find("claude")},
                                       .budget_shares = {0.25},
                                       .min_budget = 1'000};
  const auto experiment = Live(sessions, renderer_, experiment_options);
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const std::vector<PageDemand> demands = DemandsOf(*experiment);
  ReadBack read_back;
  bool readable = false;
  for (const PageDemand* demand : PagesToRead(demands, 6)) {
    readable = !readable;
    read_back.Add(*demand,
                  {.strings = demand->page->strings,
                   .found_strings = readable ? demand->page->strings : std::vector<uint32_t>(),
                   .characters = 100,
                   .percent_right = readable ? 99.0 : 0.0});
  }
  std::vector<Bar> bars = CompareWithBars(Rows(*experiment, read_back));
  AddIntervals(*experiment, read_back, 50, 2, bars);
  for (const Bar& bar : bars) {
    const bool sampled = bar.name.starts_with("2 future-use survival");
    EXPECT_EQ(bar.interval.empty(), !sampled) << bar.name << ": " << bar.interval;
    if (sampled) {
      EXPECT_GT(bar.tally.median, 0.2);
      EXPECT_LT(bar.tally.median, 0.98);
    }
  }
  std::vector<Bar> again = CompareWithBars(Rows(*experiment, read_back));
  AddIntervals(*experiment, read_back, 50, 1, again);
  for (size_t i = 0; i < bars.size(); ++i) EXPECT_EQ(bars[i].interval, again[i].interval);
}

TEST_F(ReadBackTest, AStringMayBeBrokenAtTheEndOfALine) {
  const StringFinder& finder = session_.uses.finder;
  EXPECT_EQ(StringsRead(finder, "see src/a_\n1.cc now").size(), 1);
  EXPECT_EQ(StringsRead(finder, "see src/a_1.cc\nsrc/b_2.cc").size(), 2);
  EXPECT_EQ(StringsRead(finder, "see src/a_l.cc").size(), 0);
}

}  // namespace
}  // namespace fovea::replay
