#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

constexpr PageTypography kSoft{.line_pitch_px = 9, .grey_bits = 4};

std::string Prose(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) {
    text += "Line " + std::to_string(i) + " of the log, at /var/log/service.log:42\n";
  }
  text.resize(bytes);
  return text;
}

TEST(LayOut, PagesCoverTheContentOnce) {
  const PageContent content =
      Turns({Prose(50000), "", "short", "\xFF\xFE" + Prose(3000), std::string(5000, '\n')});
  const auto pages = LayOutAll(content, kBox, kSoft);
  ASSERT_GT(pages.size(), 2U);
  std::string all;
  PagePosition at;
  for (const PageExtent& page : pages) {
    EXPECT_EQ(page.begin, at);
    all += TextBetween(content, page.begin, page.end);
    at = page.end;
  }
  EXPECT_EQ(at, (PagePosition{content.blocks.size(), 0}));
  EXPECT_EQ(all, TextBetween(content, {}, at));
}

TEST(LayOut, CountsCharactersWithoutLabels) {
  const PageContent content = Turns({"h\u00E9llo \u4F60",
                                     "\xFF"
                                     "ab"});
  const auto page = SharedRenderer().LayOut(content, {}, kBox, kSoft);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->characters, 7U + 3U);
  EXPECT_EQ(page->first_seq, 1U);
  EXPECT_EQ(page->last_seq, 2U);
  EXPECT_EQ(page->end, (PagePosition{4, 0}));
}

TEST(LayOut, SequencesAreThoseWithTextOnThePage) {
  const PageContent content = Turns({Prose(40000), "b", "c"});
  const auto pages = LayOutAll(content, kBox, kSoft);
  ASSERT_GE(pages.size(), 2U);
  EXPECT_EQ(pages.front().last_seq, 1U);
  EXPECT_EQ(pages.back().first_seq, 1U);
  EXPECT_EQ(pages.back().last_seq, 3U);
}

TEST(LayOut, AnEndOfABlockIsTheBeginningOfTheNext) {
  const PageContent content = Turns({"one", "two"});
  const auto page = SharedRenderer().LayOut(content, {1, 3}, kBox, kSoft);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->first_seq, 2U);
  EXPECT_EQ(page->characters, 3U);
}

TEST(LayOut, EmptyContentIsOnePageOfNothing) {
  const PageContent content = Body("");
  const auto page = SharedRenderer().LayOut(content, {}, kBox, kSoft);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->end, (PagePosition{1, 0}));
  EXPECT_EQ(page->height, kBox.min_height);
  EXPECT_TRUE(SharedRenderer().Draw(content, *page, kSoft, {}).ok());
}

TEST(LayOut, AnEmptyPageHasRoomForALine) {
  const PageContent content = Body("");
  const PageBox box{.width = 300, .min_height = 10, .max_height = 90, .height_step = 10};
  const auto page = SharedRenderer().LayOut(content, {}, box, kSoft);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->height, 30);
  EXPECT_TRUE(SharedRenderer().Draw(content, *page, kSoft, {}).ok());
}

TEST(LayOut, HeightFollowsTheTextInSteps) {
  int last = 0;
  for (size_t bytes = 100; bytes < 30000; bytes += 700) {
    const auto page = SharedRenderer().LayOut(Body(Prose(bytes)), {}, kBox, kSoft);
    ASSERT_TRUE(page.ok());
    EXPECT_GE(page->height, last);
    EXPECT_LE(page->height, kBox.max_height);
    EXPECT_EQ((page->height - kBox.min_height) % kBox.height_step, 0);
    last = page->height;
  }
  EXPECT_EQ(last, kBox.max_height);
}

TEST(LayOut, AStepThatDoesNotReachTheTopLeavesItUnused) {
  const PageBox box{.width = 300, .min_height = 50, .max_height = 199, .height_step = 100};
  const auto page = SharedRenderer().LayOut(Body(Prose(20000)), {}, box, kSoft);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->height, 150);
}

TEST(LayOut, SmallerLinesHoldMore) {
  uint64_t last = 0;
  for (int pitch = kMaxLinePitch; pitch >= kMinLinePitch; --pitch) {
    const auto page = SharedRenderer().LayOut(Body(Prose(100000)), {}, kBox,
                                              {.line_pitch_px = pitch, .grey_bits = 4});
    ASSERT_TRUE(page.ok());
    EXPECT_GT(page->characters, last * 95 / 100) << pitch;
    last = page->characters;
  }
  EXPECT_GT(last, 20000U);
}

