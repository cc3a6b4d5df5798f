#include "render/canvas.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "render/marks.h"
#include "render/metrics.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

struct TestGlyph {
  std::vector<uint8_t> ink;
  Glyph shape;
};

TestGlyph RandomGlyph(std::mt19937* random) {
  TestGlyph glyph;
  const int width = 1 + static_cast<int>((*random)() % 40);
  const int rows = 1 + static_cast<int>((*random)() % 20);
  const int stride = GlyphStride(width);
  glyph.ink.assign(static_cast<size_t>(stride) * InkRows(rows), 0);
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < width; ++i) {
      glyph.ink[static_cast<size_t>(row) * stride + i] = static_cast<uint8_t>((*random)());
    }
  }
  glyph.shape = {.ink = glyph.ink.data(),
                 .left = static_cast<int16_t>((*random)() % 5),
                 .top = static_cast<int16_t>((*random)() % 20),
                 .width = static_cast<int16_t>(width),
                 .rows = static_cast<int16_t>(rows),
                 .stride = static_cast<int16_t>(stride)};
  return glyph;
}

TEST(Canvas, AddIsAClampedSumCutAtTheEdges) {
  std::mt19937 random(7);
  constexpr int kWidth = 61;
  constexpr int kHeight = 33;
  Canvas canvas(kWidth, kHeight);
  std::vector<int> expected(size_t{kWidth} * kHeight, 0);
  for (int n = 0; n < 500; ++n) {
    const TestGlyph glyph = RandomGlyph(&random);
    const int x = static_cast<int>(random() % 120) - 50;
    const int baseline = static_cast<int>(random() % 80) - 20;
    canvas.Add(glyph.shape, x, baseline);
    for (int row = 0; row < glyph.shape.rows; ++row) {
      for (int i = 0; i < glyph.shape.width; ++i) {
        const int px = x + glyph.shape.left + i;
        const int py = baseline - glyph.shape.top + row;
        if (px < 0 || px >= kWidth || py < 0 || py >= kHeight) continue;
        int& pixel = expected[static_cast<size_t>(py) * kWidth + px];
        pixel = std::min(255, pixel + glyph.ink[static_cast<size_t>(row) * glyph.shape.stride + i]);
      }
    }
    if (n % 20 != 0) continue;
    for (int y = 0; y < kHeight; ++y) {
      for (int px = 0; px < kWidth; ++px) {
        ASSERT_EQ(canvas.Row(y)[px], expected[static_cast<size_t>(y) * kWidth + px]) << n;
      }
    }
  }
}

TEST(Canvas, AddBetweenStaysBetween) {
  Canvas canvas(8, 10);
  const std::vector<uint8_t> ink(80, 255);
  const Glyph glyph{.ink = ink.data(), .left = 0, .top = 10, .width = 8, .rows = 10, .stride = 8};
  canvas.AddBetween(glyph, 0, 10, 3, 5);
  for (int y = 0; y < 10; ++y) EXPECT_EQ(canvas.Row(y)[4], y == 3 || y == 4 ? 255 : 0) << y;
}

TEST(Canvas, QuantisedValuesStayQuantisedUnderAddition) {
  for (const int bits : {1, 2, 4, 8}) {
    const int step = 255 / ((1 << bits) - 1);
    for (int value = 0; value < 256; ++value) {
      EXPECT_EQ(Quantise(value, bits) % step, 0) << value;
      EXPECT_LE(std::abs(Quantise(value, bits) - value), step / 2 + 1) << value << " " << bits;
    }
    EXPECT_EQ(Quantise(0, bits), 0);
    EXPECT_EQ(Quantise(255, bits), 255);
  }
}

// Narrow and wide, within the canvas and across its edges, over ink that is there.
TEST(Canvas, FillRectAddsToItsPixelsAlone) {
  constexpr int kSide = 20;
  for (const int width : {0, 1, 2, 7, 8, 9, 16}) {
    for (const int height : {0, 1, 2, 3, 8, 9}) {
      for (const int at : {-3, 0, 5, 12, 19}) {
        Canvas canvas(kSide, kSide);
        canvas.FillRect(0, 0, kSide, kSide, 100);
        canvas.FillRect(at, at, width, height, 200);
        for (int y = 0; y < kSide; ++y) {
          for (int x = 0; x < kSide; ++x) {
            const bool in = x >= at && x < at + width && y >= at && y < at + height;
            ASSERT_EQ(canvas.Row(y)[x], in ? 255 : 100)
                << width << "x" << height << " at " << at << ": " << x << " " << y;
          }
        }
      }
    }
  }
}

TEST(Canvas, GreyIsPaperMinusInk) {
  Canvas canvas(3, 1);
  canvas.FillRect(1, 0, 1, 5, 51);
  EXPECT_EQ(canvas.TurnIntoGrey(), std::string_view("\xFF\xCC\xFF"));
}

