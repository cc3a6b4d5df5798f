#include "render/metrics.h"

#include <gtest/gtest.h>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

struct Lengths {
  int pitch;
  Sub em;
  int baseline;
  int unit;
  Sub phase_step;
  // In pixels.
  int label_padding;
  int label_gap;
  int block_gap;
  int newline;
};

// The smallest and the largest pitch, and both sides of each step in a length.
constexpr Lengths kLengths[] = {
    {5, 1100, 4, 1, 64, 1, 2, 5, 7},       {6, 1320, 5, 1, 64, 2, 2, 6, 7},
    {8, 1759, 6, 1, 64, 2, 3, 7, 7},       {9, 1979, 7, 1, 128, 2, 3, 8, 7},
    {10, 2199, 8, 1, 128, 2, 3, 9, 7},     {12, 2639, 10, 1, 128, 3, 4, 11, 8},
    {19, 4179, 15, 1, 128, 4, 6, 17, 11},  {20, 4399, 16, 2, 128, 4, 6, 18, 14},
    {31, 6818, 25, 2, 128, 6, 9, 27, 19},  {32, 7038, 26, 3, 128, 6, 10, 28, 22},
    {44, 9677, 35, 4, 128, 8, 13, 38, 30}, {64, 14076, 51, 5, 128, 11, 19, 55, 42},
};

TEST(Metrics, LengthsFollowTheLinePitch) {
  for (const Lengths& lengths : kLengths) {
    SCOPED_TRACE(lengths.pitch);
    const Metrics metrics(*SharedParts().table, lengths.pitch);
    EXPECT_EQ(metrics.pitch_px, lengths.pitch);
    EXPECT_EQ(metrics.em, lengths.em);
    EXPECT_EQ(metrics.baseline_px, lengths.baseline);
    EXPECT_EQ(metrics.mark_unit_px, lengths.unit);
    EXPECT_EQ(metrics.phase_step, lengths.phase_step);
    EXPECT_EQ(metrics.label_padding, lengths.label_padding * kPixel);
    EXPECT_EQ(metrics.label_gap, lengths.label_gap * kPixel);
    EXPECT_EQ(metrics.block_gap, lengths.block_gap * kPixel);
    EXPECT_EQ(metrics.escape_padding, kPixel);
    EXPECT_EQ(metrics.NewlineWidthPx(), lengths.newline);
  }
}

// A bar of two strokes for each 16 spaces, one of one for each 4, one for the rest; a stroke's gap
// behind each, and one on either side.
TEST(Metrics, AMarkForSpacesIsAsWideAsItsStrokesAndGaps) {
  constexpr std::pair<uint32_t, int> kStrokesAndGaps[] = {{1, 4},  {3, 4},   {4, 4},   {5, 6},
                                                          {8, 6},  {15, 10}, {16, 5},  {17, 7},
                                                          {20, 7}, {32, 8},  {35, 10}, {63, 19}};
  for (const int pitch : {10, 20, 32}) {
    const Metrics metrics(*SharedParts().table, pitch);
    const int unit = (pitch + 4) / 12;
    for (const auto& [count, strokes_and_gaps] : kStrokesAndGaps) {
      EXPECT_EQ(metrics.SpacesWidthPx(count), strokes_and_gaps * unit) << count << " at " << pitch;
    }
    EXPECT_EQ(metrics.TabsWidthPx(1), 7 * unit);
    EXPECT_EQ(metrics.TabsWidthPx(6), 32 * unit);
  }
}

TEST(Metrics, ASpaceTakesThreeQuartersOfItsWidthInTheFont) {
  const Metrics metrics(*SharedParts().table, 20);
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    const Sub in_font = Scale(SharedParts().table->Find(weight, ' ').advance, metrics.em);
    EXPECT_GT(in_font, 3 * kPixel);
    EXPECT_NEAR(metrics.Space(weight), 0.75 * in_font, 1);
  }
}

TEST(Metrics, OnlyVisibleAsciiHasAWidth) {
  const Metrics metrics(*SharedParts().table, 10);
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    for (char32_t c = 0; c < 256; ++c) {
      const bool visible = c > ' ' && c < 0x7F;
      const Sub in_font = Scale(SharedParts().table->Find(weight, c).advance, metrics.em);
      EXPECT_EQ(metrics.Ascii(weight)[c], visible ? in_font : 0) << static_cast<int>(c);
      EXPECT_EQ(metrics.Ascii(weight)[c] > 0, visible) << static_cast<int>(c);
    }
  }
}

TEST(Metrics, TheTypefaceMayNameThePlaces) {
  EXPECT_EQ(Metrics(*SharedParts().table, 6, 1).phase_step, 256);
  EXPECT_EQ(Metrics(*SharedParts().table, 6, 2).phase_step, 128);
  EXPECT_EQ(Metrics(*SharedParts().table, 20, 4).phase_step, 64);
}

TEST(Metrics, GlyphsStandAtTheNearestPlace) {
  const Metrics quarters(*SharedParts().table, 8);
  EXPECT_EQ(quarters.Snap(31), 0);
  EXPECT_EQ(quarters.Snap(32), 64);
  EXPECT_EQ(quarters.Snap(256 + 95), 256 + 64);
  const Metrics halves(*SharedParts().table, 9);
  EXPECT_EQ(halves.Snap(63), 0);
  EXPECT_EQ(halves.Snap(64), 128);
  EXPECT_EQ(halves.Snap(256 - 64), 256);
}

TEST(Metrics, OnlyBodyTextIsRegular) {
  EXPECT_EQ(WeightOf(PageBlock::Style::kBody), Weight::kRegular);
  for (const auto style : {PageBlock::Style::kLabel, PageBlock::Style::kUser,
                           PageBlock::Style::kError, PageBlock::Style::kHeading}) {
    EXPECT_EQ(WeightOf(style), Weight::kBold);
  }
}

}  // namespace
}  // namespace fovea::render
