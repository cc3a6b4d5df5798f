#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

constexpr int kMaxSidePx = 1 << 20;
// Readers with smart_resize refuse longer strips.
constexpr int64_t kMaxAspect = 200;

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// a/b to the nearest integer, ties to even, as Python's round().
int64_t RoundDiv(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  const int64_t twice_rest = 2 * (a % b);
  if (twice_rest > b || (twice_rest == b && quotient % 2 == 1)) return quotient + 1;
  return quotient;
}

bool PatchesFit(const ImageTokenRule& rule, int64_t width, int64_t height) {
  const int64_t columns = CeilDiv(width, rule.patch_px);
  const int64_t rows = CeilDiv(height, rule.patch_px);
  return std::max(columns, rows) * rule.patch_px <= rule.max_side_px &&
         columns * rows <= rule.max_tokens;
}

int64_t PatchTokens(const ImageTokenRule& rule, int64_t width, int64_t height) {
  int64_t longer = std::max(width, height);
  int64_t shorter = std::min(width, height);
  if (!PatchesFit(rule, longer, shorter)) {
    int64_t fits = 1;
    int64_t too_large = longer;
    while (fits + 1 < too_large) {
      const int64_t middle = fits + (too_large - fits) / 2;
      const int64_t other = std::max<int64_t>(1, RoundDiv(middle * shorter, longer));
      (PatchesFit(rule, middle, other) ? fits : too_large) = middle;
    }
    shorter = std::max<int64_t>(1, RoundDiv(fits * shorter, longer));
    longer = fits;
  }
  return CeilDiv(longer, rule.patch_px) * CeilDiv(shorter, rule.patch_px);
}

int64_t GridTokens(const ImageTokenRule& rule, int64_t width, int64_t height) {
  const int64_t patch = rule.patch_px;
  int64_t columns = std::max<int64_t>(1, RoundDiv(width, patch));
  int64_t rows = std::max<int64_t>(1, RoundDiv(height, patch));
  const int64_t pixels = columns * rows * patch * patch;
  const auto w = static_cast<double>(width);
  const auto h = static_cast<double>(height);
  const auto p = static_cast<double>(patch);
  if (pixels > rule.max_pixels) {
    const double shrink = std::sqrt(h * w / static_cast<double>(rule.max_pixels));
    columns = std::max<int64_t>(1, static_cast<int64_t>(std::floor(w / shrink / p)));
    rows = std::max<int64_t>(1, static_cast<int64_t>(std::floor(h / shrink / p)));
  } else if (pixels < rule.min_pixels) {
    const double grow = std::sqrt(static_cast<double>(rule.min_pixels) / (h * w));
    columns = static_cast<int64_t>(std::ceil(w * grow / p));
    rows = static_cast<int64_t>(std::ceil(h * grow / p));
  }
  return columns * rows;
}

int64_t RowBreakTokens(const ImageTokenRule& rule, int64_t width, int64_t height) {
  if (width * height > rule.max_pixels) return rule.max_tokens;
  auto w = static_cast<double>(width);
  auto h = static_cast<double>(height);
  if (width * height < rule.min_pixels) {
    const double grow = std::sqrt(static_cast<double>(rule.min_pixels) / (w * h));
    w = std::ceil(w * grow);
    h = std::ceil(h * grow);
  }
  const int64_t columns = CeilDiv(static_cast<int64_t>(w), rule.patch_px);
  const int64_t rows = CeilDiv(static_cast<int64_t>(h), rule.patch_px);
  return std::min(rule.max_tokens, rows * (columns + 1) + 2);
}

absl::StatusOr<int64_t> SquareTokens(const ReaderProfile& reader, int width, int height) {
  const ImageTokenRule& rule = reader.image_rule;
  if (width != height || std::ranges::find(rule.sizes, width) == rule.sizes.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("reader ", reader.name, " has no mode of ", width, "x", height, " pixels"));
  }
  const int64_t side = width / rule.patch_px;
  return side * (side + 1) + 1;
}

absl::StatusOr<int64_t> FormulaTokens(const ReaderProfile& reader, int width, int height,
                                      int flat_tokens) {
  const ImageTokenRule& rule = reader.image_rule;
  switch (rule.kind) {
    case ImageTokenRule::Kind::kNone:
      break;
    case ImageTokenRule::Kind::kPatches:
      return PatchTokens(rule, width, height);
    case ImageTokenRule::Kind::kRoundedGrid:
      if (std::max(width, height) > kMaxAspect * std::min(width, height)) {
        return absl::InvalidArgumentError(
            absl::StrCat("reader ", reader.name, " takes no strip of ", width, "x", height));
      }
      return GridTokens(rule, width, height);
    case ImageTokenRule::Kind::kRowBreaks:
      return RowBreakTokens(rule, width, height);
    case ImageTokenRule::Kind::kSquareModes:
      return SquareTokens(reader, width, height);
    case ImageTokenRule::Kind::kFlat:
      if (flat_tokens > 0) return flat_tokens;
      return absl::InvalidArgumentError(
          absl::StrCat("reader ", reader.name, " needs the price of a resolution setting"));
  }
  return absl::InvalidArgumentError(absl::StrCat("reader ", reader.name, " takes no images"));
}

}  // namespace

absl::StatusOr<int64_t> ImageTokens(const ReaderProfile& reader, int width, int height,
                                    int flat_tokens) {
  if (width < 1 || height < 1 || width > kMaxSidePx || height > kMaxSidePx) {
    return absl::InvalidArgumentError(
        absl::StrCat("an image of ", width, "x", height, " pixels has no price"));
  }
  absl::StatusOr<int64_t> tokens = FormulaTokens(reader, width, height, flat_tokens);
  if (tokens.ok()) *tokens += reader.image_rule.overhead_tokens;
  return tokens;
}

}  // namespace fovea
