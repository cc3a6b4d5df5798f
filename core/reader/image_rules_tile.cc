// Rules that cut an image into tiles, most of them beside a small view of the whole.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/reader/image_rule.h"
#include "core/reader/image_rule_math.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

struct Grid {
  int64_t columns = 1;
  int64_t rows = 1;
  int64_t tiles() const { return columns * rows; }
};

// All grids of `least` to `most` tiles, fewest tiles first.
std::vector<Grid> Grids(int64_t least, int64_t most) {
  std::vector<Grid> grids;
  for (int64_t columns = 1; columns <= most; ++columns) {
    for (int64_t rows = 1; columns * rows <= most; ++rows) {
      if (columns * rows >= least) grids.push_back({columns, rows});
    }
  }
  std::stable_sort(grids.begin(), grids.end(),
                   [](const Grid& a, const Grid& b) { return a.tiles() < b.tiles(); });
  return grids;
}

// InternVL's find_closest_aspect_ratio, which DeepSeek-OCR shares: of equally close grids a larger
// one where the image covers more than half of it.
Grid ClosestGrid(const ImageTokenRule& rule, int width, int height) {
  const double aspect = static_cast<double>(width) / height;
  const double area = static_cast<double>(width) * height;
  const double tile_area = static_cast<double>(rule.tile_px) * rule.tile_px;
  Grid best;
  double best_difference = INFINITY;
  for (const Grid& grid : Grids(std::max(1, rule.min_tiles), rule.max_tiles)) {
    const double difference =
        std::abs(aspect - static_cast<double>(grid.columns) / static_cast<double>(grid.rows));
    const bool covers = area > 0.5 * tile_area * static_cast<double>(grid.tiles());
    if (difference < best_difference || (difference == best_difference && covers)) {
      best = grid;
      best_difference = difference;
    }
  }
  return best;
}

// LLaVA's select_best_resolution: keeps the most pixels of the image, then wastes the least.
Grid RoomiestGrid(const ImageTokenRule& rule, int width, int height) {
  Grid best;
  int64_t best_kept = -1;
  int64_t best_wasted = INT64_MAX;
  for (const Grid& grid : Grids(1, rule.max_tiles)) {
    const int64_t w = grid.columns * rule.tile_px;
    const int64_t h = grid.rows * rule.tile_px;
    const double scale = std::min(static_cast<double>(w) / width, static_cast<double>(h) / height);
    const int64_t kept =
        std::min(static_cast<int64_t>(width * scale) * static_cast<int64_t>(height * scale),
                 int64_t{width} * height);
    const int64_t wasted = w * h - kept;
    if (kept > best_kept || (kept == best_kept && wasted < best_wasted)) {
      best = grid;
      best_kept = kept;
      best_wasted = wasted;
    }
  }
  return best;
}

struct ScaledGrid {
  Grid grid;
  double scale = 0;  // of the image in it
};

// The grid that enlarges a W×H image least, or else reduces it least.
ScaledGrid LeastScaledGrid(int64_t most, double tile, double width, double height) {
  ScaledGrid best;
  for (const Grid& grid : Grids(1, most)) {
    const double scale = std::min(static_cast<double>(grid.columns) * tile / width,
                                  static_cast<double>(grid.rows) * tile / height);
    const bool better = best.scale >= 1 ? scale >= 1 && scale < best.scale : scale > best.scale;
    if (better) best = {grid, scale};
  }
  return best;
}

// The size at which an image stands in a box, its shape kept.
ImageCost FittedInto(double box_width, double box_height, int width, int height) {
  const double scale = std::min(box_width / width, box_height / height);
  return Cost(0, std::max<int64_t>(1, static_cast<int64_t>(width * scale)),
              std::max<int64_t>(1, static_cast<int64_t>(height * scale)));
}

