#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/reader/json_fields.h"
#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

constexpr int64_t kMaxTokens = 1'000'000;
constexpr int64_t kMaxSidePx = 16384;
constexpr int64_t kMaxPixels = int64_t{1} << 40;
constexpr int64_t kMaxBytes = int64_t{1} << 40;

Evidence ReadEvidence(JsonFields& fields, std::string_view name = "evidence") {
  static constexpr std::array kAll = {Evidence::kMeasured, Evidence::kPublished,
                                      Evidence::kThirdParty, Evidence::kAssumed};
  std::vector<std::string_view> names;
  names.reserve(kAll.size());
  for (const Evidence evidence : kAll) names.emplace_back(EvidenceName(evidence));
  return kAll[fields.Choice(name, names)];
}

int ReadInt(JsonFields& fields, std::string_view name, int64_t min, int64_t max) {
  return static_cast<int>(fields.Int(name, min, max));
}

int ReadOptionalInt(JsonFields& fields, std::string_view name, int64_t min, int64_t max) {
  return fields.Has(name) ? ReadInt(fields, name, min, max) : 0;
}

// A kind of rule with the fields that it has: any other is unknown, and refused.
struct KindFields {
  std::string_view name;
  Kind kind;
  std::vector<std::string_view> fields;
};

const std::vector<KindFields>& AllKinds() {
  static const auto* const kinds = new std::vector<KindFields>{
      {"none", Kind::kNone, {}},
      {"patches", Kind::kPatches, {"patch_px", "max_side_px", "max_tokens"}},
      {"rounded_grid", Kind::kRoundedGrid, {"patch_px", "min_pixels", "max_pixels"}},
      {"row_breaks", Kind::kRowBreaks, {"patch_px", "max_tokens", "min_pixels", "max_pixels"}},
      {"square_modes", Kind::kSquareModes, {"patch_px", "max_tokens", "sizes"}},
      {"flat", Kind::kFlat, {}},
      {"patch_budget",
       Kind::kPatchBudget,
       {"patch_px", "max_side_px", "max_patches", "multiplier", "rejects_larger"}},
      {"padded_grid", Kind::kPaddedGrid, {"patch_px", "max_patches", "max_side_patches"}},
      {"scaled_rows", Kind::kScaledRows, {"patch_px", "max_side_px"}},
      {"pooled_grid", Kind::kPooledGrid, {"patch_px", "max_tokens"}},
      {"fixed", Kind::kFixed, {"base_tokens", "max_side_px"}},
      {"scaled_tiles",
       Kind::kScaledTiles,
       {"max_side_px", "short_side_px", "tile_px", "base_tokens", "tile_tokens"}},
      {"capped_tiles", Kind::kCappedTiles, {"tile_px", "tile_tokens", "max_tiles"}},
      {"crop_tiles", Kind::kCropTiles, {"tile_px", "tile_tokens", "max_side_px"}},
      {"aspect_tiles", Kind::kAspectTiles, {"tile_px", "tile_tokens", "max_tiles"}},
      {"aspect_views",
       Kind::kAspectViews,
       {"base_tokens", "tile_px", "tile_rows", "row_breaks", "min_tiles", "max_tiles"}},
      {"pinpoint_views",
       Kind::kPinpointViews,
       {"base_tokens", "tile_px", "tile_rows", "row_breaks", "max_tiles"}},
      {"slices", Kind::kSlices, {"tile_px", "tile_tokens", "max_tiles"}},
      {"canvas_tiles", Kind::kCanvasTiles, {"tile_px", "tile_tokens", "max_tiles"}},
      {"square_tiles",
       Kind::kSquareTiles,
       {"max_side_px", "base_tokens", "tile_px", "tile_tokens"}},
      {"masked_tiles", Kind::kMaskedTiles, {"base_tokens", "tile_px", "tile_rows", "max_tiles"}},
      {"unpadded_tiles",
       Kind::kUnpaddedTiles,
       {"base_tokens", "tile_px", "tile_rows", "max_tiles"}},
      {"pooled_crops", Kind::kPooledCrops, {"base_tokens", "patch_px", "tile_rows", "max_tiles"}},
      {"rescaled_tiles", Kind::kRescaledTiles, {"max_side_px", "tile_px", "tile_tokens"}}};
  return *kinds;
}

