#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/reader/reader_family.h"
#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kProfile = R"({
  "name": "r",
  "title": "R",
  "models": ["m1", "m2"],
  "source": "s",
  "confidence": "c",
  "tool_result_images": true, "takes_webp": true,
  "image_roles": ["user", "tool"],
  "prices": {"input": 2, "output": 10, "date": "2026-10", "evidence": "third party", "source": "ps"},
  "text": {"token_factor": 1.25, "evidence": "assumed", "source": "ts",
           "vocabulary": "o200k_base"},
  "image_rule": {"kind": "patches", "patch_px": 28, "overhead_tokens": 2, "max_side_px": 2576,
                 "max_tokens": 4784, "evidence": "published", "source": "is"},
  "limits": {"max_images": 9, "max_body_bytes": 1000, "max_image_bytes": 100,
             "evidence": "third party", "source": "ls"},
  "cache": {"read_price": 0.1, "write_price": 1.25, "lifetime_seconds": 300, "max_breakpoints": 4,
            "evidence": "published", "source": "cs"},
  "ladder": [
    {"name": "sharp", "line_pitch_px": 10, "grey_bits": 4, "pixels_per_character": 43.3,
     "legibility": 0.98, "exact_legibility": 0.9, "evidence": "measured", "source": "rs",
     "papers": [{"width": 1092, "min_height": 224, "max_height": 1092, "height_step": 28,
                 "resolution": "original"}]},
    {"name": "soft", "line_pitch_px": 9, "grey_bits": 8, "pixels_per_character": 35,
     "legibility": 0.97, "exact_legibility": 0.8, "evidence": "assumed", "source": "rs",
     "papers": [{"width": 560, "min_height": 560, "max_height": 560, "height_step": 1},
                {"width": 280, "min_height": 280, "max_height": 280, "height_step": 1}]}
  ]
})";

TEST(ParseReaderProfile, ReadsEveryField) {
  const absl::StatusOr<ReaderProfile> reader = ParseReaderProfile("r.json", kProfile);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->name, "r");
  EXPECT_EQ(reader->title, "R");
  EXPECT_EQ(reader->models, (std::vector<std::string>{"m1", "m2"}));
  EXPECT_EQ(reader->source, "s");
  EXPECT_EQ(reader->confidence, "c");
  EXPECT_TRUE(reader->tool_result_images);
  EXPECT_EQ(reader->text_token_factor, 1.25);
  EXPECT_FALSE(reader->text_tokens_exact());
  EXPECT_EQ(reader->text_evidence, Evidence::kAssumed);
  EXPECT_EQ(reader->text_source, "ts");
  EXPECT_EQ(reader->vocabulary, "o200k_base");
  EXPECT_EQ(reader->image_roles, (std::vector<std::string>{"user", "tool"}));
  EXPECT_TRUE(reader->takes_webp);
  EXPECT_EQ(reader->prices.input, 2);
  EXPECT_EQ(reader->prices.output, 10);
  EXPECT_EQ(reader->prices.date, "2026-10");
  EXPECT_EQ(reader->prices.evidence, Evidence::kThirdParty);
  EXPECT_EQ(reader->image_rule.kind, ImageTokenRule::Kind::kPatches);
  EXPECT_EQ(reader->image_rule.patch_px, 28);
  EXPECT_EQ(reader->image_rule.overhead_tokens, 2);
  EXPECT_EQ(reader->image_rule.max_side_px, 2576);
  EXPECT_EQ(reader->image_rule.max_tokens, 4784);
  EXPECT_EQ(reader->image_rule.evidence, Evidence::kPublished);
  EXPECT_EQ(reader->image_rule.source, "is");
  EXPECT_EQ(reader->limits.max_images, 9);
  EXPECT_EQ(reader->limits.max_body_bytes, 1000U);
  EXPECT_EQ(reader->limits.max_image_bytes, 100U);
  EXPECT_EQ(reader->limits.max_side_px, 0) << "may be left out";
  EXPECT_EQ(reader->limits.evidence, Evidence::kThirdParty);
  EXPECT_EQ(reader->cache.read_price, 0.1);
  EXPECT_EQ(reader->cache.write_price, 1.25);
  EXPECT_EQ(reader->cache.lifetime_seconds, 300);
  EXPECT_EQ(reader->cache.max_breakpoints, 4);
  ASSERT_EQ(reader->ladder.size(), 2U);
}

