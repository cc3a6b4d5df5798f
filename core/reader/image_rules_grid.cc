// Rules that count the patches of one grid.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/reader/image_rule.h"
#include "core/reader/image_rule_math.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

// Readers with smart_resize refuse longer strips.
constexpr int64_t kMaxAspect = 200;

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

// Anthropic, Vision: the reference code for resizing looks for the largest size that fits.
ImageCost Patches(const ImageTokenRule& rule, int64_t width, int64_t height) {
  if (!PatchesFit(rule, width, height)) {
    const int64_t longer = std::max(width, height);
    const int64_t shorter = std::min(width, height);
    int64_t fits = 1;
    int64_t too_large = longer;
    while (fits + 1 < too_large) {
      const int64_t middle = fits + (too_large - fits) / 2;
      const int64_t other = std::max<int64_t>(1, RoundDiv(middle * shorter, longer));
      (PatchesFit(rule, middle, other) ? fits : too_large) = middle;
    }
    const int64_t other = std::max<int64_t>(1, RoundDiv(fits * shorter, longer));
    const bool wide = width >= height;
    width = wide ? fits : other;
    height = wide ? other : fits;
  }
  return Cost(CeilDiv(width, rule.patch_px) * CeilDiv(height, rule.patch_px), width, height);
}

// transformers, smart_resize of Qwen2-VL and its kin.
absl::StatusOr<ImageCost> RoundedGrid(const ImageTokenRule& rule, int64_t width, int64_t height) {
  if (std::max(width, height) > kMaxAspect * std::min(width, height)) {
    return absl::InvalidArgumentError(absl::StrCat("no strip of ", width, "x", height));
  }
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
  return Cost(columns * rows, columns * patch, rows * patch);
}

// DeepSeek's note on its hosted model, September 2026.
ImageCost RowBreaks(const ImageTokenRule& rule, int64_t width, int64_t height) {
  auto w = static_cast<double>(width);
  auto h = static_cast<double>(height);
  if (width * height > rule.max_pixels) {
    const double shrink = std::sqrt(static_cast<double>(rule.max_pixels) / (w * h));
    return Cost(rule.max_tokens, static_cast<int64_t>(w * shrink),
                static_cast<int64_t>(h * shrink));
  }
  if (width * height < rule.min_pixels) {
    const double grow = std::sqrt(static_cast<double>(rule.min_pixels) / (w * h));
    w = std::ceil(w * grow);
    h = std::ceil(h * grow);
  }
  const auto seen_width = static_cast<int64_t>(w);
  const auto seen_height = static_cast<int64_t>(h);
  const int64_t columns = CeilDiv(seen_width, rule.patch_px);
  const int64_t rows = CeilDiv(seen_height, rule.patch_px);
  return Cost(std::min(rule.max_tokens, rows * (columns + 1) + 2), seen_width, seen_height);
}

absl::StatusOr<ImageCost> SquareModes(const ImageTokenRule& rule, int width, int height) {
  if (width != height || std::ranges::find(rule.sizes, width) == rule.sizes.end()) {
    return absl::InvalidArgumentError(absl::StrCat("no mode of ", width, "x", height, " pixels"));
  }
  const int64_t side = width / rule.patch_px;
  return Cost(side * (side + 1) + 1, width, height);
}

