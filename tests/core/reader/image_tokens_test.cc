#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/reader/reader_profile.h"
#include "tests/core/reader/built_in.h"
#include "tests/core/reader/second_transcription.h"

namespace fovea {
namespace {

using ::fovea::transcription::TokensOnceMore;
using Kind = ImageTokenRule::Kind;

using ::fovea::transcription::BuiltIn;

// What the table calls the high setting of a model whose multiplier it does not know.
ReaderProfile BareGpt54() {
  ReaderProfile reader = BuiltIn("gpt-5.4");
  reader.image_rule.multiplier = 1;
  return reader;
}

// OpenAI's example counts patches, at a budget of 1,536.
ReaderProfile BarePatches() {
  ReaderProfile reader = BuiltIn("gpt-5-mini");
  reader.image_rule.multiplier = 1;
  reader.image_rule.max_side_px = 0;
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
  if (name == "gpt-5.4 bare") return BareGpt54();
  if (name == "patches") return BarePatches();
  if (name == "internvl" || name == "step-3") return BuiltIn(name);
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
                             // The computed table, column by column.
                             {"gpt-5.6", 595, 842, 616},
                             {"gpt-5.6", 1024, 1024, 1229},
                             {"gpt-5.6", 896, 1344, 1412},
                             {"gpt-5.6", 1568, 1568, 2882},
                             {"gpt-5.6", 1932, 1932, 4466},
                             {"gpt-5.4 bare", 595, 842, 513},
                             {"gpt-5.4 bare", 1024, 1024, 1024},
                             {"gpt-5.4 bare", 896, 1344, 1176},
                             {"gpt-5.4 bare", 1568, 1568, 2401},
                             {"gpt-5.4 bare", 1932, 1932, 2401},
                             {"gpt-5-mini", 595, 842, 832},
                             {"gpt-5-mini", 1024, 1024, 1659},
                             {"gpt-5-mini", 896, 1344, 1906},
                             {"gpt-5-mini", 1568, 1568, 2465},
                             {"gpt-5-mini", 1932, 1932, 2465},
                             {"gpt-4o", 595, 842, 765},
                             {"gpt-4o", 1024, 1024, 765},
                             {"gpt-4o", 896, 1344, 1105},
                             {"gpt-4o", 1568, 1568, 765},
                             {"gpt-4o", 1932, 1932, 765},
                             {"gpt-5", 595, 842, 630},
                             {"gpt-5", 1024, 1024, 630},
                             {"gpt-5", 896, 1344, 910},
                             {"gpt-5", 1568, 1568, 630},
                             {"gpt-5", 1932, 1932, 630},
                             {"glm-v", 595, 842, 630},
                             {"glm-v", 1024, 1024, 1369},
                             {"glm-v", 896, 1344, 1536},
                             {"glm-v", 1568, 1568, 3136},
                             {"glm-v", 1932, 1932, 4761},
                             {"deepseek-ocr-gundam", 595, 842, 903},
                             {"deepseek-ocr-gundam", 1024, 1024, 693},
                             {"deepseek-ocr-gundam", 896, 1344, 903},
                             {"deepseek-ocr-gundam", 1568, 1568, 693},
                             {"deepseek-ocr-gundam", 1932, 1932, 693},
                             {"deepseek-ocr-2", 595, 842, 1121},
                             {"deepseek-ocr-2", 1024, 1024, 833},
                             {"deepseek-ocr-2", 896, 1344, 1121},
                             {"deepseek-ocr-2", 1568, 1568, 833},
                             {"deepseek-ocr-2", 1932, 1932, 833},
                             {"mistral-small-3", 595, 842, 713},
                             {"mistral-small-3", 1024, 1024, 1406},
                             {"mistral-small-3", 896, 1344, 1584},
                             {"mistral-small-3", 1568, 1568, 3080},
                             {"mistral-small-3", 1932, 1932, 3080},
                             {"pixtral", 595, 842, 2067},
                             {"pixtral", 1024, 1024, 4160},
                             {"pixtral", 896, 1344, 2816},
                             {"pixtral", 1568, 1568, 4160},
                             {"pixtral", 1932, 1932, 4160},
                             {"kimi-k2.5", 595, 842, 682},
                             {"kimi-k2.5", 1024, 1024, 1369},
                             {"kimi-k2.5", 896, 1344, 1536},
                             {"kimi-k2.5", 1568, 1568, 3136},
                             {"kimi-k2.5", 1932, 1932, 4096},
                             {"gemma-4", 595, 842, 1092},
                             {"gemma-4", 1024, 1024, 1089},
                             {"gemma-4", 896, 1344, 1080},
                             {"gemma-4", 1568, 1568, 1089},
                             {"gemma-4", 1932, 1932, 1089},
                             {"internvl", 595, 842, 1794},
                             {"internvl", 1024, 1024, 2562},
                             {"internvl", 896, 1344, 1794},
                             {"internvl", 1568, 1568, 2562},
                             {"internvl", 1932, 1932, 2562},
                             {"step-3", 595, 842, 504},
                             {"step-3", 1024, 1024, 504},
                             {"step-3", 896, 1344, 920},
                             {"step-3", 1568, 1568, 920},
                             {"step-3", 1932, 1932, 1502},
                             {"grok", 595, 842, 1280},
                             {"grok", 1024, 1024, 1792},
                             {"grok", 896, 1344, 1792},
                             {"grok", 1568, 1568, 1792},
                             {"grok", 1932, 1932, 1792},
                             // OpenAI's own examples.
                             {"patches", 1800, 2400, 1452},
                             {"patches", 1024, 1024, 1024},
                             // The ends of the ranges that others state.
                             {"llama-4", 336, 336, 147},
                             {"llama-4", 1344, 1344, 2467},
                             {"phi-4", 2688, 2688, 9585},
                             {"llava-onevision", 1152, 1152, 7371},
                             {"molmo", 1008, 784, 1196},
                             {"molmo", 336, 336, 316},
                             {"deepseek-vl2", 384, 384, 421},
                         }),
                         [](const testing::TestParamInfo<Vector>& tested) {
                           std::string name = tested.param.reader;
                           name += "_" + std::to_string(tested.param.width) + "x" +
                                   std::to_string(tested.param.height);
                           std::ranges::replace_if(
                               name, [](char c) { return c == '-' || c == '.' || c == ' '; }, '_');
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

TEST(ImageTokens, AgreesWithASecondTranscription) {
  const ReaderCatalogue catalogue = BuiltIn();
  size_t swept = 0;
  for (const ReaderProfile& reader : catalogue.profiles()) {
    if (reader.name != reader.family) continue;  // variants share their family's rule
    const Kind kind = reader.image_rule.kind;
    if (kind == Kind::kNone || kind == Kind::kFlat) continue;  // nothing to compute
    ++swept;
    for (int width = 1; width < 4200; width += width < 64 ? 7 : 83) {
      for (int height = 1; height < 4200; height += height < 64 ? 5 : 97) {
        const absl::StatusOr<int64_t> tokens = ImageTokens(reader, width, height, 0);
        ASSERT_EQ(tokens.value_or(-1), TokensOnceMore(reader.family, width, height))
            << reader.name << " " << width << "x" << height;
      }
    }
  }
  EXPECT_GE(swept, 40);
}

// Past every side at which some rule begins to reduce a picture.
TEST(ImageTokens, OfLargePicturesAgreeWithASecondTranscription) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    if (reader.name != reader.family) continue;
    const ImageTokenRule& rule = reader.image_rule;
    if (rule.kind == Kind::kNone || rule.kind == Kind::kFlat) continue;
    std::vector<int> sides = {4'200, 5'000, 7'168, 8'192, 10'000, 16'384};
    const int limit = std::max(rule.max_side_px, rule.max_side_patches * rule.patch_px);
    for (const int off : {-rule.patch_px, -1, 0, 1, rule.patch_px}) {
      if (limit > 0) sides.push_back(limit + off);
    }
    for (const int side : sides) {
      for (const int other : {1, 13, 50, 700, 4'000, side / 2, side}) {
        for (const auto& [width, height] : {std::pair(side, other), std::pair(other, side)}) {
          if (width < 1 || height < 1) continue;
          const absl::StatusOr<int64_t> tokens = ImageTokens(reader, width, height, 0);
          ASSERT_EQ(tokens.value_or(-1), TokensOnceMore(reader.family, width, height))
              << reader.name << " " << width << "x" << height;
        }
      }
    }
  }
}

}  // namespace
}  // namespace fovea