void ReadRuleField(JsonFields& fields, std::string_view name, ImageTokenRule& rule) {
  struct IntField {
    std::string_view name;
    int ImageTokenRule::*member;
    int64_t min;
    int64_t max;
  };
  static constexpr std::array kInts = {
      IntField{"patch_px", &ImageTokenRule::patch_px, 1, 1024},
      IntField{"max_side_px", &ImageTokenRule::max_side_px, 0, 1 << 20},
      IntField{"max_side_patches", &ImageTokenRule::max_side_patches, 1, 1 << 20},
      IntField{"base_tokens", &ImageTokenRule::base_tokens, 0, kMaxTokens},
      IntField{"short_side_px", &ImageTokenRule::short_side_px, 1, kMaxSidePx},
      IntField{"tile_px", &ImageTokenRule::tile_px, 1, kMaxSidePx},
      IntField{"tile_tokens", &ImageTokenRule::tile_tokens, 1, kMaxTokens},
      IntField{"tile_rows", &ImageTokenRule::tile_rows, 1, 1024},
      IntField{"min_tiles", &ImageTokenRule::min_tiles, 1, 1024},
      IntField{"max_tiles", &ImageTokenRule::max_tiles, 1, 1024}};
  const auto* const field = std::ranges::find(kInts, name, &IntField::name);
  if (field != kInts.end()) {
    rule.*(field->member) = ReadInt(fields, name, field->min, field->max);
  } else if (name == "max_tokens") {
    rule.max_tokens = fields.Int(name, 1, kMaxTokens);
  } else if (name == "max_patches") {
    rule.max_patches = fields.Int(name, 0, kMaxTokens);
  } else if (name == "min_pixels") {
    rule.min_pixels = fields.Int(name, 1, kMaxPixels);
  } else if (name == "max_pixels") {
    rule.max_pixels = fields.Int(name, rule.min_pixels, kMaxPixels);
  } else if (name == "multiplier") {
    rule.multiplier = fields.Number(name, 0.01, 100);
  } else if (name == "row_breaks") {
    rule.row_breaks = fields.Bool(name);
  } else if (name == "rejects_larger") {
    rule.rejects_larger = fields.Bool(name);
  } else if (name == "sizes") {
    rule.sizes = fields.Ints(name, rule.patch_px, kMaxSidePx);
    for (const int size : rule.sizes) {
      if (fields.ok() && size % rule.patch_px != 0) {
        fields.Fail("sizes", absl::StrCat(size, " is not a multiple of patch_px"));
      }
    }
  }
}

void ReadImageRule(JsonFields& fields, ImageTokenRule& rule) {
  std::vector<std::string_view> names;
  names.reserve(AllKinds().size());
  for (const KindFields& kind : AllKinds()) names.push_back(kind.name);
  const KindFields& kind = AllKinds()[fields.Choice("kind", names)];
  rule.kind = kind.kind;
  rule.evidence = ReadEvidence(fields);
  rule.source = fields.String("source");
  if (rule.kind == Kind::kNone) return;
  rule.overhead_tokens = ReadInt(fields, "overhead_tokens", 0, kMaxTokens);
  for (const std::string_view name : kind.fields) ReadRuleField(fields, name, rule);
}