struct ErrorCase {
  const char* name;
  PagePosition from;
  PageBox box = kBox;
  PageTypography typography = kSoft;
};

class LayOutErrors : public testing::TestWithParam<ErrorCase> {};

TEST_P(LayOutErrors, AreInvalidArguments) {
  const auto page = SharedRenderer().LayOut(Turns({"one", "two"}), GetParam().from, GetParam().box,
                                            GetParam().typography);
  EXPECT_EQ(page.status().code(), absl::StatusCode::kInvalidArgument) << page.status();
}

INSTANTIATE_TEST_SUITE_P(
    All, LayOutErrors,
    testing::Values(
        ErrorCase{"AtTheEnd", {4, 0}}, ErrorCase{"BehindTheEnd", {5, 0}},
        ErrorCase{"BehindABlock", {1, 4}},
        ErrorCase{"PitchTooSmall", {}, kBox, {.line_pitch_px = 4, .grey_bits = 4}},
        ErrorCase{"PitchTooLarge", {}, kBox, {.line_pitch_px = 65, .grey_bits = 4}},
        ErrorCase{"ThreeBits", {}, kBox, {.line_pitch_px = 9, .grey_bits = 3}},
        ErrorCase{"NoWidth", {}, {.width = 0, .min_height = 64, .max_height = 64}},
        ErrorCase{"NoRoomForALine", {}, {.width = 100, .min_height = 0, .max_height = 25}},
        ErrorCase{"UpsideDown", {}, {.width = 100, .min_height = 100, .max_height = 50}},
        ErrorCase{
            "NoStep", {}, {.width = 99, .min_height = 99, .max_height = 99, .height_step = 0}},
        ErrorCase{"TooWide", {}, {.width = 20000, .min_height = 64, .max_height = 64}},
        ErrorCase{"TooHigh", {}, {.width = 64, .min_height = 64, .max_height = 1 << 30}}),
    [](const auto& test) { return test.param.name; });

struct HostileCase {
  const char* name;
  std::string text;
};

class Hostile : public testing::TestWithParam<HostileCase> {};

// A generous bound in time: what it must not be is quadratic, or proportional to all the text for
// every page.
TEST_P(Hostile, IsLaidOutAndDrawnInBoundedTime) {
  const PageContent content = Body(GetParam().text);
  const auto start = std::chrono::steady_clock::now();
  const auto page = SharedRenderer().LayOut(content, {}, kBox, kSoft);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_GT(page->end, page->begin);
  const auto drawn = SharedRenderer().Draw(content, *page, kSoft, {.text = "header"});
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

std::string Repeat(std::string_view piece, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += piece;
  return text;
}

std::string Noise(size_t bytes) {
  std::mt19937 random(1);
  std::string text(bytes, 0);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, Hostile,
    testing::Values(
        HostileCase{"NoNewline", Repeat("x", 1 << 20)},
        HostileCase{"OnlySpaces", Repeat(" ", 1 << 20)},
        HostileCase{"OnlyTabs", Repeat("\t", 1 << 20)},
        HostileCase{"OnlyNewlines", Repeat("\n", 1 << 20)}, HostileCase{"Noise", Noise(1 << 20)},
        HostileCase{"Marks", Repeat("\u0301", 1 << 20)},
        HostileCase{"Zalgo", Repeat("Z\u0301\u0316\u0301\u0316\u0301\u0316\u0301", 1 << 20)},
        HostileCase{"Arabic", Repeat("\u0645\u0631\u062D", 1 << 20)},
        HostileCase{"ArabicBehindNeutrals", Repeat("- ", 20000) + Repeat("\u0645", 1 << 20)},
        HostileCase{"Thai", Repeat("\u0E2A\u0E27\u0E31", 1 << 20)},
        HostileCase{"Overrides", Repeat(Utf8({0x202E}), 1 << 20)},
        HostileCase{"Selectors", Repeat("\uFE0F", 1 << 20)},
        HostileCase{"HalfCharacters", Repeat("\xE4\xBD", 1 << 20)}),
    [](const auto& test) { return test.param.name; });

TEST(LayOut, CostsOnePageWhateverFollows) {
  const PageContent small = Body(Prose(100000));
  const PageContent large = Body(Prose(64 << 20));
  const auto time = [](const PageContent& content) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(SharedRenderer().LayOut(content, {}, kBox, kSoft).ok());
    }
    return std::chrono::steady_clock::now() - start;
  };
  time(small);
  EXPECT_LT(time(large), 20 * time(small) + std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace fovea::render
