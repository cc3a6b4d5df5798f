#include "render/marks.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

constexpr int kLeft = 30;
constexpr int kTop = 70;

using Draw = std::function<void(Canvas* canvas)>;

// What is drawn from (kLeft, kTop) on, a row a line: '#' is the ink, '!' is any other. What lies
// outside is a failure.
std::string Drawn(int width, int height, uint8_t ink, const Draw& draw) {
  Canvas canvas(2 * kLeft + width, 2 * kTop + height);
  draw(&canvas);
  std::string picture;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) {
      const uint8_t pixel = canvas.Row(y)[x];
      const bool inside = x >= kLeft && x < kLeft + width && y >= kTop && y < kTop + height;
      if (inside) {
        picture += pixel == 0 ? '.' : pixel == ink ? '#' : '!';
      } else if (pixel != 0) {
        ADD_FAILURE() << "ink at " << x - kLeft << " " << y - kTop;
      }
    }
    if (y >= kTop && y < kTop + height) picture += '\n';
  }
  return picture;
}

Metrics At(int pitch) { return Metrics(*SharedParts().table, pitch); }

std::string Newline(const Metrics& metrics, uint8_t ink) {
  return Drawn(metrics.NewlineWidthPx(), metrics.pitch_px, ink,
               [&](Canvas* canvas) { DrawNewline(metrics, ink, kLeft, kTop, canvas); });
}

std::string Spaces(int pitch, uint32_t count) {
  const Metrics metrics = At(pitch);
  return Drawn(metrics.SpacesWidthPx(count), pitch, 40,
               [&](Canvas* canvas) { DrawSpaces(metrics, 40, count, kLeft, kTop, canvas); });
}

std::string Tabs(int pitch, uint32_t count) {
  const Metrics metrics = At(pitch);
  return Drawn(metrics.TabsWidthPx(count), pitch, 40,
               [&](Canvas* canvas) { DrawTabs(metrics, 40, count, kLeft, kTop, canvas); });
}

std::string Rows(int count, const std::string& row) {
  std::string rows;
  for (int i = 0; i < count; ++i) rows += row + "\n";
  return rows;
}

TEST(Inks, AreAsLightAsTheDepthAllows) {
  struct Case {
    int bits;
    int mark;
    int box;
    int header;
  };
  for (const Case& wanted :
       {Case{1, 255, 0, 255}, {2, 85, 85, 170}, {4, 34, 51, 170}, {8, 34, 51, 170}}) {
    const Inks inks(wanted.bits);
    EXPECT_EQ(inks.mark, wanted.mark) << wanted.bits;
    EXPECT_EQ(inks.box, wanted.box) << wanted.bits;
    EXPECT_EQ(inks.header, wanted.header) << wanted.bits;
  }
}

TEST(Marks, ALightNewlineIsABlockAsHighAsTheLine) {
  EXPECT_EQ(Newline(At(9), 0x43), Rows(9, ".#####."));
  EXPECT_EQ(Newline(At(20), 0x43), Rows(20, "..##########.."));
}

TEST(Marks, ADarkNewlineIsAHook) {
  EXPECT_EQ(Newline(At(12), 0x44), Rows(4, "........") +      //
                                       Rows(3, ".....#..") +  //
                                       Rows(1, "..#..#..") +  //
                                       Rows(1, ".#####..") +  //
                                       Rows(1, "..#.....") +  //
                                       Rows(2, "........"));
  EXPECT_EQ(Newline(At(20), 0xFF), Rows(6, "..............") +      //
                                       Rows(4, "........##....") +  //
                                       Rows(2, "....##..##....") +  //
                                       Rows(2, "..########....") +  //
                                       Rows(2, "....##........") +  //
                                       Rows(4, ".............."));
}

// On the smallest line half the height of a letter is less.
TEST(Marks, AHookIsAtLeastThreeStrokesHigh) {
  EXPECT_EQ(Newline(At(5), 0xFF), Rows(1, "....#..") +      //
                                      Rows(1, "..#.#..") +  //
                                      Rows(1, ".####..") +  //
                                      Rows(1, "..#....") +  //
                                      Rows(1, "......."));
  // With strokes broader than any line pitch has them, but not so broad that they meet.
  Metrics broad = At(12);
  broad.mark_unit_px = 2;
  broad.baseline_px = 11;
  EXPECT_EQ(Newline(broad, 0xFF), Rows(3, "...........") +      //
                                      Rows(2, ".....##....") +  //
                                      Rows(2, "....###....") +  //
                                      Rows(2, "..#####....") +  //
                                      Rows(2, "....##.....") +  //
                                      Rows(1, "..........."));
}

TEST(Marks, SpacesAreBarsForSixteensAndFoursAndAPartOfOne) {
  EXPECT_EQ(Spaces(8, 1), Rows(6, "....") + Rows(2, ".#.."));
  EXPECT_EQ(Spaces(8, 4), Rows(8, ".#.."));
  EXPECT_EQ(Spaces(8, 16), Rows(8, ".##.."));
  EXPECT_EQ(Spaces(8, 23), Rows(2, ".##.#....") + Rows(6, ".##.#.#.."));
  EXPECT_EQ(Spaces(8, 41), Rows(6, ".##.##.#.#....") + Rows(2, ".##.##.#.#.#.."));
  EXPECT_EQ(Spaces(20, 21), Rows(15, "..####..##........") + Rows(5, "..####..##..##...."));
  EXPECT_EQ(Spaces(20, 40), Rows(20, "..####..####..##..##...."));
}

TEST(Marks, TabsAreLinesAgainstStops) {
  EXPECT_EQ(Tabs(9, 2), Rows(3, "............") +      //
                            Rows(1, "....#....#..") +  //
                            Rows(1, ".####.####..") +  //
                            Rows(1, "....#....#..") +  //
                            Rows(3, "............"));
  EXPECT_EQ(Tabs(20, 2), Rows(8, "........................") +      //
                             Rows(2, "........##........##....") +  //
                             Rows(2, "..########..########....") +  //
                             Rows(2, "........##........##....") +  //
                             Rows(6, "........................"));
}

}  // namespace
}  // namespace fovea::render