void ReadPaper(JsonFields& fields, const ReaderProfile& reader, PagePaper& paper) {
  PageBox& box = paper.box;
  box.width = ReadInt(fields, "width", 64, kMaxSidePx);
  box.min_height = ReadInt(fields, "min_height", 1, kMaxSidePx);
  box.max_height = ReadInt(fields, "max_height", box.min_height, kMaxSidePx);
  box.height_step = ReadInt(fields, "height_step", 1, kMaxSidePx);
  paper.resolution = fields.OptionalString("resolution");
  if (reader.image_rule.kind == Kind::kFlat) {
    paper.flat_tokens = ReadInt(fields, "flat_tokens", 1, kMaxTokens);
  }
  if (!fields.ok()) return;
  if ((box.max_height - box.min_height) % box.height_step != 0) {
    return fields.Fail("max_height", "must be min_height and a multiple of height_step");
  }
  // A request of pages is one of many images.
  for (const int most : {reader.limits.max_side_px, reader.limits.many_images_side_px}) {
    if (most > 0 && std::max(box.width, box.max_height) > most) {
      return fields.Fail("", absl::StrCat("has a side over the limit of ", most, " pixels"));
    }
  }
  for (int height = box.min_height; height <= box.max_height; height += box.height_step) {
    const auto cost = PriceImage(reader.image_rule, box.width, height, paper.flat_tokens);
    if (!cost.ok()) {
      return fields.Fail("", absl::StrCat("reader ", reader.name, " takes ",
                                          std::string(cost.status().message())));
    }
    if (cost->seen_width != box.width || cost->seen_height != height) {
      return fields.Fail("", absl::StrCat("the reader resizes ", box.width, "x", height, " to ",
                                          cost->seen_width, "x", cost->seen_height));
    }
  }
}

void ReadPapers(JsonFields& fields, const ReaderProfile& reader, Rung& rung) {
  int64_t dearest = kMaxTokens * 2;
  fields.Objects("papers", [&](JsonFields& paper_fields) {
    PagePaper paper;
    ReadPaper(paper_fields, reader, paper);
    if (!paper_fields.ok()) return;
    const auto tokens =
        ImageTokens(reader, paper.box.width, paper.box.max_height, paper.flat_tokens);
    if (*tokens > dearest) {
      return paper_fields.Fail("", "costs more than the paper before it: dearest first");
    }
    dearest = *tokens;
    rung.papers.push_back(std::move(paper));
  });
  if (fields.ok() && rung.papers.empty()) fields.Fail("papers", "must not be empty");
}

void ReadRung(JsonFields& fields, ReaderProfile& reader) {
  Rung rung;
  rung.name = fields.String("name");
  rung.typography.line_pitch_px = ReadInt(fields, "line_pitch_px", 5, 64);
  rung.typography.grey_bits = ReadInt(fields, "grey_bits", 1, 8);
  rung.pixels_per_character = fields.Number("pixels_per_character", 1, 10000);
  rung.legibility = fields.Number("legibility", 0, 1);
  rung.exact_legibility = fields.Number("exact_legibility", 0, 1);
  rung.evidence = ReadEvidence(fields);
  rung.source = fields.String("source");
  const bool apart = fields.Has("exact_evidence");
  rung.exact_evidence = apart ? ReadEvidence(fields, "exact_evidence") : rung.evidence;
  rung.exact_source = apart ? fields.String("exact_source") : rung.source;
  if (fields.Has("passage_legibility")) {
    rung.passage_legibility = fields.Number("passage_legibility", 0, 1);
    rung.passage_evidence = ReadEvidence(fields, "passage_evidence");
    rung.passage_source = fields.String("passage_source");
  }
  ReadPapers(fields, reader, rung);
  if (!fields.ok()) return;
  const int bits = rung.typography.grey_bits;
  if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
    return fields.Fail("grey_bits", "must be 1, 2, 4 or 8");
  }
  if (rung.name == "verbatim" || rung.name == "latent" ||
      std::ranges::count(reader.ladder, rung.name, &Rung::name) != 0) {
    return fields.Fail("name", absl::StrCat("\"", rung.name, "\" is taken"));
  }
  if (!reader.ladder.empty() &&
      rung.pixels_per_character >= reader.ladder.back().pixels_per_character) {
    return fields.Fail("pixels_per_character", "must be below that of the rung before it");
  }
  reader.ladder.push_back(std::move(rung));
}

