// What an image of a given size costs a reader, and at what size the reader sees it.
#ifndef FOVEA_CORE_READER_IMAGE_RULE_H_
#define FOVEA_CORE_READER_IMAGE_RULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea {

// How sure a fact is, best first.
enum class Evidence : uint8_t {
  kMeasured = 1,    // by Fovea, on this reader
  kPublished = 2,   // by the reader's vendor or authors
  kThirdParty = 3,  // by somebody else, on this reader
  kAssumed = 4      // carried over from another reader, or not measured at all
};
const char* EvidenceName(Evidence evidence);  // "measured", "published", "third party", "assumed"

// W×H is the image; a grid or a tile count is taken after the rule's own resizing.
// readers/README.md names the fields of each kind, and image_rules_*.cc have their sources.
struct ImageTokenRule {
  enum class Kind : uint8_t {
    // The reader takes no images.
    kNone = 1,

    // Grids of patches.
    // ceil(W/patch) · ceil(H/patch) (Claude); a larger image is first reduced, keeping its shape,
    // to the largest size within max_side_px and max_tokens.
    kPatches = 2,
    // round(W/patch) · round(H/patch), resized to within min_pixels and max_pixels (Qwen, GLM).
    kRoundedGrid = 3,
    // rows · (columns + 1) + 2, rows = ceil(H/patch) (hosted DeepSeek); fewer than min_pixels are
    // enlarged to that area, and more than max_pixels are reduced to at most max_tokens.
    kRowBreaks = 4,
    // q(q + 1) + 1, q = S/patch, for the listed square sizes only (DeepSeek-OCR).
    kSquareModes = 5,
    // A fixed price for each resolution setting (Gemini 3).
    kFlat = 6,
    // ceil(multiplier · patches) (OpenAI since 4.1-mini); reduced to max_side_px, then to
    // max_patches, or refused if rejects_larger.
    kPatchBudget = 7,
    // ceil(W/2patch) · ceil(H/2patch), reduced to max_patches patches and max_side_patches a side,
    // then padded (Kimi).
    kPaddedGrid = 8,
    // rows · (columns + 1), the longer side reduced to max_side_px (Mistral, Pixtral).
    kScaledRows = 9,
    // floor(kW/patch) · floor(kH/patch), scaled up or down to max_tokens (Gemma 4).
    kPooledGrid = 10,
    // base_tokens, whatever the size (Gemma 3, Llama 3.2).
    kFixed = 11,

    // Tiles, most with a small view of the whole.
    // base + tile_tokens · tiles, fitted to max_side_px, the shorter side to short_side_px
    // (GPT-4o).
    kScaledTiles = 12,
    // tile_tokens · (min(max_tiles, tiles) + 1) (Grok).
    kCappedTiles = 13,
    // tile_tokens up to max_side_px a side, else tile_tokens · tiles of a unit of floor(min/1.5),
    // each scaled to tile_px (Gemini 2).
    kCropTiles = 14,
    // tile_tokens · (n + [n > 1]), stretched to the closest grid of up to max_tiles (InternVL).
    kAspectTiles = 15,
    // base_tokens for the whole, and where it is larger than a tile, q·nh rows of q·nw tokens and a
    // break if row_breaks, stretched to the closest grid of min_tiles to max_tiles; q = tile_rows
    // (DeepSeek-OCR's Gundam, DeepSeek-OCR-2).
    kAspectViews = 16,
    // As kAspectViews, for the grid that keeps most of the image, padded (DeepSeek-VL2).
    kPinpointViews = 17,
    // tile_tokens · (slices + 1), the grid nearest in shape for ceil(W·H/tile²) slices (MiniCPM-V).
    kSlices = 18,
    // Tiles of the best-fitting canvas of up to max_tiles, marks between them (Llama 4).
    kCanvasTiles = 19,
    // base_tokens up to max_side_px, else also tile_tokens for each tile of the padded square and a
    // break a row (Step).
    kSquareTiles = 20,
    // tile_rows² tokens a tile of the grid that just holds it, padding left out, and breaks
    // (Phi-4).
    kMaskedTiles = 21,
    // base_tokens, and the unpadded part of the best grid with a break a row (LLaVA-OneVision).
    kUnpaddedTiles = 22,
    // Overlapping crops, pooled two by two, with a break a row (Molmo).
    kPooledCrops = 23,
    // (tiles + 1) · tile_tokens, the longer side scaled up or down to max_side_px (Idefics 3).
    kRescaledTiles = 24
  };
  Kind kind = Kind::kNone;
  int overhead_tokens = 0;  // an image, on top of the formula
  int patch_px = 0;
  int max_side_px = 0;
  // kPatches, kRowBreaks, kPooledGrid: of an image after resizing, the overhead left out.
  // kSquareModes: what an image of another size costs at most.
  int64_t max_tokens = 0;
  int64_t min_pixels = 0;  // W·H below this is enlarged
  int64_t max_pixels = 0;  // W·H above this is reduced
  std::vector<int> sizes;  // kSquareModes: sides in pixels
  double multiplier = 1;
  int64_t max_patches = 0;  // 0: no limit
  int max_side_patches = 0;
  bool rejects_larger = false;
  int base_tokens = 0;
  int short_side_px = 0;
  int tile_px = 0;
  int tile_tokens = 0;
  int tile_rows = 0;
  bool row_breaks = false;
  int min_tiles = 0;
  int max_tiles = 0;
  Evidence evidence = Evidence::kAssumed;
  std::string source;  // of the rule, for people
};

struct ImageCost {
  int64_t tokens = 0;  // overhead included
  // The pixels that the picture itself keeps, padding left out: of the size sent if the reader
  // leaves it as it is.
  int seen_width = 0;
  int seen_height = 0;
};

// By the reader's rule; `flat_tokens` (a resolution setting's price, positive) where the rule is
// kFlat, and ignored elsewhere. INVALID_ARGUMENT if the rule takes no images, or none of that size,
// or a side is not within 1 to 2^20 pixels. Pure.
absl::StatusOr<ImageCost> PriceImage(const ImageTokenRule& rule, int width, int height,
                                     int flat_tokens);

// Each prices an image by one family of rules, the overhead left out; for image_tokens.cc.
absl::StatusOr<ImageCost> PriceByGrid(const ImageTokenRule& rule, int width, int height);
absl::StatusOr<ImageCost> PriceByTiles(const ImageTokenRule& rule, int width, int height);

}  // namespace fovea

#endif  // FOVEA_CORE_READER_IMAGE_RULE_H_