TEST(ParseReaderProfile, ReadsRungs) {
  const absl::StatusOr<ReaderProfile> reader = ParseReaderProfile("r.json", kProfile);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const Rung& sharp = reader->ladder[0];
  EXPECT_EQ(sharp.name, "sharp");
  EXPECT_EQ(sharp.typography, (PageTypography{.line_pitch_px = 10, .grey_bits = 4}));
  EXPECT_EQ(sharp.pixels_per_character, 43.3);
  EXPECT_EQ(sharp.legibility, 0.98);
  EXPECT_EQ(sharp.exact_legibility, 0.9);
  EXPECT_EQ(sharp.evidence, Evidence::kMeasured);
  EXPECT_EQ(sharp.source, "rs");
  ASSERT_EQ(sharp.papers.size(), 1U);
  const PageBox box = {.width = 1092, .min_height = 224, .max_height = 1092, .height_step = 28};
  EXPECT_EQ(sharp.papers[0].box, box);
  EXPECT_EQ(sharp.papers[0].resolution, "original");
  EXPECT_EQ(sharp.papers[0].flat_tokens, 0);
  EXPECT_EQ(reader->ladder[1].papers.size(), 2U);
  EXPECT_EQ(reader->ladder[1].typography.effort, PageEffort::kSmall) << "it stays longer";
}

struct Mistake {
  const char* name;
  const char* text;  // in kProfile
  const char* replacement;
  const char* message;  // a part of the error
};

class WrongProfile : public testing::TestWithParam<Mistake> {};

