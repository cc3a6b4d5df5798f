#include "render/contact_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/render/images.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

PageRenderer::Captioned Page(int pitch) {
  const PageContent content = Body("one text, fading");
  const PageTypography typography{.line_pitch_px = pitch, .grey_bits = 4};
  const auto extent = SharedRenderer().LayOut(content, {}, kBox, typography);
  auto page = SharedRenderer().Draw(content, *extent, typography, {});
  return {.png = page->png, .caption = "sharp · 10 px"};
}

// The sheet's greys: between the columns, around a page, and of a page that ends.
constexpr int kBackground = 243;
constexpr int kFrame = 184;
constexpr int kPaper = 255;

// A page of one grey.
PageRenderer::Captioned Grey(int width, int height, uint8_t grey) {
  return {.png = EncodePng(Plain(width, height, grey, grey, grey, 255)), .caption = "a page"};
}

Picture Sheet(const std::vector<PageRenderer::Captioned>& pages, uint8_t caption_ink = 0) {
  const auto sheet =
      DrawContactSheet(pages, [caption_ink](std::string_view caption, int width, int height) {
        EXPECT_EQ(caption, "a page");
        EXPECT_EQ(width, 420);
        EXPECT_EQ(height, 26);
        Canvas canvas(width, height);
        canvas.FillRect(0, 0, width, height, caption_ink);
        return canvas;
      });
  EXPECT_TRUE(sheet.ok()) << sheet.status();
  return sheet.ok() ? DecodePng(*sheet) : Picture{};
}

TEST(ContactSheet, HasAColumnForEachPage) {
  const auto one = SharedRenderer().ContactSheet({Page(10)});
  const auto three = SharedRenderer().ContactSheet({Page(10), Page(9), Page(8)});
  const auto six = SharedRenderer().ContactSheet(std::vector(6, Page(10)));
  ASSERT_TRUE(one.ok() && three.ok() && six.ok());
  const Picture narrow = DecodePng(*one);
  const Picture wide = DecodePng(*three);
  const Picture high = DecodePng(*six);
  EXPECT_GT(narrow.width, 400);
  EXPECT_GT(wide.width, 2 * narrow.width);
  EXPECT_EQ(wide.height, narrow.height);
  EXPECT_GT(high.height, narrow.height * 3 / 2);
}

// A column is 420 pixels wide with 28 around it; a caption has 26, the detail 200 and 10 above it.
TEST(ContactSheet, IsAsLargeAsItsColumnsAndRows) {
  const auto size_of = [](const std::vector<PageRenderer::Captioned>& pages) {
    const Picture sheet = Sheet(pages);
    return std::pair(sheet.width, sheet.height);
  };
  const auto page = Grey(420, 600, 100);
  EXPECT_EQ(size_of({page}), std::pair(28 + 448, 28 + 264 + 600));
  EXPECT_EQ(size_of({page, Grey(210, 100, 9)}), std::pair(28 + 2 * 448, 28 + 264 + 600));
  EXPECT_EQ(size_of(std::vector(5, page)), std::pair(28 + 5 * 448, 28 + 264 + 600));
  EXPECT_EQ(size_of(std::vector(6, page)), std::pair(28 + 5 * 448, 28 + 2 * (264 + 600)));
  EXPECT_EQ(size_of(std::vector(32, Grey(42, 3, 9))), std::pair(28 + 5 * 448, 28 + 7 * (264 + 30)));
}

TEST(ContactSheet, ATallPageIsCut) {
  EXPECT_EQ(Sheet({Grey(420, 1599, 100)}).height, 28 + 264 + 1599);
  EXPECT_EQ(Sheet({Grey(420, 1601, 100)}).height, 28 + 264 + 1600);
  const Picture sheet = Sheet({Grey(210, 2000, 100)});
  EXPECT_EQ(sheet.height, 28 + 264 + 1600);
  EXPECT_EQ(sheet.At(100, 54 + 1598), 100);
  EXPECT_EQ(sheet.At(100, 54 + 1600), kFrame);
  EXPECT_EQ(sheet.At(100, 54 + 1601), kBackground);
}

