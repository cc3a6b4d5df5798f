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
std::array<int16_t, kTaps> Weights() {
  std::array<double, kTaps> exact = {};
  double sum = 0;
  for (int i = 0; i < kTaps; ++i) {
    exact[i] = Lanczos((i + 0.5 - kTaps / 2.0) / kReduction);
    sum += exact[i];
  }
  std::array<int16_t, kTaps> weights = {};
  for (int i = 0; i < kTaps; ++i) {
    weights[i] = static_cast<int16_t>(std::lround(exact[i] / sum * kOne));
  }
  return weights;
}

int FloorDivide(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// One line of `count` small pixels. Small pixel i has its first tap at large pixel
// i * kReduction - origin. `line` is memory to work with. The sums fit 32 bits by far: the weights'
// sizes add up to less than twice kOne, and values are below 2^15.
template <typename Read, typename Write>
void Filter(int length, int count, int origin, std::vector<int16_t>* line, const Read& read,
            const Write& write) {
  static const std::array<int16_t, kTaps> weights = Weights();
  // With blank pixels around it, so that all taps of all pixels fall on it.
  const int before = std::max(0, origin);
  const int size = std::max(before + length, (count - 1) * kReduction + kTaps + before - origin);
  line->assign(static_cast<size_t>(size), 0);
  for (int i = 0; i < length; ++i)
    (*line)[static_cast<size_t>(before) + static_cast<size_t>(i)] = read(i);
  for (int i = 0; i < count; ++i) {
    const int16_t* taps = line->data() + (i * kReduction + before - origin);
    int sum = 0;
    for (int tap = 0; tap < kTaps; ++tap) sum += weights[tap] * taps[tap];
    write(i, sum >> 8);
  }
}

}  // namespace

GreyImage Reduce(const GreyImage& large) {
  GreyImage small;
  if (large.width == 0 || large.rows == 0) return small;
  constexpr int kReach = kLobes * kReduction - kReduction / 2;
  small.left = FloorDivide(large.left - kReach, kReduction);
  const int right = FloorDivide(large.left + large.width + kReach - 1, kReduction) + 1;
  small.top = -FloorDivide(-large.top - kReach, kReduction);
  const int bottom = FloorDivide(large.rows - large.top + kReach - 1, kReduction) + 1;
  small.width = right - small.left;
  small.rows = bottom + small.top;

  // Across, then down. The values between keep 6 bits below the coverage's.
  std::vector<int16_t> line;
  std::vector<int16_t> across(static_cast<size_t>(small.width) * static_cast<size_t>(large.rows));
  for (int row = 0; row < large.rows; ++row) {
    const auto from = static_cast<size_t>(row) * static_cast<size_t>(large.width);
    const auto to = static_cast<size_t>(row) * static_cast<size_t>(small.width);
    Filter(
        large.width, small.width, large.left - small.left * kReduction + kReach, &line,
        [&](int i) { return int16_t{large.pixels[from + i]}; },
        [&](int i, int value) { across[to + i] = static_cast<int16_t>(value); });
  }
  small.pixels.resize(static_cast<size_t>(small.width) * static_cast<size_t>(small.rows));
  for (int column = 0; column < small.width; ++column) {
    Filter(
        large.rows, small.rows, small.top * kReduction - large.top + kReach, &line,
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
