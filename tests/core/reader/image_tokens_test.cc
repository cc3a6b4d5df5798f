#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

using Kind = ImageTokenRule::Kind;

ReaderProfile BuiltIn(const std::string& name) {
  const absl::StatusOr<ReaderCatalogue> catalogue = BuiltInReaders();
  EXPECT_TRUE(catalogue.ok()) << catalogue.status();
  const absl::StatusOr<const ReaderProfile*> reader = catalogue->Find(name);
  EXPECT_TRUE(reader.ok()) << reader.status();
  return **reader;
}

ReaderProfile ClaudeStandard() {
  ReaderProfile reader = BuiltIn("claude");
  reader.image_rule.max_side_px = 1568;
  reader.image_rule.max_tokens = 1568;
  return reader;
}

ReaderProfile Qwen25() {
  ReaderProfile reader = BuiltIn("qwen3-vl");
  reader.image_rule.patch_px = 28;
  reader.image_rule.overhead_tokens = 0;
  reader.image_rule.min_pixels = 3136;
  reader.image_rule.max_pixels = 1003520;
  return reader;
}

// The rule without its overhead, as vendors state it.
ReaderProfile Bare(ReaderProfile reader) {
  reader.image_rule.overhead_tokens = 0;
  return reader;
}

struct Vector {
  const char* reader;
  int width;
  int height;
  int64_t tokens;
};

ReaderProfile ReaderOf(const std::string& name) {
  if (name == "claude-standard") return ClaudeStandard();
  if (name == "qwen2.5-vl") return Qwen25();
  return Bare(BuiltIn(name));
}

class PublishedVector : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVector, CostsWhatTheVendorSays) {
  const Vector& vector = GetParam();
  const absl::StatusOr<int64_t> tokens =
      ImageTokens(ReaderOf(vector.reader), vector.width, vector.height, 0);
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(*tokens, vector.tokens);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedVector,
                         testing::ValuesIn(std::vector<Vector>{
                             // Anthropic's table, and sizes that its formula gives.
                             {"claude", 1920, 1080, 2691},
                             {"claude", 3840, 2160, 4784},
                             {"claude", 200, 200, 64},
                             {"claude", 1000, 1000, 1296},
                             {"claude", 1092, 1092, 1521},
                             {"claude", 595, 842, 682},
                             {"claude", 1024, 1024, 1369},
                             {"claude", 896, 1344, 1536},
                             {"claude", 1568, 1568, 3136},
                             {"claude", 1932, 1932, 4761},
                             {"claude-standard", 1920, 1080, 1560},
                             {"claude-standard", 2000, 1500, 1564},
                             {"claude-standard", 1075, 1520, 1551},
                             {"claude-standard", 595, 842, 682},
                             {"claude-standard", 1024, 1024, 1369},
                             {"claude-standard", 896, 1344, 1536},
                             {"claude-standard", 1568, 1568, 1521},
                             {"claude-standard", 1932, 1932, 1521},
                             {"claude-standard", 1092, 1092, 1521},
                             {"claude-standard", 1456, 819, 1560},
                             // DeepSeek's note, and third parties' probes less their 3 tokens.
                             {"deepseek-flash", 800, 800, 422},
                             {"deepseek-flash", 640, 640, 274},
                             {"deepseek-flash", 896, 896, 508},
                             {"deepseek-flash", 1024, 1024, 652},
                             {"deepseek-flash", 1152, 1152, 814},
                             {"deepseek-flash", 1280, 1280, 994},
                             {"deepseek-flash", 1302, 1302, 994},
                             {"deepseek-flash", 544, 544, 184},
                             {"deepseek-flash", 1280, 1260, 962},
                             {"deepseek-flash", 8000, 8000, 1024},
                             {"qwen2.5-vl", 595, 842, 630},
                             {"qwen2.5-vl", 1024, 1024, 1225},
                             {"qwen2.5-vl", 896, 1344, 1247},
                             {"qwen2.5-vl", 1568, 1568, 1225},
                             {"qwen2.5-vl", 1932, 1932, 1225},
                             {"qwen3-vl", 595, 842, 494},
                             {"qwen3-vl", 1024, 1024, 1024},
                             {"qwen3-vl", 896, 1344, 1176},
                             {"qwen3-vl", 1568, 1568, 2401},
                             {"qwen3-vl", 1932, 1932, 3600},
                             {"qwen3-vl", 1, 1, 64},
                             {"qwen3-vl", 8192, 8192, 16384},
                             {"deepseek-ocr", 512, 512, 73},
                             {"deepseek-ocr", 640, 640, 111},
                             {"deepseek-ocr", 1024, 1024, 273},
                             {"deepseek-ocr", 1280, 1280, 421},
                         }),
                         [](const testing::TestParamInfo<Vector>& tested) {
                           std::string name = tested.param.reader;
                           name += "_" + std::to_string(tested.param.width) + "x" +
                                   std::to_string(tested.param.height);
                           std::ranges::replace_if(
                               name, [](char c) { return c == '-' || c == '.'; }, '_');
                           return name;
                         });

