#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/reader/image_rule.h"
#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

constexpr int kMaxSidePx = 1 << 20;

absl::StatusOr<ImageCost> Price(const ImageTokenRule& rule, int width, int height,
                                int flat_tokens) {
  switch (rule.kind) {
    case Kind::kNone:
      return absl::InvalidArgumentError("no images");
    case Kind::kFlat:
      if (flat_tokens <= 0) {
        return absl::InvalidArgumentError("only images at the price of a resolution setting");
      }
      return ImageCost{flat_tokens, width, height};
    case Kind::kFixed:
      return ImageCost{rule.base_tokens, std::min(width, rule.max_side_px),
                       std::min(height, rule.max_side_px)};
    case Kind::kPatches:
    case Kind::kRoundedGrid:
    case Kind::kRowBreaks:
    case Kind::kSquareModes:
    case Kind::kPatchBudget:
    case Kind::kPaddedGrid:
    case Kind::kScaledRows:
    case Kind::kPooledGrid:
      return PriceByGrid(rule, width, height);
    default:
      return PriceByTiles(rule, width, height);
  }
}

}  // namespace

absl::StatusOr<ImageCost> PriceImage(const ImageTokenRule& rule, int width, int height,
                                     int flat_tokens) {
  if (width < 1 || height < 1 || width > kMaxSidePx || height > kMaxSidePx) {
    return absl::InvalidArgumentError(absl::StrCat("no image of ", width, "x", height, " pixels"));
  }
  auto cost = Price(rule, width, height, flat_tokens);
  if (cost.ok()) cost->tokens += rule.overhead_tokens;
  return cost;
}

absl::StatusOr<int64_t> ImageTokens(const ReaderProfile& reader, int width, int height,
                                    int flat_tokens) {
  const auto cost = PriceImage(reader.image_rule, width, height, flat_tokens);
  if (cost.ok()) return cost->tokens;
  return absl::InvalidArgumentError(
      absl::StrCat("reader ", reader.name, " takes ", std::string(cost.status().message())));
}

}  // namespace fovea
