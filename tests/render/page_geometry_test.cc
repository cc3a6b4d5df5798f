#include "render/page_geometry.h"

#include <gtest/gtest.h>

#include "core/page/picture_size.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

PageBlock PictureOf(int width, int height) {
  return {.picture = {.size = {.width = width, .height = height},
                      .data = std::make_shared<const std::string>("not decoded here")}};
}

TEST(PageGeometry, LinePitchesFrom5To64AndDepthsOfAPowerOfTwo) {
  for (const int pitch : {5, 6, 63, 64}) {
    EXPECT_TRUE(CheckTypography({.line_pitch_px = pitch}).ok()) << pitch;
  }
  for (const int pitch : {-5, 0, 4, 65}) {
    EXPECT_EQ(CheckTypography({.line_pitch_px = pitch}).code(), absl::StatusCode::kInvalidArgument);
  }
  for (int bits = -1; bits < 20; ++bits) {
    const bool good = bits == 1 || bits == 2 || bits == 4 || bits == 8;
    EXPECT_EQ(CheckTypography({.line_pitch_px = 9, .grey_bits = bits}).ok(), good) << bits;
  }
}

TEST(PageGeometry, ABoxIsWithinItsLimits) {
  const auto good = [](int width, int min_height, int max_height, int step = 1, int pitch = 10) {
    const absl::Status status = CheckBox(
        {.width = width, .min_height = min_height, .max_height = max_height, .height_step = step},
        pitch);
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument);
    return status.ok();
  };
  EXPECT_TRUE(good(16384, 100, 16384));
  EXPECT_FALSE(good(16385, 100, 100));
  EXPECT_FALSE(good(100, 100, 16385));
  EXPECT_TRUE(good(100, 0, 100));
  EXPECT_FALSE(good(100, -1, 100));
  EXPECT_TRUE(good(100, 100, 100));
  EXPECT_FALSE(good(100, 101, 100));
  EXPECT_FALSE(good(100, 101, 100, 0));
  EXPECT_FALSE(good(100, 50, 100, 0));
  EXPECT_FALSE(good(100, 50, 100, -1));
  // Two margins of 4, and a letter across; a header and a line down.
  EXPECT_TRUE(good(18, 28, 28));
  EXPECT_FALSE(good(17, 28, 28));
  EXPECT_FALSE(good(18, 27, 27));
  EXPECT_FALSE(good(18, 20, 29, 10)) << "no step reaches 28";
  EXPECT_TRUE(good(18, 20, 30, 10));
}

TEST(PageGeometry, HeightsGoInSteps) {
  EXPECT_EQ(TallestPage({.min_height = 64, .max_height = 640, .height_step = 32}), 640);
  EXPECT_EQ(TallestPage({.min_height = 64, .max_height = 639, .height_step = 32}), 608);
  EXPECT_EQ(TallestPage({.min_height = 50, .max_height = 50, .height_step = 7}), 50);
  const PageBox box{.min_height = 28, .max_height = 500, .height_step = 10};
  EXPECT_EQ(HeightForLines(box, 0, 10), 28);
  EXPECT_EQ(HeightForLines(box, 1, 10), 28);
  EXPECT_EQ(HeightForLines(box, 2, 10), 38);
  EXPECT_EQ(HeightForLines(box, 7, 10), 88);
  EXPECT_EQ(HeightForLines(box, 2, 11), 48) << "41 are wanted";
  EXPECT_EQ(HeightForLines({.min_height = 200, .max_height = 500, .height_step = 10}, 2, 10), 200);
}

TEST(PageGeometry, WhatFitsIsCountedWithinTheMargins) {
  EXPECT_EQ(LinesOnPage(98, 10), 8);
  EXPECT_EQ(LinesOnPage(97, 10), 7);
  EXPECT_EQ(LinesOnPage(28, 10), 1);
  EXPECT_EQ(LinesOnPage(27, 10), 0);
  EXPECT_EQ(TextWidth(640), 632 * 256);
}