// Along lines down and across, where one grey ends and another begins; the edges of the second page
// are smoothed.
TEST(ContactSheet, APageStandsBelowItsCaptionAndAboveItsDetail) {
  // 420 by 210 in its column; its detail is 200 by 100.
  const Picture sheet = Sheet({Grey(420, 600, 50), Grey(100, 50, 100)});
  struct Case {
    int x;
    int y;
    int grey;
  };
  for (const Case& wanted : {
           Case{5, 5, kBackground},
           // The first column: its page ends where the detail's gap begins.
           {26, 100, kBackground},
           {27, 100, kFrame},
           {28, 100, 50},
           {447, 100, 50},
           {448, 100, kFrame},
           {449, 100, kBackground},
           {100, 52, kBackground},
           {100, 53, kFrame},
           {100, 54, 50},
           {100, 653, 50},
           {100, 654, kFrame},
           {100, 655, kBackground},
           {100, 662, kBackground},
           {100, 663, kFrame},
           {100, 664, 50},
           {447, 863, 50},
           {100, 864, kFrame},
           {100, 865, kBackground},
           // The second: lower, but its detail is at the same height.
           {474, 100, kBackground},
           {475, 100, kFrame},
           {480, 60, 100},
           {890, 100, 100},
           {896, 100, kFrame},
           {897, 100, kBackground},
           {600, 258, 100},
           {600, 264, kFrame},
           {600, 265, kBackground},
           {600, 663, kFrame},
           {476, 664, 100},
           {675, 763, 100},
           {676, 700, kPaper},
           {600, 764, kPaper},
           {895, 863, kPaper},
           {896, 700, kFrame},
           {897, 700, kBackground},
       }) {
    EXPECT_EQ(sheet.At(wanted.x, wanted.y), wanted.grey) << wanted.x << " " << wanted.y;
  }
}

TEST(ContactSheet, TheSixthPageBeginsARow) {
  std::vector pages(6, Grey(420, 600, 50));
  pages[5] = Grey(420, 600, 100);
  const Picture sheet = Sheet(pages);
  EXPECT_EQ(sheet.At(28 + 4 * 448, 54), 50);
  const int second_row = 28 + 864;
  EXPECT_EQ(sheet.At(28, second_row + 25), kFrame);
  EXPECT_EQ(sheet.At(28, second_row + 26), 100);
  EXPECT_EQ(sheet.At(28, second_row + 636), 100) << "the detail";
  EXPECT_EQ(sheet.At(28 + 448, second_row + 26), kBackground);
}

TEST(ContactSheet, TheDetailIsTheUpperLeftCornerAtTwiceItsSize) {
  RgbaImage image = Plain(420, 300, 255, 255, 255, 255);
  constexpr size_t kPixel = (3 * 420 + 5) * 4;  // at (5, 3)
  image.pixels[kPixel] = image.pixels[kPixel + 1] = image.pixels[kPixel + 2] = 0;
  const Picture sheet = Sheet({{.png = EncodePng(image), .caption = "a page"}});
  EXPECT_EQ(sheet.At(28 + 5, 54 + 3), 0);
  const int detail = 28 + 26 + 300 + 10;
  int black = 0;
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 420; ++x) black += sheet.At(28 + x, detail + y) < 255 ? 1 : 0;
  }
  EXPECT_EQ(black, 4);
  for (const int y : {6, 7}) {
    for (const int x : {10, 11}) EXPECT_EQ(sheet.At(28 + x, detail + y), 0);
  }
}

TEST(ContactSheet, ACaptionIsDarkWhereItsInkIs) {
  const Picture sheet = Sheet({Grey(420, 600, 50)}, 255);
  EXPECT_NEAR(sheet.At(28, 28), 26, 1);
  EXPECT_NEAR(sheet.At(447, 52), 26, 1);
  EXPECT_EQ(sheet.At(27, 40), kBackground);
  EXPECT_EQ(sheet.At(448, 40), kBackground);
  EXPECT_EQ(sheet.At(100, 27), kBackground);
  EXPECT_NEAR(Sheet({Grey(420, 600, 50)}, 51).At(100, 40), (243 * 4 + 26) / 5, 1);
}

// Of the renderer itself: in lines of 20 pixels, so that letters end 16 below the top.
TEST(ContactSheet, ACaptionIsAsHighAsItsLine) {
  auto page = Grey(420, 600, 50);
  page.caption = "HHHH";
  const auto png = SharedRenderer().ContactSheet({page});
  ASSERT_TRUE(png.ok());
  const Picture sheet = DecodePng(*png);
  std::vector<int> inked;
  for (int y = 0; y < 25; ++y) {
    for (int x = 28; x < 448; ++x) {
      if (sheet.At(x, 28 + y) >= kBackground - 60) continue;
      inked.push_back(y);
      break;
    }
  }
  ASSERT_FALSE(inked.empty());
  EXPECT_EQ(inked.back(), 15);
  EXPECT_THAT(inked.front(), testing::AllOf(testing::Ge(2), testing::Le(5)));
}

TEST(ContactSheet, RejectsWhatItCannotShow) {
  EXPECT_EQ(SharedRenderer().ContactSheet({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SharedRenderer().ContactSheet({{.png = "no", .caption = "x"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SharedRenderer().ContactSheet(std::vector(33, Page(10))).status().code(),
            absl::StatusCode::kInvalidArgument);
  auto cut = Page(10);
  cut.png.resize(cut.png.size() / 2);
  EXPECT_EQ(SharedRenderer().ContactSheet({cut}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fovea::render
