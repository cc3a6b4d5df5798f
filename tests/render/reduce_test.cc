#include "render/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace fovea::render {
namespace {

double Lanczos3(double x) {
  if (std::abs(x) >= 3) return 0;
  if (x == 0) return 1;
  const double a = std::numbers::pi * x;
  return 3 * std::sin(a) * std::sin(a / 3) / (a * a);
}

// The value at the small pixel whose left and top edges are at (x, y), y upwards, straight from the
// definition.
double Exact(const GreyImage& large, int x, int y) {
  double sum = 0;
  double weight = 0;
  for (int ly = -80; ly < 80; ++ly) {
    for (int lx = -80; lx < 80; ++lx) {
      const double dx = (lx + 0.5) / kReduction - (x + 0.5);
      const double dy = (ly - 0.5) / kReduction - (y - 0.5);
      const double w = Lanczos3(dx) * Lanczos3(dy);
      weight += w;
      const int column = lx - large.left;
      const int row = large.top - ly;
      if (column < 0 || column >= large.width || row < 0 || row >= large.rows) continue;
      sum += w * large.At(row, column);
    }
  }
  return std::clamp(sum / weight, 0.0, 255.0);
}

TEST(Reduce, IsALanczosFilter) {
  std::mt19937 random(11);
  for (const int left : {-5, 0, 2}) {
    GreyImage large{.left = left, .top = 21, .width = 30, .rows = 26, .pixels = {}};
    for (int i = 0; i < 30 * 26; ++i) {
      large.pixels.push_back(static_cast<uint8_t>(random() % 3 == 0 ? 255 : 0));
    }
    const GreyImage small = Reduce(large);
    for (int y = 5; y > -4; --y) {
      for (int x = -3; x < 8; ++x) {
        const int row = small.top - y;
        const int column = x - small.left;
        const bool inside = row >= 0 && row < small.rows && column >= 0 && column < small.width;
        const int found = inside ? small.At(row, column) : 0;
        EXPECT_NEAR(found, Exact(large, x, y), 1.5) << x << " " << y << " " << left;
      }
    }
  }
}

// Far from the pen as near to it: the same picture, in another place.
TEST(Reduce, MovesWithTheImage) {
  GreyImage large{.left = -3, .top = 9, .width = 30, .rows = 26, .pixels = {}};
  for (int i = 0; i < 30 * 26; ++i) large.pixels.push_back(static_cast<uint8_t>(i * 37));
  const GreyImage near = Reduce(large);
  large.left += 50 * kReduction;
  large.top += 20 * kReduction;
  const GreyImage far = Reduce(large);
  EXPECT_EQ(far.left, near.left + 50);
  EXPECT_EQ(far.top, near.top + 20);
  EXPECT_EQ(far.width, near.width);
  EXPECT_EQ(far.rows, near.rows);
  EXPECT_EQ(far.pixels, near.pixels);
}

TEST(Reduce, NothingStaysNothing) { EXPECT_EQ(Reduce({}).pixels.size(), 0U); }

}  // namespace
}  // namespace fovea::render
