#include "bench/replay/read_back.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/replay/histories.h"
#include "tests/support/grid_renderer.h"

namespace fovea::replay {
namespace {

// Reads the grid renderer's "pictures".
class EchoReader final : public PictureReader {
 public:
  std::string Read(const std::string& png, float) override {
    ++reads;
    return png;
  }
  double PercentRight(std::string_view, std::string_view) const override { return 100; }

  int reads = 0;
};

class ReadBackTest : public ::testing::Test {
 protected:
  const SeenPage* Seen(const std::string& id, int line_pitch_px) {
    const PlannedPage planned{.page_id = id,
                              .strip = {.turns = {1, 2}},
                              .extent = {.end = {.block = 4}, .characters = 100},
                              .typography = {.line_pitch_px = line_pitch_px},
                              .header = {.text = "header"}};
    auto page = book_.Page(planned, {.legibility = 0.9, .exact_legibility = 0.25});
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : nullptr;
  }

  Session session_{"s", Numbered({User("src/a_1.cc and src/b_2.cc"),
                                  Call(R"({"a":"src/a_1.cc", "b":"src/b_2.cc"})")})};
  PageBook book_{session_};
};

TEST_F(ReadBackTest, WhatWasTriedCountsAndElseItsTypographyAndElseTheProfile) {
  const SeenPage* tried = Seen("tried", 9);
  const SeenPage* alike = Seen("alike", 9);
  const SeenPage* other = Seen("other", 7);
  ASSERT_EQ(tried->strings.size(), 2);
  ReadBack read_back;
  read_back.Add(*tried, {tried->strings[1]}, 84.9);
  EXPECT_EQ(read_back.Exact(*tried, tried->strings[0]), 0);
  EXPECT_EQ(read_back.Exact(*tried, tried->strings[1]), 1);
  EXPECT_EQ(read_back.Gist(*tried), 0);
  EXPECT_EQ(read_back.Exact(*alike, alike->strings[1]), 0.5);
  EXPECT_EQ(read_back.Gist(*alike), 0);
  EXPECT_EQ(read_back.Exact(*other, other->strings[1]), 0.25);
  EXPECT_EQ(read_back.Gist(*other), 1);
  const ReadBack::Rate& rate = read_back.rates().at({9, 4});
  EXPECT_EQ(rate.pages, 1);
  EXPECT_EQ(rate.strings, 2);
  EXPECT_EQ(rate.strings_exact, 1);
}

TEST_F(ReadBackTest, SamplesEachTypographyInTheOrderOfIds) {
  for (const char* id : {"c", "a", "b"}) Seen(id, 9);
  Seen("z", 7);
  const auto ids = [&](size_t most) {
    std::string all;
    for (const BookPage& page : PagesToRead({&book_}, most)) all += page.page->planned.page_id;
    return all;
  };
  EXPECT_EQ(ids(2), "abz");
  EXPECT_EQ(ids(0), "abcz");
}

TEST_F(ReadBackTest, APageIsReadOnce) {
  const std::string directory = absl::StrCat(::testing::TempDir(), "/read-back-", getpid());
  std::filesystem::create_directories(directory);
  const BookPage page{&book_, Seen("page", 9)};
  EchoReader reader;
  const testing::GridRenderer renderer;
  EXPECT_FALSE(WasRead(page, directory));
  const auto first = ReadPage(page, renderer, directory, reader);
  const auto second = ReadPage(page, renderer, directory, reader);
  EXPECT_TRUE(WasRead(page, directory));
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(reader.reads, 1);
  EXPECT_EQ(StringsRead(session_.uses.finder, *first), page.page->strings);
  const auto text = book_.TextOf(*page.page);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_NE(text->find("src/a_1.cc and src/b_2.cc"), std::string::npos);
}

TEST_F(ReadBackTest, AStringMayBeBrokenAtTheEndOfALine) {
  const StringFinder& finder = session_.uses.finder;
  EXPECT_EQ(StringsRead(finder, "see src/a_\n1.cc now").size(), 1);
  EXPECT_EQ(StringsRead(finder, "see src/a_1.cc\nsrc/b_2.cc").size(), 2);
  EXPECT_EQ(StringsRead(finder, "see src/a_l.cc").size(), 0);
}

}  // namespace
}  // namespace fovea::replay