TEST(PageGeometry, APictureTakesTheLinesThatItReachesInto) {
  const auto taken = [](const PageBlock& block, int free_lines, bool page_head = false) {
    return LinesTaken(block, 16, 640, free_lines, page_head);
  };
  EXPECT_EQ(taken({.text = "text"}, 3), 1);
  EXPECT_EQ(taken(PictureOf(100, 159), 20), 10);
  EXPECT_EQ(taken(PictureOf(100, 160), 20), 10);
  EXPECT_EQ(taken(PictureOf(100, 161), 20), 11);
  EXPECT_EQ(taken(PictureOf(100, 1), 20), 1);
  EXPECT_EQ(taken(PictureOf(1264, 992), 40), 31) << "half its size in 632 pixels";
  EXPECT_EQ(taken(PictureOf(100, 3000), 100), kMaxPictureLines);
}

TEST(PageGeometry, APictureIsMadeSmallerByAThirdAtMost) {
  const auto taken = [](int free_lines, bool page_head) {
    return LinesTaken(PictureOf(100, 12 * 16), 16, 640, free_lines, page_head);
  };
  EXPECT_EQ(taken(13, false), 12);
  EXPECT_EQ(taken(12, false), 12);
  EXPECT_EQ(taken(11, false), 11);
  EXPECT_EQ(taken(8, false), 8);
  EXPECT_EQ(taken(7, false), 0);
  EXPECT_EQ(taken(1, false), 0);
  EXPECT_EQ(taken(7, true), 7);
  EXPECT_EQ(taken(1, true), 1);
  EXPECT_EQ(taken(12, true), 12);
}

TEST(PageGeometry, APlaceIsInsideUpToTheEnd) {
  const PageContent content = Turns({"four"});
  for (const PagePosition at : {PagePosition{0, 0}, {1, 0}, {1, 4}, {2, 0}}) {
    EXPECT_TRUE(IsInside(content, at)) << at.block << " " << at.byte;
  }
  for (const PagePosition at : {PagePosition{1, 5}, {2, 1}, {3, 0}}) {
    EXPECT_FALSE(IsInside(content, at)) << at.block << " " << at.byte;
  }
}

TEST(PageGeometry, AnExtentIsInsideAndNotEmpty) {
  const PageContent content = Body("four");
  const auto good = [&](PagePosition begin, PagePosition end, int width = 100, int height = 28) {
    return CheckExtent(content, {.begin = begin, .end = end, .width = width, .height = height}, 10)
        .ok();
  };
  EXPECT_TRUE(good({}, {1, 0}));
  EXPECT_TRUE(good({0, 1}, {0, 2}));
  EXPECT_FALSE(good({0, 2}, {0, 2}));
  EXPECT_FALSE(good({0, 3}, {0, 2}));
  EXPECT_FALSE(good({0, 5}, {1, 0}));
  EXPECT_FALSE(good({0, 1}, {0, 5}));
  EXPECT_FALSE(good({}, {1, 0}, 100, 27));
  EXPECT_FALSE(good({}, {1, 0}, 17, 28));
}

// Blocks of 4, 5, 4 and 3 characters, of which the labels do not count.
TEST(PageGeometry, CharactersAreCountedBetweenTwoPlaces) {
  const PageContent content = Turns({"h\xC3\xA9llo", "\xFF\x80\x61"});
  EXPECT_EQ(CountCharacters(content, {}, {4, 0}), 8U);
  EXPECT_EQ(CountCharacters(content, {}, {1, 0}), 0U);
  EXPECT_EQ(CountCharacters(content, {}, {1, 1}), 1U);
  EXPECT_EQ(CountCharacters(content, {}, {1, 3}), 2U);
  EXPECT_EQ(CountCharacters(content, {1, 1}, {1, 3}), 1U);
  EXPECT_EQ(CountCharacters(content, {1, 3}, {3, 2}), 5U);
  EXPECT_EQ(CountCharacters(content, {1, 6}, {3, 0}), 0U);
  EXPECT_EQ(CountCharacters(content, {2, 3}, {4, 0}), 3U);
  EXPECT_EQ(CountCharacters(Body("abc"), {}, {1, 0}), 3U);
}

}  // namespace
}  // namespace fovea::render
