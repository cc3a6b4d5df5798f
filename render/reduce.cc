#include "render/reduce.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace fovea::render {
namespace {

constexpr int kLobes = 3;
constexpr int kTaps = 2 * kLobes * kReduction;
constexpr int kOne = 1 << 14;

double Lanczos(double x) {
  if (x == 0) return 1;
  const double a = std::numbers::pi * x;
  return kLobes * std::sin(a) * std::sin(a / kLobes) / (a * a);
}

// Weights in 1/kOne, for the large pixels around the middle of a small one.
std::array<int, kTaps> Weights() {
  std::array<double, kTaps> exact = {};
  double sum = 0;
  for (int i = 0; i < kTaps; ++i) {
    exact[i] = Lanczos((i + 0.5 - kTaps / 2.0) / kReduction);
    sum += exact[i];
  }
  std::array<int, kTaps> weights = {};
  for (int i = 0; i < kTaps; ++i) {
    weights[i] = static_cast<int>(std::lround(exact[i] / sum * kOne));
  }
  return weights;
}

int FloorDivide(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// One line of `count` small pixels. Small pixel i has its first tap at large pixel
// i * kReduction - origin.
template <typename Read, typename Write>
void Filter(int length, int count, int origin, const Read& read, const Write& write) {
  static const std::array<int, kTaps> weights = Weights();
  for (int i = 0; i < count; ++i) {
    const int first = i * kReduction - origin;
    int64_t sum = 0;
    for (int tap = std::max(0, -first); tap < std::min(kTaps, length - first); ++tap) {
      sum += int64_t{weights[tap]} * read(first + tap);
    }
    write(i, static_cast<int>(sum >> 8));
  }
}

}  // namespace

GreyImage Reduce(const GreyImage& large, int shift) {
  GreyImage small;
  if (large.width == 0 || large.rows == 0) return small;
  constexpr int kReach = kLobes * kReduction - kReduction / 2;
  const int left = large.left + shift;
  small.left = FloorDivide(left - kReach, kReduction);
  const int right = FloorDivide(left + large.width + kReach - 1, kReduction) + 1;
  small.top = -FloorDivide(-large.top - kReach, kReduction);
  const int bottom = FloorDivide(large.rows - large.top + kReach - 1, kReduction) + 1;
  small.width = right - small.left;
  small.rows = bottom + small.top;

  // Across, then down. The values between keep 6 bits below the coverage's.
  std::vector<int> across(static_cast<size_t>(small.width) * static_cast<size_t>(large.rows));
  for (int row = 0; row < large.rows; ++row) {
    const auto from = static_cast<size_t>(row) * static_cast<size_t>(large.width);
    const auto to = static_cast<size_t>(row) * static_cast<size_t>(small.width);
    Filter(
        large.width, small.width, left - small.left * kReduction + kReach,
        [&](int i) { return int{large.pixels[from + i]}; },
        [&](int i, int value) { across[to + i] = value; });
  }
  small.pixels.resize(static_cast<size_t>(small.width) * static_cast<size_t>(small.rows));
  for (int column = 0; column < small.width; ++column) {
    Filter(
        large.rows, small.rows, small.top * kReduction - large.top + kReach,
        [&](int i) { return across[static_cast<size_t>(i) * small.width + column]; },
        [&](int i, int value) {
          const int coverage = (value + (1 << 11)) >> 12;
          small.pixels[static_cast<size_t>(i) * small.width + column] =
              static_cast<uint8_t>(std::clamp(coverage, 0, 255));
        });
  }
  return small;
}

}  // namespace fovea::render