// OpenAI, Images and vision: tiles for GPT-4o and its kin.
ImageCost ScaledTiles(const ImageTokenRule& rule, double width, double height) {
  const double longer = std::max(width, height);
  const double fit = std::min(1.0, rule.max_side_px / longer);
  const double shorter = std::min(width, height) * fit;
  const double scale = fit * std::min(1.0, rule.short_side_px / shorter);
  const auto w = static_cast<int64_t>(std::max(1.0, std::floor(width * scale + 1e-9)));
  const auto h = static_cast<int64_t>(std::max(1.0, std::floor(height * scale + 1e-9)));
  return Cost(
      rule.base_tokens + rule.tile_tokens * CeilDiv(w, rule.tile_px) * CeilDiv(h, rule.tile_px), w,
      h);
}

// xAI's documents, quoted: at most max_tiles tiles and one for the whole.
ImageCost CappedTiles(const ImageTokenRule& rule, int width, int height) {
  const int64_t tiles = CeilDiv(width, rule.tile_px) * CeilDiv(height, rule.tile_px);
  if (tiles <= rule.max_tiles) return Cost(rule.tile_tokens * (tiles + 1), width, height);
  const double side = rule.tile_px * std::sqrt(static_cast<double>(rule.max_tiles));
  ImageCost cost = FittedInto(side, side, width, height);
  cost.tokens = int64_t{rule.tile_tokens} * (rule.max_tiles + 1);
  return cost;
}

// Google, Token counting, for Gemini 2: tiles are scaled to tile_px.
ImageCost CropTiles(const ImageTokenRule& rule, int width, int height) {
  if (std::max(width, height) <= rule.max_side_px) return Cost(rule.tile_tokens, width, height);
  const int64_t unit = std::max<int64_t>(1, int64_t{std::min(width, height)} * 2 / 3);
  const int64_t columns = CeilDiv(width, unit);
  const int64_t rows = CeilDiv(height, unit);
  const double scale = std::min(1.0, static_cast<double>(rule.tile_px) / static_cast<double>(unit));
  return Cost(rule.tile_tokens * columns * rows, static_cast<int64_t>(width * scale),
              static_cast<int64_t>(height * scale));
}

ImageCost AspectTiles(const ImageTokenRule& rule, int width, int height) {
  const Grid grid = ClosestGrid(rule, width, height);
  const int64_t n = grid.tiles();
  return Cost(rule.tile_tokens * (n > 1 ? n + 1 : n), grid.columns * rule.tile_px,
              grid.rows * rule.tile_px);
}

int64_t ViewTokens(const ImageTokenRule& rule, const Grid& grid) {
  const int64_t rows = rule.tile_rows * grid.rows;
  return rows * (rule.tile_rows * grid.columns + (rule.row_breaks ? 1 : 0));
}

// deepseek-ai/DeepSeek-OCR, process/image_process.py.
ImageCost AspectViews(const ImageTokenRule& rule, int width, int height) {
  if (std::max(width, height) <= rule.tile_px) return Cost(rule.base_tokens, width, height);
  const Grid grid = ClosestGrid(rule, width, height);
  return Cost(rule.base_tokens + ViewTokens(rule, grid), grid.columns * rule.tile_px,
              grid.rows * rule.tile_px);
}

// deepseek-ai/DeepSeek-VL2, processing_deepseek_vl_v2.py.
ImageCost PinpointViews(const ImageTokenRule& rule, int width, int height) {
  const Grid grid = RoomiestGrid(rule, width, height);
  ImageCost cost = FittedInto(static_cast<double>(grid.columns) * rule.tile_px,
                              static_cast<double>(grid.rows) * rule.tile_px, width, height);
  cost.tokens = rule.base_tokens + ViewTokens(rule, grid);
  return cost;
}