// Of 100 on every pixel the glyph takes 30, and 100 or more.
TEST(Canvas, SubtractTakesInkAwayDownToPaper) {
  Canvas canvas(6, 4);
  canvas.FillRect(0, 0, 6, 4, 100);
  std::vector<uint8_t> ink(size_t{2} * 8, 0);
  ink[0] = ink[8] = 30;
  ink[1] = 100;
  ink[9] = 200;
  const Glyph glyph{.ink = ink.data(), .left = 1, .top = 2, .width = 2, .rows = 2, .stride = 8};
  canvas.Subtract(glyph, 2, 3);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 6; ++x) {
      const bool row = y == 1 || y == 2;
      EXPECT_EQ(canvas.Row(y)[x], row && x == 3 ? 70 : row && x == 4 ? 0 : 100) << x << " " << y;
    }
  }
  canvas.Subtract(glyph, -2, 0);
  canvas.Subtract(glyph, 4, 6);
  EXPECT_EQ(canvas.Row(0)[0], 100) << "what is off the canvas is cut";
  EXPECT_EQ(canvas.Row(3)[5], 100);
}

TEST(Canvas, DimmedInkIsAPartOfItInFullSteps) {
  const std::vector<uint8_t> ink = {255, 128, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Glyph glyph{.ink = ink.data(), .left = 0, .top = 0, .width = 3, .rows = 1, .stride = 8};
  const auto dimmed = [&](int part, int bits) {
    Canvas canvas(3, 1);
    canvas.FillRect(2, 0, 1, 1, 240);
    canvas.AddDimmed(glyph, 0, 0, part, bits);
    return std::vector<int>(canvas.Row(0).begin(), canvas.Row(0).end());
  };
  EXPECT_EQ(dimmed(255, 8), (std::vector<int>{255, 128, 255}));
  EXPECT_EQ(dimmed(170, 8), (std::vector<int>{170, 85, 255}));
  EXPECT_EQ(dimmed(51, 8), (std::vector<int>{51, 25, 248}));
  EXPECT_EQ(dimmed(170, 4), (std::vector<int>{170, 85, 255}));
  EXPECT_EQ(dimmed(51, 4), (std::vector<int>{51, 17, 240}));
}

TEST(Canvas, AGlyphOfOddRowsLeavesTheRowBelowAsItIs) {
  for (const int width : {3, 12, 20}) {
    const int stride = GlyphStride(width);
    std::vector<uint8_t> ink(static_cast<size_t>(stride) * 4, 0);
    for (int row = 0; row < 3; ++row) {
      std::fill_n(ink.begin() + static_cast<ptrdiff_t>(row) * stride, width, uint8_t{60});
    }
    Canvas canvas(40, 10);
    canvas.FillRect(0, 0, 40, 10, 50);
    canvas.Add({.ink = ink.data(),
                .left = 2,
                .top = 3,
                .width = static_cast<int16_t>(width),
                .rows = 3,
                .stride = static_cast<int16_t>(stride)},
               5, 7);
    for (int y = 0; y < 10; ++y) {
      for (int x = 0; x < 40; ++x) {
        const bool inside = x >= 7 && x < 7 + width && y >= 4 && y < 7;
        ASSERT_EQ(canvas.Row(y)[x], inside ? 110 : 50) << width << ": " << x << " " << y;
      }
    }
  }
}

TEST(Canvas, ACanvasInUsedMemoryIsBlank) {
  Canvas used(10, 10);
  used.FillRect(0, 0, 10, 10, 255);
  Canvas canvas(4, 3, used.TakeMemory());
  for (int y = 0; y < 3; ++y) {
    for (const uint8_t pixel : canvas.Row(y)) EXPECT_EQ(pixel, 0);
  }
  EXPECT_EQ(canvas.Row(2).size(), 4U);
  EXPECT_EQ(canvas.TurnIntoGrey(), std::string(12, '\xFF'));
}

// Every mark of a line lies within it, whatever its ink.
TEST(Marks, StayWithinTheirLine) {
  constexpr int kTop = 40;
  for (const int pitch : {6, 9, 12, 16}) {
    const Metrics metrics(*SharedParts().table, pitch);
    for (const uint8_t ink : {uint8_t{40}, uint8_t{255}}) {
      Canvas canvas(400, 100);
      DrawNewline(metrics, ink, 10, kTop, &canvas);
      DrawSpaces(metrics, ink, 23, 100, kTop, &canvas);
      DrawTabs(metrics, ink, 2, 250, kTop, &canvas);
      int inked = 0;
      for (int y = 0; y < canvas.height(); ++y) {
        const bool within = y >= kTop && y < kTop + pitch;
        for (const uint8_t pixel : canvas.Row(y)) {
          if (pixel == 0) continue;
          ++inked;
          ASSERT_TRUE(within) << pitch << " " << int{ink} << " " << y;
        }
      }
      EXPECT_GT(inked, pitch);
      // The hook is in the line's lower part, where letters stand.
      if (ink < 255) continue;
      int lowest = 0;
      for (int y = kTop; y < kTop + pitch; ++y) {
        const auto row = canvas.Row(y).subspan(0, 90);
        if (std::any_of(row.begin(), row.end(), [](uint8_t pixel) { return pixel > 0; }))
          lowest = y;
      }
      EXPECT_NEAR(lowest, kTop + metrics.baseline_px - metrics.mark_unit_px / 2,
                  metrics.mark_unit_px + 1);
    }
  }
}

}  // namespace
}  // namespace fovea::render
