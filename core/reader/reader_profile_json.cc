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
#include "core/reader/json_fields.h"
#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

constexpr int64_t kMaxTokens = 1'000'000;
constexpr int64_t kMaxSidePx = 16384;
constexpr int64_t kMaxPixels = int64_t{1} << 40;
constexpr int64_t kMaxBytes = int64_t{1} << 40;

Evidence ReadEvidence(JsonFields& fields) {
  static constexpr std::array kAll = {Evidence::kMeasured, Evidence::kPublished,
                                      Evidence::kThirdParty, Evidence::kAssumed};
  std::vector<std::string_view> names;
  names.reserve(kAll.size());
  for (const Evidence evidence : kAll) names.emplace_back(EvidenceName(evidence));
  return kAll[fields.Choice("evidence", names)];
}

int ReadInt(JsonFields& fields, std::string_view name, int64_t min, int64_t max) {
  return static_cast<int>(fields.Int(name, min, max));
}

// The fields of a rule are those that its kind uses: any other is unknown, and refused.
void ReadImageRule(JsonFields& fields, ImageTokenRule& rule) {
  static constexpr std::array kKinds = {Kind::kNone,      Kind::kPatches,     Kind::kRoundedGrid,
                                        Kind::kRowBreaks, Kind::kSquareModes, Kind::kFlat};
  rule.kind = kKinds[fields.Choice(
      "kind", {"none", "patches", "rounded_grid", "row_breaks", "square_modes", "flat"})];
  rule.evidence = ReadEvidence(fields);
  rule.source = fields.String("source");
  if (rule.kind == Kind::kNone) return;
  rule.overhead_tokens = ReadInt(fields, "overhead_tokens", 0, kMaxTokens);
  if (rule.kind == Kind::kFlat) return;
  rule.patch_px = ReadInt(fields, "patch_px", 1, 1024);
  if (rule.kind == Kind::kPatches) {
    rule.max_side_px = ReadInt(fields, "max_side_px", rule.patch_px, kMaxSidePx);
  }
  if (rule.kind != Kind::kRoundedGrid) rule.max_tokens = fields.Int("max_tokens", 1, kMaxTokens);
  if (rule.kind == Kind::kRoundedGrid || rule.kind == Kind::kRowBreaks) {
    rule.min_pixels = fields.Int("min_pixels", 1, kMaxPixels);
    rule.max_pixels = fields.Int("max_pixels", rule.min_pixels, kMaxPixels);
  }
  if (rule.kind == Kind::kSquareModes) {
    rule.sizes = fields.Ints("sizes", rule.patch_px, kMaxSidePx);
    for (const int size : rule.sizes) {
      if (fields.ok() && size % rule.patch_px != 0) {
        fields.Fail("sizes", absl::StrCat(size, " is not a multiple of patch_px"));
      }
    }
  }
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
  for (const int height : {box.min_height, box.max_height}) {
    const auto tokens = ImageTokens(reader, box.width, height, paper.flat_tokens);
    if (!tokens.ok()) return fields.Fail("", std::string(tokens.status().message()));
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
  reader.text_tokens_exact = fields.Bool("tokens_exact");
  reader.text_evidence = ReadEvidence(fields);
  reader.text_source = fields.String("source");
}

void ReadProfile(JsonFields& fields, ReaderProfile& reader) {
  reader.name = fields.String("name");
  reader.title = fields.String("title");
  reader.models = fields.Strings("models");
  reader.source = fields.String("source");
  reader.confidence = fields.String("confidence");
  reader.tool_result_images = fields.Bool("tool_result_images");
  fields.Object("text", [&](JsonFields& text) { ReadText(text, reader); });
  fields.Object("image_rule", [&](JsonFields& rule) { ReadImageRule(rule, reader.image_rule); });
  fields.Object("limits", [&](JsonFields& limits) { ReadLimits(limits, reader.limits); });
  fields.Object("cache", [&](JsonFields& cache) { ReadCache(cache, reader.cache); });
  // The rule above prices the papers: without it they cannot be judged.
  if (!fields.ok()) return;
  fields.Objects("ladder", [&](JsonFields& rung) { ReadRung(rung, reader); });
  fields.Finish();
}

}  // namespace

absl::StatusOr<ReaderProfile> ParseReaderProfile(std::string_view file, std::string_view json) {
  absl::StatusOr<nlohmann::json> document = ParseJson(file, json);
  if (!document.ok()) return document.status();
  ReaderProfile reader;
  absl::Status status;
  JsonFields fields(*document, "", &status);
  if (status.ok()) ReadProfile(fields, reader);
  if (!status.ok())
    return absl::InvalidArgumentError(absl::StrCat(std::string(file), ": ", status.message()));
  return reader;
}

}  // namespace fovea
