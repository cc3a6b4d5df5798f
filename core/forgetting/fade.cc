#include "core/forgetting/fade.h"

namespace fovea {
namespace {

// A rung is full when it holds at least this share of what the next deeper one holds.
constexpr double kThinningRatio = 0.7;

}  // namespace

std::optional<size_t> NextToFade(absl::Span<const double> tokens, double reserve,
                                 absl::FunctionRef<std::optional<double>(size_t)> oldest) {
  for (size_t position = 0; position + 1 < tokens.size(); ++position) {
    const bool full =
        tokens[position] > 0 && tokens[position] >= kThinningRatio * tokens[position + 1];
    if (full && oldest(position).has_value()) return position;
  }
  for (size_t position = tokens.size() - 1; position-- > 0;) {
    const std::optional<double> moving = oldest(position);
    if (moving.has_value() && tokens[position] - *moving >= reserve) return position;
  }
  for (size_t position = tokens.size(); position-- > 0;) {
    if (oldest(position).has_value()) return position;
  }
  return std::nullopt;
}

}  // namespace fovea