TEST(ImageTokens, AddsTheOverhead) {
  // Probes of the hosted model: 277, 511, 655, 817, 997.
  const ReaderProfile reader = BuiltIn("deepseek-flash");
  EXPECT_EQ(*ImageTokens(reader, 640, 640, 0), 277);
  EXPECT_EQ(*ImageTokens(reader, 896, 896, 0), 511);
  EXPECT_EQ(*ImageTokens(reader, 1024, 1024, 0), 655);
  EXPECT_EQ(*ImageTokens(reader, 1152, 1152, 0), 817);
  EXPECT_EQ(*ImageTokens(reader, 1280, 1280, 0), 997);
  // 1280x1260 is in one probe 963 in all; the estimate is on the safe side.
  EXPECT_GE(*ImageTokens(reader, 1280, 1260, 0), 963);
}

TEST(ImageTokens, FlatPricesComeFromThePaper) {
  const ReaderProfile reader = BuiltIn("gemini-3");
  for (const int price : {1120, 560, 280}) {
    EXPECT_EQ(*ImageTokens(reader, 777, 333, price), price + 75);
  }
  EXPECT_EQ(ImageTokens(reader, 777, 333, 0).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ImageTokens, RefusesWhatTheReaderDoesNotTake) {
  const struct {
    const char* reader;
    int width;
    int height;
  } kCases[] = {{"text-only", 100, 100}, {"deepseek-ocr", 512, 640}, {"deepseek-ocr", 768, 768},
                {"claude", 0, 100},      {"claude", 100, -1},        {"claude", (1 << 20) + 1, 1},
                {"qwen3-vl", 10000, 49}, {"qwen3-vl", 1, 201}};
  for (const auto& [name, width, height] : kCases) {
    EXPECT_EQ(ImageTokens(BuiltIn(name), width, height, 0).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name << " " << width << "x" << height;
  }
  EXPECT_TRUE(ImageTokens(BuiltIn("qwen3-vl"), 10000, 50, 0).ok());
}

// A second transcription of each rule, straight from its statement: floating point, and a search
// over every size where the rule asks for the largest.
struct Plain {
  int64_t tokens;
  bool resized;
};

double PythonRound(double x) { return std::nearbyint(x); }

bool Fits(const ImageTokenRule& rule, double w, double h) {
  const double patch = rule.patch_px;
  const double columns = std::ceil(w / patch);
  const double rows = std::ceil(h / patch);
  return columns * patch <= rule.max_side_px && rows * patch <= rule.max_side_px &&
         columns * rows <= static_cast<double>(rule.max_tokens);
}

Plain PlainPatches(const ImageTokenRule& rule, double width, double height) {
  const double longer = std::max(width, height);
  const double shorter = std::min(width, height);
  double best = longer;
  double other = shorter;
  while (!Fits(rule, best, other)) {
    best -= 1;
    other = std::max(1.0, PythonRound(best * shorter / longer));
  }
  const double patch = rule.patch_px;
  return {static_cast<int64_t>(std::ceil(best / patch) * std::ceil(other / patch)), best != longer};
}

Plain PlainGrid(const ImageTokenRule& rule, double width, double height) {
  const double factor = rule.patch_px;
  double h = std::max(factor, PythonRound(height / factor) * factor);
  double w = std::max(factor, PythonRound(width / factor) * factor);
  if (h * w > static_cast<double>(rule.max_pixels)) {
    const double beta = std::sqrt(height * width / static_cast<double>(rule.max_pixels));
    h = std::max(factor, std::floor(height / beta / factor) * factor);
    w = std::max(factor, std::floor(width / beta / factor) * factor);
  } else if (h * w < static_cast<double>(rule.min_pixels)) {
    const double beta = std::sqrt(static_cast<double>(rule.min_pixels) / (height * width));
    h = std::ceil(height * beta / factor) * factor;
    w = std::ceil(width * beta / factor) * factor;
  }
  return {static_cast<int64_t>(h / factor * (w / factor)), h != height || w != width};
}

Plain PlainRowBreaks(const ImageTokenRule& rule, double width, double height) {
  if (width * height > 1302.0 * 1302.0) return {1024, true};
  double scale = 1;
  if (width * height < 544.0 * 544.0) scale = std::sqrt(544.0 * 544.0 / (width * height));
  const double rows = std::ceil(std::ceil(height * scale) / rule.patch_px);
  const double columns = std::ceil(std::ceil(width * scale) / rule.patch_px);
  return {std::min<int64_t>(1024, static_cast<int64_t>(rows * (columns + 1) + 2)), scale != 1};
}

Plain PlainTokens(const ImageTokenRule& rule, int width, int height) {
  switch (rule.kind) {
    case Kind::kPatches:
      return PlainPatches(rule, width, height);
    case Kind::kRoundedGrid:
      return PlainGrid(rule, width, height);
    case Kind::kRowBreaks:
      return PlainRowBreaks(rule, width, height);
    case Kind::kSquareModes: {
      const int64_t side = width / 64;
      const bool known = width == 512 || width == 640 || width == 1024 || width == 1280;
      return {side * (side + 1) + 1, width != height || !known};
    }
    case Kind::kFlat:
    case Kind::kNone:
      break;
  }
  return {0, false};
}

TEST(ImageTokens, AgreesWithASecondTranscription) {
  const std::vector<ReaderProfile> readers = {BuiltIn("claude"), ClaudeStandard(),
                                              BuiltIn("qwen3-vl"), Qwen25(),
                                              BuiltIn("deepseek-flash")};
  for (const ReaderProfile& reader : readers) {
    for (int width = 1; width < 4200; width += width < 64 ? 7 : 83) {
      for (int height = 1; height < 4200; height += height < 64 ? 5 : 97) {
        if (std::max(width, height) > 200 * std::min(width, height)) continue;
        const absl::StatusOr<int64_t> tokens = ImageTokens(reader, width, height, 0);
        ASSERT_TRUE(tokens.ok()) << tokens.status();
        ASSERT_EQ(*tokens - reader.image_rule.overhead_tokens,
                  PlainTokens(reader.image_rule, width, height).tokens)
            << reader.name << " " << width << "x" << height;
      }
    }
  }
}

// Every height that a paper can have, at its width.
TEST(Papers, AreNeverResized) {
  const absl::StatusOr<ReaderCatalogue> catalogue = BuiltInReaders();
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  int checked = 0;
  for (ReaderProfile reader : catalogue->profiles()) {
    // Claude's pages suit the smaller tier as well.
    if (reader.name == "claude") reader = ClaudeStandard();
    for (const Rung& rung : reader.ladder) {
      for (const PagePaper& paper : rung.papers) {
        for (int h = paper.box.min_height; h <= paper.box.max_height; h += paper.box.height_step) {
          EXPECT_FALSE(PlainTokens(reader.image_rule, paper.box.width, h).resized)
              << reader.name << " " << rung.name << " " << paper.box.width << "x" << h;
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 100);
}

// A patch that is cut off at an edge is paid for and holds less.
TEST(Papers, AreWholePatches) {
  for (const char* name : {"claude", "qwen3-vl", "deepseek-flash", "deepseek-ocr"}) {
    const ReaderProfile reader = BuiltIn(name);
    const int patch = reader.image_rule.patch_px;
    for (const Rung& rung : reader.ladder) {
      for (const PagePaper& paper : rung.papers) {
        const PageBox& box = paper.box;
        EXPECT_EQ(box.width % patch, 0) << name << " " << rung.name;
        EXPECT_EQ(box.min_height % patch, 0) << name << " " << rung.name;
        EXPECT_EQ((box.max_height - box.min_height) % patch, 0) << name;
        EXPECT_TRUE(box.max_height == box.min_height || box.height_step % patch == 0) << name;
      }
    }
  }
}

// Pixels for each token of the best size that the rule has, searched over whole patches.
double BestPixelsPerToken(const ReaderProfile& reader) {
  double best = 0;
  const int patch = reader.image_rule.patch_px;
  for (int width = patch; width <= 2600; width += patch) {
    for (int height = patch; height <= 2600; height += patch) {
      if (std::max(width, height) > 200 * std::min(width, height)) continue;
      if (PlainTokens(reader.image_rule, width, height).resized) continue;
      const double tokens = static_cast<double>(*ImageTokens(reader, width, height, 0));
      best = std::max(best, width * height / tokens);
    }
  }
  return best;
}

TEST(Papers, AreNearTheBestPriceThatTheRuleHas) {
  for (const char* name : {"claude", "qwen3-vl", "deepseek-flash"}) {
    const ReaderProfile reader = BuiltIn(name);
    const double best = BestPixelsPerToken(reader);
    ASSERT_GT(best, 0);
    for (const Rung& rung : reader.ladder) {
      const PageBox& box = rung.papers.front().box;
      const double tokens = static_cast<double>(*ImageTokens(reader, box.width, box.max_height, 0));
      EXPECT_GE(box.width * box.max_height / tokens, 0.97 * best) << name << " " << rung.name;
    }
  }
}

}  // namespace
}  // namespace fovea