TEST_P(WrongProfile, IsRefusedByName) {
  const Mistake& mistake = GetParam();
  std::string json(kProfile);
  const size_t at = json.find(mistake.text);
  ASSERT_NE(at, std::string::npos);
  json.replace(at, std::string_view(mistake.text).size(), mistake.replacement);
  const absl::Status status = ParseReaderProfile("r.json", json).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("r.json: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.message));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongProfile,
    testing::ValuesIn(std::vector<Mistake>{
        {"Syntax", "\"source\": \"s\",", "\"source\": \"s\"", "line 6: not JSON"},
        {"Twice", "\"title\": \"R\",", "\"title\": \"R\", \"name\": \"q\",",
         "line 3: name: stands twice"},
        {"TwiceDeep", "\"max_images\": 9", "\"max_images\": 9, \"max_images\": 8",
         "limits.max_images: stands twice"},
        {"Missing", "\"title\": \"R\",", "", "line 1: title: is missing"},
        {"Unknown", "\"title\": \"R\",", "\"title\": \"R\", \"titel\": 1,",
         "line 3: titel: is not a known field"},
        {"UnknownDeep", "\"height_step\": 28", "\"height_step\": 28, \"depth\": 1",
         "line 21: ladder[0].papers[0].depth: is not a known field"},
        {"OfAnotherRule", "\"patch_px\": 28", "\"patch_px\": 28, \"min_pixels\": 4",
         "image_rule.min_pixels: is not a known field"},
        {"EmptyName", "\"name\": \"r\"", "\"name\": \"\"", "name: must not be empty"},
        {"NumberForText", "\"title\": \"R\"", "\"title\": 7", "title: must be a string"},
        {"TextForFlag", "\"tool_result_images\": true", "\"tool_result_images\": \"yes\"",
         "tool_result_images: must be true or false"},
        {"ModelsNotAList", "[\"m1\", \"m2\"]", "\"m1\"", "models: must be an array of strings"},
        {"ModelNotText", "[\"m1\", \"m2\"]", "[\"m1\", 2]", "models[1]: must be a string"},
        {"ImageRole", "\"tool\"]", "\"system\"]", "image_roles: \"system\" is not user"},
        {"Resized", "\"width\": 1092", "\"width\": 2604",
         "ladder[0].papers[0]: the reader resizes"},
        {"FactorBelowOne", "1.25, \"evid", "0.9, \"evid",
         "text.token_factor: must be a number from 1 to 10"},
        {"FactorText", "1.25, \"evid", "\"1.25\", \"evid", "text.token_factor"},
        {"Kind", "\"patches\"", "\"tiles\"", "image_rule.kind: \"tiles\" is none of: none, patch"},
        {"Evidence", "\"third party\"", "\"hearsay\"", "prices.evidence: \"hearsay\" is none of"},
        {"Patch", "\"patch_px\": 28", "\"patch_px\": 0", "image_rule.patch_px: must be a whole"},
        {"Fraction", "\"patch_px\": 28", "\"patch_px\": 28.5", "image_rule.patch_px"},
        {"HugeNumber", "\"max_images\": 9", "\"max_images\": 18446744073709551615",
         "limits.max_images"},
        {"ManySidesMissing", "\"max_images\": 9", "\"max_images\": 9, \"many_images\": 20",
         "limits.many_images_side_px: is missing"},
        {"PageOverASide", "\"max_images\": 9", "\"max_images\": 9, \"max_side_px\": 1000",
         "line 21: ladder[0].papers[0]: has a side over the limit of 1000 pixels"},
        {"NotAnObject", "{\"read_price\": 0.1,", "[{\"read_price\": 0.1,", "line"},
        {"CacheNegative", "\"read_price\": 0.1", "\"read_price\": -0.1", "cache.read_price"},
        {"RungName", "\"name\": \"soft\"", "\"name\": \"sharp\"",
         "ladder[1].name: \"sharp\" is taken"},
        {"RungVerbatim", "\"name\": \"soft\"", "\"name\": \"verbatim\"", "ladder[1].name"},
        {"Pitch", "\"line_pitch_px\": 10", "\"line_pitch_px\": 4", "ladder[0].line_pitch_px"},
        {"Grey", "\"grey_bits\": 4", "\"grey_bits\": 3", "ladder[0].grey_bits: must be 1, 2, 4"},
        {"Legibility", "\"legibility\": 0.98", "\"legibility\": 98", "ladder[0].legibility"},
        {"Order", "43.3", "34", "ladder[1].pixels_per_character: must be below"},
        {"Step", "\"min_height\": 224", "\"min_height\": 230", "ladder[0].papers[0].max_height"},
        {"HeightsSwapped", "\"max_height\": 1092", "\"max_height\": 196",
         "ladder[0].papers[0].max_height"},
        {"PaperOrder", "\"width\": 280, \"min_height\": 280, \"max_height\": 280",
         "\"width\": 840, \"min_height\": 840, \"max_height\": 840",
         "ladder[1].papers[1]: costs more"},
        {"NoPapers",
         "{\"width\": 560, \"min_height\": 560, \"max_height\": 560, \"height_step\": 1},\n"
         "                {\"width\": 280, \"min_height\": 280, \"max_height\": 280, "
         "\"height_step\": 1}",
         "", "ladder[1].papers: must not be empty"},
        {"FlatWithoutFlatRule", "\"resolution\": \"original\"", "\"flat_tokens\": 280",
         "ladder[0].papers[0].flat_tokens: is not a known field"},
    }),
    [](const testing::TestParamInfo<Mistake>& tested) { return std::string(tested.param.name); });

// What is nested or long is refused before it is parsed: noting where each value stands took
// gigabytes.
TEST(ParseReaderProfile, RefusesWhatIsTooLarge) {
  const auto problem = [](const std::string& text) {
    return std::string(ParseReaderProfile("p.json", text).status().message());
  };
  EXPECT_EQ(problem(R"({"a":)" + std::string(70'000, '[')),
            "p.json: is nested 70001 levels deep; at most 64");
  std::string many = R"({"a":[1)";
  for (int i = 0; i < 200'000; ++i) many += ",1";
  EXPECT_THAT(problem(many + "]}"), HasSubstr("names and values; at most 100000"));
  EXPECT_THAT(problem(std::string(2 << 20, ' ')), HasSubstr("bytes; at most 1048576"));
  std::string named = R"({")" + std::string(500'000, 'n') + R"(":[1)";
  for (int i = 0; i < 50'000; ++i) named += ",1";
  EXPECT_EQ(problem(named + "]}"), "p.json: its names are too long for so many values");
}

TEST(ParseReaderProfile, RefusesWhatIsNotAnObject) {
  for (const char* json : {"", "[]", "7", "null", "\"text\"", "{", "{}", "\xFF"}) {
    const absl::Status status = ParseReaderProfile("x.json", json).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(status.message()), HasSubstr("x.json: "));
  }
}

TEST(ParseReaderProfile, ALadderNeedsARuleThatTakesImages) {
  std::string json(kProfile);
  const size_t at = json.find("{\"kind\"");
  json.replace(at, json.find('}', at) + 1 - at,
               R"({"kind": "none", "evidence": "assumed", "source": "x"})");
  const absl::Status status = ParseReaderProfile("r.json", json).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("ladder[0].papers[0]: reader r takes no images"));
}

// kProfile with members behind its first brace.
std::string ProfileWith(const std::string& members) {
  std::string json(kProfile);
  return json.insert(json.find('{') + 1, members + ",");
}

TEST(ParseReaderFile, AFileWithoutVariantsIsOneProfile) {
  const auto readers = ParseReaderFile("r.json", kProfile);
  ASSERT_TRUE(readers.ok()) << readers.status();
  ASSERT_EQ(readers->size(), 1U);
  EXPECT_EQ(readers->front().json, kProfile);
}

TEST(ParseReaderFile, AVariantIsItsFamilyWithDifferences) {
  const auto readers = ParseReaderFile("r.json", ProfileWith(R"("ids": ["r"], "variants": [
      {"name": "r-1", "title": "R 1", "ids": ["r-one"], "cache": {"read_price": 0.5},
       "ladder": {"sharp": {"exact_legibility": 0.5, "exact_evidence": "measured", "exact_source": "es",
                            "passage_legibility": 0.25, "passage_evidence": "published",
                            "passage_source": "ps"}}},
      {"name": "r-2", "ladder": {"soft": {"legibility": 0.5}}}])"));
  ASSERT_TRUE(readers.ok()) << readers.status();
  ASSERT_EQ(readers->size(), 3U);
  const ReaderProfile& family = (*readers)[0];
  EXPECT_EQ(family.ids, std::vector<std::string>{"r"});
  EXPECT_THAT(family.json, Not(HasSubstr("variants")));
  const ReaderProfile& one = (*readers)[1];
  EXPECT_EQ(one.family, "r");
  EXPECT_EQ(one.models, std::vector<std::string>{"R 1"});
  EXPECT_EQ(one.ids, std::vector<std::string>{"r-one"});
  EXPECT_EQ(one.cache.read_price, 0.5);
  EXPECT_EQ(one.cache.write_price, family.cache.write_price);
  ASSERT_EQ(one.ladder.size(), 1U) << "the deepest rung is left out";
  const Rung& sharp = one.ladder[0];
  EXPECT_EQ(sharp.legibility, family.ladder[0].legibility);
  EXPECT_EQ(sharp.evidence, family.ladder[0].evidence);
  EXPECT_EQ(sharp.exact_legibility, 0.5);
  EXPECT_EQ(sharp.exact_evidence, Evidence::kMeasured);
  EXPECT_EQ(sharp.exact_source, "es");
  EXPECT_EQ(sharp.passage_legibility, 0.25);
  EXPECT_EQ(sharp.passage_evidence, Evidence::kPublished);
  EXPECT_EQ(sharp.passage_source, "ps");
  const ReaderProfile& two = (*readers)[2];
  EXPECT_TRUE(two.ids.empty());
  EXPECT_EQ(two.title, family.title);
  ASSERT_EQ(two.ladder.size(), 2U);
  EXPECT_EQ(two.ladder[0].evidence, Evidence::kAssumed);
  EXPECT_EQ(two.ladder[0].exact_legibility, 0);
  EXPECT_EQ(two.ladder[1].legibility, 0.5);
}

TEST(ParseReaderFile, NamesTheVariantThatIsWrong) {
  const struct {
    const char* variants;
    const char* message;
  } kCases[] = {
      {"7", "r.json: variants: must be an array of objects"},
      {"[7]", "r.json: variants[0].must be an object"},
      {"[{}]", "r.json: variants[0].name: is missing"},
      {R"([{"name": "a"}, {"name": "b", "titel": "x"}])", "r.json: variants[1] (b): line"},
      {R"([{"name": "a", "ladder": []}])", "variants[0].ladder: must be an object"},
      {R"([{"name": "a", "ladder": {"dim": {}}}])", "variants[0].ladder.dim: the family has no"},
      {R"([{"name": "a", "ladder": {"sharp": {"legibility": 7}}}])",
       "ladder[0].legibility: must be a number from 0 to 1"},
  };
  for (const auto& [variants, message] : kCases) {
    const absl::Status status =
        ParseReaderFile("r.json", ProfileWith(absl::StrCat("\"variants\": ", variants))).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << variants;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
  const absl::Status twice =
      ParseReaderFile("r.json", ProfileWith("\"variants\": [], \"name\": \"q\"")).status();
  EXPECT_THAT(std::string(twice.message()), HasSubstr("name: stands twice"));
}

}  // namespace
}  // namespace fovea