// MiniCPM-V, get_sliced_grid: of the grids with about as many tiles as the image has area for,
// the one nearest in shape.
ImageCost Slices(const ImageTokenRule& rule, int width, int height) {
  const double area = static_cast<double>(width) * height;
  const double tile_area = static_cast<double>(rule.tile_px) * rule.tile_px;
  const int64_t wanted =
      std::min<int64_t>(static_cast<int64_t>(std::ceil(area / tile_area)), rule.max_tiles);
  if (wanted <= 1) return Cost(rule.tile_tokens, width, height);
  const double shape = std::log(static_cast<double>(width) / height);
  Grid best;
  double best_difference = INFINITY;
  for (int64_t n = wanted - 1; n <= wanted + 1; ++n) {
    if (n == 1 || n > rule.max_tiles) continue;
    for (int64_t columns = 1; columns <= n; ++columns) {
      if (n % columns != 0) continue;
      const Grid grid{columns, n / columns};
      const double difference = std::abs(
          shape - std::log(static_cast<double>(grid.columns) / static_cast<double>(grid.rows)));
      if (difference < best_difference) {
        best = grid;
        best_difference = difference;
      }
    }
  }
  const double scale =
      std::min(1.0, std::sqrt(tile_area * static_cast<double>(best.tiles()) / area));
  return Cost(rule.tile_tokens * (best.tiles() + 1), static_cast<int64_t>(width * scale),
              static_cast<int64_t>(height * scale));
}

// Llama 4's processor.
ImageCost CanvasTiles(const ImageTokenRule& rule, int width, int height) {
  const auto [best, best_scale] = LeastScaledGrid(rule.max_tiles, rule.tile_px, width, height);
  // Images are reduced to the canvas and padded, never enlarged.
  const double scale = std::min(1.0, best_scale);
  ImageCost cost =
      Cost(0, static_cast<int64_t>(width * scale), static_cast<int64_t>(height * scale));
  const int64_t n = best.tiles();
  // Marks: before and after the image, a separator between tiles and behind each row, one for the
  // whole view.
  cost.tokens = n == 1 ? rule.tile_tokens + 3
                       : 1 + n * rule.tile_tokens + best.rows * (best.columns - 1) + best.rows + 1 +
                             rule.tile_tokens + 1;
  return cost;
}

// Step-3's processor: a last tile is added where more than a fifth of it is filled.
ImageCost SquareTiles(const ImageTokenRule& rule, int width, int height) {
  const int64_t side = std::max(width, height);
  if (side <= rule.max_side_px) return Cost(rule.base_tokens, width, height);
  const int64_t whole = side / rule.tile_px;
  const bool more = 5 * (side % rule.tile_px) > rule.tile_px;
  const int64_t n = std::max<int64_t>(1, whole + (more ? 1 : 0));
  const double scale =
      std::min(1.0, static_cast<double>(n * rule.tile_px) / static_cast<double>(side));
  return Cost(rule.base_tokens + rule.tile_tokens * n * n + (n - 1),
              static_cast<int64_t>(width * scale), static_cast<int64_t>(height * scale));
}

// Phi-4-multimodal's processor: tokens of the padding are left out, a break ends each row.
ImageCost MaskedTiles(const ImageTokenRule& rule, int width, int height) {
  Grid grid{CeilDiv(width, rule.tile_px), CeilDiv(height, rule.tile_px)};
  if (grid.tiles() > rule.max_tiles) grid = ClosestGrid(rule, width, height);
  const double canvas_width = static_cast<double>(grid.columns) * rule.tile_px;
  const double canvas_height = static_cast<double>(grid.rows) * rule.tile_px;
  ImageCost cost = FittedInto(canvas_width, canvas_height, width, height);
  const int64_t columns = CeilDiv(int64_t{cost.seen_width} * rule.tile_rows, rule.tile_px);
  const int64_t rows = CeilDiv(int64_t{cost.seen_height} * rule.tile_rows, rule.tile_px);
  cost.tokens = rule.base_tokens + columns * rows + rows;
  return cost;
}