void ReadLimits(JsonFields& fields, ReaderLimits& limits) {
  limits.max_images = ReadInt(fields, "max_images", 0, 1'000'000);
  limits.max_body_bytes = static_cast<uint64_t>(fields.Int("max_body_bytes", 0, kMaxBytes));
  limits.max_image_bytes = static_cast<uint64_t>(fields.Int("max_image_bytes", 0, kMaxBytes));
  limits.max_side_px = ReadOptionalInt(fields, "max_side_px", 1, 1 << 20);
  limits.many_images = ReadOptionalInt(fields, "many_images", 1, 1'000'000);
  if (limits.many_images > 0) {
    limits.many_images_side_px = ReadInt(fields, "many_images_side_px", 1, 1 << 20);
  }
  limits.evidence = ReadEvidence(fields);
  limits.source = fields.String("source");
}

void ReadCache(JsonFields& fields, CacheRule& cache) {
  cache.read_price = fields.Number("read_price", 0, 1);
  cache.write_price = fields.Number("write_price", 0, 10);
  cache.lifetime_seconds = fields.Int("lifetime_seconds", 0, int64_t{366} * 86400);
  cache.max_breakpoints = ReadInt(fields, "max_breakpoints", 0, 1000);
  cache.evidence = ReadEvidence(fields);
  cache.source = fields.String("source");
}

void ReadText(JsonFields& fields, ReaderProfile& reader) {
  reader.text_token_factor = fields.Number("token_factor", 1, 10);
  reader.text_evidence = ReadEvidence(fields);
  reader.text_source = fields.String("source");
  reader.vocabulary = fields.OptionalString("vocabulary");
}

void ReadPrices(JsonFields& fields, Prices& prices) {
  prices.input = fields.Number("input", 0, 10'000);
  prices.output = fields.Number("output", 0, 10'000);
  prices.date = fields.OptionalString("date");
  prices.evidence = ReadEvidence(fields);
  prices.source = fields.String("source");
}

void ReadProfile(JsonFields& fields, ReaderProfile& reader) {
  reader.name = fields.String("name");
  reader.title = fields.String("title");
  reader.models = fields.Strings("models");
  if (fields.Has("ids")) reader.ids = fields.Strings("ids");
  reader.family = reader.name;
  reader.source = fields.String("source");
  reader.confidence = fields.String("confidence");
  reader.tool_result_images = fields.Bool("tool_result_images");
  reader.takes_webp = fields.Has("takes_webp") && fields.Bool("takes_webp");
  reader.image_roles = fields.Strings("image_roles");
  for (const std::string& role : reader.image_roles) {
    if (role != "user" && role != "assistant" && role != "tool") {
      fields.Fail("image_roles", absl::StrCat("\"", role, "\" is not user, assistant or tool"));
    }
  }
  fields.Object("prices", [&](JsonFields& prices) { ReadPrices(prices, reader.prices); });
  fields.Object("text", [&](JsonFields& text) { ReadText(text, reader); });
  fields.Object("image_rule", [&](JsonFields& rule) { ReadImageRule(rule, reader.image_rule); });
  fields.Object("limits", [&](JsonFields& limits) { ReadLimits(limits, reader.limits); });
  fields.Object("cache", [&](JsonFields& cache) { ReadCache(cache, reader.cache); });
  // The rule above prices the papers: without it they cannot be judged.
  if (!fields.ok()) return;
  fields.Objects("ladder", [&](JsonFields& rung) { ReadRung(rung, reader); });
  fields.Skip("variants");  // core/reader/reader_family.h reads them
  // Pages of the first rung are the next to be drawn again; further down they stay, and are sent,
  // for longer.
  for (size_t i = 0; i < reader.ladder.size(); ++i) {
    const bool leaves_soon = i == 0 && reader.ladder.size() > 1;
    reader.ladder[i].typography.effort = leaves_soon ? PageEffort::kFast : PageEffort::kSmall;
  }
  fields.Finish();
}

}  // namespace

absl::StatusOr<ReaderProfile> ParseReaderProfile(std::string_view file, std::string_view json) {
  FOVEA_ASSIGN_OR_RETURN(JsonReading reading, ParseJson(file, json));
  ReaderProfile reader;
  reader.json = std::string(json);
  JsonFields fields(&reading);
  if (fields.ok()) ReadProfile(fields, reader);
  if (!fields.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), ": ", std::string(reading.status.message())));
  }
  return reader;
}

}  // namespace fovea
