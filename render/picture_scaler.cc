#include "render/picture_scaler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fovea::render {
namespace {

constexpr double kLobes = 3;
// Weights are in 1 / 2^17. Between the two ways, pixels keep 4 bits below their own 8, so that a
// sum of both stays within 31 bits.
constexpr int kWeightBits = 17;
constexpr int32_t kOne = 1 << kWeightBits;
constexpr int kExtraBits = 4;

double Lanczos(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double a = std::numbers::pi * x;
  return kLobes * std::sin(a) * std::sin(a / kLobes) / (a * a);
}

constexpr int32_t RoundingShift(int32_t value, int bits) {
  return (value + (1 << (bits - 1))) >> bits;
}

}  // namespace

PictureScaler::Filter::Filter(int from, int to) {
  const double ratio = static_cast<double>(from) / to;
  std::vector<double> exact;
  begin_.push_back(0);
  for (int small = 0; small < to; ++small) {
    const double center = (small + 0.5) * ratio - 0.5;
    const int first = std::max(0, static_cast<int>(std::ceil(center - kLobes * ratio)));
    const int last = std::min(from - 1, static_cast<int>(std::floor(center + kLobes * ratio)));
    exact.clear();
    double sum = 0;
    for (int large = first; large <= last; ++large) {
      exact.push_back(Lanczos((large - center) / ratio));
      sum += exact.back();
    }
    // The rounded weights add up to one, so that white stays white: each takes over what the
    // rounding of those before it left.
    double left = 0;
    for (const double weight : exact) {
      const double wanted = weight / sum * kOne + left;
      weights_.push_back(static_cast<int32_t>(std::lround(wanted)));
      left = wanted - weights_.back();
    }
    first_.push_back(first);
    begin_.push_back(weights_.size());
  }
}

absl::Span<const int32_t> PictureScaler::Filter::weights(int small) const {
  const auto at = static_cast<size_t>(small);
  return absl::MakeConstSpan(weights_).subspan(begin_[at], begin_[at + 1] - begin_[at]);
}

int PictureScaler::Filter::FirstWith(int large) const {
  int low = 0;
  int high = static_cast<int>(first_.size());
  while (low < high) {
    const int middle = low + (high - low) / 2;
    const int end = first(middle) + static_cast<int>(weights(middle).size());
    (end > large ? high : low) = end > large ? middle : middle + 1;
  }
  return low;
}

PictureScaler::PictureScaler(const ImageSize& from, const ImageSize& to)
    : from_(from),
      to_(to),
      across_(from.width, to.width),
      down_(from.height, to.height),
      row_(static_cast<size_t>(to.width)),
      sums_(static_cast<size_t>(to.width) * static_cast<size_t>(to.height)) {}

void PictureScaler::AddRow(int y, absl::Span<const uint8_t> grey) {
  for (int x = 0; x < to_.width; ++x) {
    const absl::Span<const int32_t> weights = across_.weights(x);
    const uint8_t* from = grey.data() + across_.first(x);
    int32_t sum = 0;
    for (size_t i = 0; i < weights.size(); ++i) sum += weights[i] * from[i];
    row_[static_cast<size_t>(x)] = RoundingShift(sum, kWeightBits - kExtraBits);
  }
  for (int small = down_.FirstWith(y); small < to_.height && down_.first(small) <= y; ++small) {
    const int32_t weight = down_.weights(small)[static_cast<size_t>(y - down_.first(small))];
    int32_t* sums = sums_.data() + static_cast<size_t>(small) * row_.size();
    for (size_t x = 0; x < row_.size(); ++x) sums[x] += weight * row_[x];
  }
}

std::vector<uint8_t> PictureScaler::Finish() const {
  std::vector<uint8_t> small(sums_.size());
  for (size_t i = 0; i < small.size(); ++i) {
    const int32_t value = RoundingShift(sums_[i], kWeightBits + kExtraBits);
    small[i] = static_cast<uint8_t>(std::clamp(value, 0, 255));
  }
  return small;
}

}  // namespace fovea::render