// OpenAI, Images and vision: the factor of the budget is lowered until whole patches fit. The
// order of the floating-point steps is the document's: a whole number of patches may come out a
// hair short.
absl::StatusOr<ImageCost> PatchBudget(const ImageTokenRule& rule, int width, int height) {
  const double patch = rule.patch_px;
  double w = width;
  double h = height;
  if (rule.max_side_px > 0 && std::max(w, h) > rule.max_side_px) {
    const double shrink = rule.max_side_px / std::max(w, h);
    w = std::max(1.0, std::floor(w * shrink));
    h = std::max(1.0, std::floor(h * shrink));
  }
  const auto patches = [&] { return std::ceil(w / patch) * std::ceil(h / patch); };
  const auto budget = static_cast<double>(rule.max_patches);
  if (rule.max_patches > 0 && patches() > budget) {
    if (rule.rejects_larger) {
      return absl::InvalidArgumentError(absl::StrCat("no image of ", width, "x", height,
                                                     " pixels: it has more than ", rule.max_patches,
                                                     " patches"));
    }
    double shrink = std::sqrt(patch * patch * budget / (w * h));
    const double columns = w * shrink / patch;
    const double rows = h * shrink / patch;
    shrink *= std::min(std::floor(columns) / columns, std::floor(rows) / rows);
    w = std::max(1.0, std::floor(w * shrink + 1e-6));
    h = std::max(1.0, std::floor(h * shrink + 1e-6));
  }
  return Cost(static_cast<int64_t>(std::ceil(patches() * rule.multiplier - 1e-9)),
              static_cast<int64_t>(w), static_cast<int64_t>(h));
}

// Moonshot's image processors: patches of patch_px, merged two by two.
ImageCost PaddedGrid(const ImageTokenRule& rule, int width, int height) {
  const int64_t merged = int64_t{2} * rule.patch_px;
  const auto columns = static_cast<double>(std::max(1, width / rule.patch_px));
  const auto rows = static_cast<double>(std::max(1, height / rule.patch_px));
  const auto side = static_cast<double>(rule.max_side_patches * rule.patch_px);
  const double scale =
      std::min({1.0, std::sqrt(static_cast<double>(rule.max_patches) / (columns * rows)),
                side / width, side / height});
  const int64_t w = std::max<int64_t>(1, static_cast<int64_t>(width * scale));
  const int64_t h = std::max<int64_t>(1, static_cast<int64_t>(height * scale));
  return Cost(CeilDiv(w, merged) * CeilDiv(h, merged), w, h);
}

// mistral-common, ImageEncoder: a break ends each row, the last one's is the image's end.
ImageCost ScaledRows(const ImageTokenRule& rule, int width, int height) {
  const double ratio = std::max({1.0, static_cast<double>(width) / rule.max_side_px,
                                 static_cast<double>(height) / rule.max_side_px});
  const auto scaled = [ratio](int side) {
    return std::max<int64_t>(1, static_cast<int64_t>(std::nearbyint(side / ratio)));
  };
  const int64_t w = scaled(width);
  const int64_t h = scaled(height);
  return Cost(CeilDiv(h, rule.patch_px) * (CeilDiv(w, rule.patch_px) + 1), w, h);
}

// transformers, image_processing_gemma4: scaled up as well as down.
ImageCost PooledGrid(const ImageTokenRule& rule, int width, int height) {
  const double patch = rule.patch_px;
  const double scale = std::sqrt(static_cast<double>(rule.max_tokens) * patch * patch /
                                 (static_cast<double>(width) * height));
  const auto whole = [&](int side) {
    return std::max<int64_t>(1, static_cast<int64_t>(std::floor(scale * side / patch)));
  };
  const int64_t columns = std::min(whole(width), rule.max_tokens);
  const int64_t rows = std::min(whole(height), rule.max_tokens);
  return Cost(columns * rows, columns * rule.patch_px, rows * rule.patch_px);
}

}  // namespace

absl::StatusOr<ImageCost> PriceByGrid(const ImageTokenRule& rule, int width, int height) {
  switch (rule.kind) {
    case Kind::kPatches:
      return Patches(rule, width, height);
    case Kind::kRoundedGrid:
      return RoundedGrid(rule, width, height);
    case Kind::kRowBreaks:
      return RowBreaks(rule, width, height);
    case Kind::kSquareModes:
      return SquareModes(rule, width, height);
    case Kind::kPatchBudget:
      return PatchBudget(rule, width, height);
    case Kind::kPaddedGrid:
      return PaddedGrid(rule, width, height);
    case Kind::kScaledRows:
      return ScaledRows(rule, width, height);
    case Kind::kPooledGrid:
      return PooledGrid(rule, width, height);
    default:
      return absl::InternalError("not a grid");
  }
}

}  // namespace fovea