// transformers, processing_llava_onevision: patches of the padding are left out; where more than
// nine tiles' worth are left, they are pooled down to that.
ImageCost UnpaddedTiles(const ImageTokenRule& rule, int width, int height) {
  const Grid grid = RoomiestGrid(rule, width, height);
  int64_t columns = grid.columns * rule.tile_rows;
  int64_t rows = grid.rows * rule.tile_rows;
  const double aspect = static_cast<double>(width) / height;
  if (aspect > static_cast<double>(columns) / static_cast<double>(rows)) {
    const auto kept =
        static_cast<int64_t>(static_cast<double>(height) * (static_cast<double>(columns) / width));
    rows -= (rows - kept) / 2 * 2;
  } else {
    const auto kept =
        static_cast<int64_t>(static_cast<double>(width) * (static_cast<double>(rows) / height));
    columns -= (columns - kept) / 2 * 2;
  }
  constexpr double kMaxTiles = 9;
  const double pool = std::sqrt(static_cast<double>(columns * rows) /
                                (kMaxTiles * rule.tile_rows * rule.tile_rows));
  const bool pools = pool > 1.1;
  if (pools) {
    columns = static_cast<int64_t>(static_cast<double>(columns) / pool);
    rows = static_cast<int64_t>(static_cast<double>(rows) / pool);
  }
  // Pooling loses as much as a smaller image would.
  const double side = rule.tile_px / (pools ? pool : 1);
  ImageCost cost = FittedInto(static_cast<double>(grid.columns) * side,
                              static_cast<double>(grid.rows) * side, width, height);
  cost.tokens = rule.base_tokens + columns * rows + rows;
  return cost;
}

// Molmo's processor: crops of tile_rows + 8 pooled patches a side that overlap by 8.
ImageCost PooledCrops(const ImageTokenRule& rule, int width, int height) {
  constexpr int64_t kOverlap = 8;
  const double margin = static_cast<double>(kOverlap) * rule.patch_px;
  const double window = static_cast<double>(rule.tile_rows) * rule.patch_px;
  const double w = std::max(1.0, width - margin);
  const double h = std::max(1.0, height - margin);
  const Grid best = LeastScaledGrid(rule.max_tiles, window, w, h).grid;
  const int64_t columns = rule.tile_rows * best.columns + kOverlap;
  const int64_t rows = rule.tile_rows * best.rows + kOverlap;
  ImageCost cost = FittedInto(static_cast<double>(columns * rule.patch_px),
                              static_cast<double>(rows * rule.patch_px), width, height);
  cost.tokens = rule.base_tokens + 2 + (CeilDiv(columns, 2) + 1) * CeilDiv(rows, 2);
  return cost;
}

// transformers, image_processing_idefics3: scaled to max_side_px, then stretched to whole tiles.
ImageCost RescaledTiles(const ImageTokenRule& rule, int width, int height) {
  const double aspect = static_cast<double>(width) / height;
  const bool wide = width >= height;
  const int64_t longer = CeilDiv(rule.max_side_px, rule.tile_px);
  const double other = wide ? rule.max_side_px / aspect : rule.max_side_px * aspect;
  const int64_t shorter = std::max<int64_t>(
      1, CeilDiv(std::max<int64_t>(1, static_cast<int64_t>(other)), rule.tile_px));
  const Grid grid = wide ? Grid{longer, shorter} : Grid{shorter, longer};
  // A mark before each tile and a break a row.
  return Cost((grid.tiles() + 1) * (rule.tile_tokens + 2) + grid.rows, grid.columns * rule.tile_px,
              grid.rows * rule.tile_px);
}

}  // namespace

absl::StatusOr<ImageCost> PriceByTiles(const ImageTokenRule& rule, int width, int height) {
  switch (rule.kind) {
    case Kind::kScaledTiles:
      return ScaledTiles(rule, width, height);
    case Kind::kCappedTiles:
      return CappedTiles(rule, width, height);
    case Kind::kCropTiles:
      return CropTiles(rule, width, height);
    case Kind::kAspectTiles:
      return AspectTiles(rule, width, height);
    case Kind::kAspectViews:
      return AspectViews(rule, width, height);
    case Kind::kPinpointViews:
      return PinpointViews(rule, width, height);
    case Kind::kSlices:
      return Slices(rule, width, height);
    case Kind::kCanvasTiles:
      return CanvasTiles(rule, width, height);
    case Kind::kSquareTiles:
      return SquareTiles(rule, width, height);
    case Kind::kMaskedTiles:
      return MaskedTiles(rule, width, height);
    case Kind::kUnpaddedTiles:
      return UnpaddedTiles(rule, width, height);
    case Kind::kPooledCrops:
      return PooledCrops(rule, width, height);
    case Kind::kRescaledTiles:
      return RescaledTiles(rule, width, height);
    default:
      return absl::InternalError("not a tile rule");
  }
}

}  // namespace fovea
