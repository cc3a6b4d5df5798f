#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/reader/model_id.h"
#include "core/reader/reader_family.h"
#include "core/reader/reader_files.h"
#include "core/reader/reader_profile.h"
#include "tests/core/reader/built_in.h"

namespace fovea {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

using ::fovea::transcription::BuiltIn;

TEST(BuiltInReaders, AreTheFilesOfTheFolder) {
  std::vector<std::string> names;
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    names.push_back(reader.name);
  }
  EXPECT_THAT(names, IsSupersetOf({"claude", "deepseek-flash", "deepseek-ocr", "gemini-3",
                                   "gpt-5.6", "qwen3-vl", "text-only"}));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const ReaderFile& file : BuiltInReaderFiles()) {
    const auto readers = ParseReaderFile(file.name, file.json);
    ASSERT_TRUE(readers.ok()) << readers.status();
    EXPECT_EQ("readers/" + readers->front().name + ".json", file.name);
    for (const ReaderProfile& reader : *readers) {
      EXPECT_EQ(reader.family, readers->front().name);
      // What GetReaderProfile gives is a whole profile.
      const auto again = ParseReaderProfile(reader.name, reader.json);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(again->ladder.size(), reader.ladder.size()) << reader.name;
    }
  }
}

TEST(BuiltInReaders, HaveFourRungsOrNone) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    std::vector<std::string> rungs;
    for (const Rung& rung : reader.ladder) rungs.push_back(rung.name);
    if (reader.image_rule.kind == ImageTokenRule::Kind::kNone) {
      EXPECT_TRUE(rungs.empty());
    } else {
      EXPECT_THAT(rungs, AnyOf(ElementsAre("sharp", "soft", "faint", "trace"),
                               ElementsAre("sharp", "soft", "faint")))
          << reader.name;
    }
  }
}

// What is deeper is smaller, cheaper and read worse.
TEST(BuiltInReaders, LaddersFall) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    for (size_t i = 1; i < reader.ladder.size(); ++i) {
      const Rung& above = reader.ladder[i - 1];
      const Rung& below = reader.ladder[i];
      EXPECT_LT(below.typography.line_pitch_px, above.typography.line_pitch_px) << reader.name;
      EXPECT_LT(below.pixels_per_character, above.pixels_per_character) << reader.name;
      EXPECT_LE(below.legibility, above.legibility) << reader.name;
      EXPECT_LE(below.exact_legibility, above.exact_legibility) << reader.name;
    }
  }
}

// Characters of a full page against its tokens, at 3.8 characters a token of text.
TEST(BuiltInReaders, DeepSeekOcrPacksAsPublished) {
  const ReaderCatalogue catalogue = BuiltIn();
  const ReaderProfile& reader = **catalogue.Find("deepseek-ocr");
  const double kLow[] = {7, 10, 12, 17};
  const double kHigh[] = {10, 12, 16, 21};
  for (size_t i = 0; i < reader.ladder.size(); ++i) {
    const Rung& rung = reader.ladder[i];
    const PageBox& box = rung.papers.front().box;
    const double characters = box.width * box.max_height / rung.pixels_per_character;
    const double tokens = static_cast<double>(*ImageTokens(reader, box.width, box.max_height, 0));
    EXPECT_GE(characters / 3.8 / tokens, kLow[i]) << rung.name;
    EXPECT_LE(characters / 3.8 / tokens, kHigh[i]) << rung.name;
    EXPECT_EQ(rung.evidence, Evidence::kPublished);
  }
}

TEST(ReaderCatalogue, FindsByName) {
  const ReaderCatalogue catalogue = BuiltIn();
  ASSERT_TRUE(catalogue.Find("claude").ok());
  EXPECT_EQ((*catalogue.Find("claude"))->name, "claude");
  const absl::Status missing = catalogue.Find("no-such").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()),
              HasSubstr("no reader named \"no-such\"; the nearest"));
  EXPECT_THAT(std::string(ReaderCatalogue().Find("x").status().message()), HasSubstr("none"));
  EXPECT_FALSE(catalogue.Find("").ok());
}

// The names that today's clients use.
TEST(ReaderCatalogue, KeepsItsNames) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const char* name : {"claude", "claude-standard", "gpt-5.6", "gemini-3", "deepseek-flash",
                           "deepseek-ocr", "qwen3-vl", "text-only"}) {
    const auto reader = catalogue.Find(name);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->name, name);
    EXPECT_EQ((*reader)->family, name);
    EXPECT_EQ((*reader)->ladder.size(), std::string_view(name) == "text-only" ? 0U : 4U);
  }
}

struct Spelling {
  const char* id;
  const char* reader;
};

class ModelIds : public testing::TestWithParam<Spelling> {};

TEST_P(ModelIds, FindTheirProfile) {
  static const ReaderCatalogue catalogue = BuiltIn();
  const auto reader = catalogue.Find(GetParam().id);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->name, GetParam().reader);
}

INSTANTIATE_TEST_SUITE_P(
    Spelled, ModelIds,
    testing::Values(
        Spelling{"claude-opus-5", "claude-opus-5"}, Spelling{"claude-opus-5[1m]", "claude-opus-5"},
        Spelling{"claude-opus-5-5", "claude-opus-5.5"},
        Spelling{"Claude Opus 4.8", "claude-opus-4.8"},
        Spelling{"anthropic/claude-opus-4.8", "claude-opus-4.8"},
        Spelling{"claude-sonnet-4-5-20250929", "claude-sonnet-4"},
        Spelling{"claude-sonnet-4-20250514", "claude-sonnet-4"},
        Spelling{"us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4"},
        Spelling{"bedrock/global.anthropic.claude-opus-5-20260115-v1:0", "claude-opus-5"},
        Spelling{
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
            "claude-haiku-4.5"},
        Spelling{"vertex_ai/claude-opus-4-7@20260301", "claude-opus-4.7"},
        Spelling{"claude-3-5-sonnet-20241022", "claude-3"},
        Spelling{"claude-fable-5-1-latest", "claude-fable-5.1"},
        Spelling{"claude-fable-5-20260601", "claude-fable-5"},
        Spelling{"gpt-5.6-sol", "gpt-5.6-sol"}, Spelling{"openai/gpt-5.6", "gpt-5.6"},
        Spelling{"gpt-5.6-2026-06-01", "gpt-5.6"}, Spelling{"gpt-5-2025-08-07", "gpt-5"},
        Spelling{"gpt-5-mini-2025-08-07", "gpt-5-mini"}, Spelling{"gpt-4.1-mini", "gpt-5-mini"},
        Spelling{"gpt-4o-2024-11-20", "gpt-4o"}, Spelling{"gpt-4o-mini", "gpt-4o-mini"},
        Spelling{"github_copilot/gpt-5.6", "gpt-5.6-copilot"},
        Spelling{"models/gemini-3-flash", "gemini-3-flash"},
        Spelling{"google/gemini-3.6-pro:free", "gemini-3.6"},
        Spelling{"publishers/google/models/gemini-2.5-pro", "gemini-2"},
        Spelling{"openrouter/deepseek/deepseek-flash", "deepseek-flash"},
        Spelling{"deepseek-ai/DeepSeek-OCR", "deepseek-ocr"},
        Spelling{"deepseek-ai/DeepSeek-OCR-2", "deepseek-ocr-2"},
        Spelling{"Qwen/Qwen3-VL-235B-A22B-Instruct", "qwen3-vl"},
        Spelling{"qwen3-vl:8b", "qwen3-vl"}, Spelling{"Qwen/Qwen2.5-VL-72B-Instruct", "qwen2.5-vl"},
        Spelling{"meta.llama4-scout-17b-instruct-v1:0", "llama-4"}, Spelling{"grok-4", "grok"},
        Spelling{"accounts/fireworks/models/kimi-k2.5", "kimi-k2.5"}),
    [](const auto& tested) {
      std::string name = std::to_string(tested.index) + "_" + tested.param.id;
      std::ranges::replace_if(
          name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

// A newer version is another model, and so is what no profile was made for.
TEST(ModelIds, DoNotFindAnotherModel) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const char* id : {"claude-opus-6", "claude-opus-5-7", "claude-sonnet-4-9", "gpt-5.7",
                         "gpt-7", "gpt-4", "gemini-4", "gemini-3.9-pro", "claud", "o3000",
                         "deepseek-v5", "x/", "/", "claude-opus", "kimi-k2"}) {
    const auto reader = catalogue.Find(id);
    EXPECT_EQ(reader.status().code(), absl::StatusCode::kNotFound)
        << id << " found " << (reader.ok() ? (*reader)->name : "");
  }
}

TEST(ModelIds, ThatAreUnknownAreToldTheNearest) {
  const ReaderCatalogue catalogue = BuiltIn();
  const auto message = [&](std::string_view id) {
    return std::string(catalogue.Find(id).status().message());
  };
  EXPECT_THAT(message("anthropic/claude-opus-6"), HasSubstr("claude-opus-"));
  EXPECT_THAT(message("gpt-5.7"), HasSubstr("gpt-5"));
  EXPECT_THAT(message("qwen-3-vl"), HasSubstr("qwen3-vl"));
  EXPECT_THAT(message("x"), HasSubstr("text-only"));
  EXPECT_LT(message(std::string(100'000, 'x')).size(), 1'000U);
}

TEST(BuiltInReaders, ClaimNoIdTwice) {
  const ReaderCatalogue catalogue = BuiltIn();
  std::set<std::string> ids;
  for (const ReaderProfile& reader : catalogue.profiles()) {
    for (const std::string& id : reader.ids) {
      EXPECT_TRUE(ids.insert(PlainModelId(id)).second) << reader.name << " " << id;
    }
  }
}

// Evidence holds for the model that it was measured on (ADR 0031).
TEST(BuiltInReaders, ExactLegibilityIsWhatWasMeasured) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    if (reader.name == "deepseek-flash") continue;  // as it was: recordings name it
    for (const Rung& rung : reader.ladder) {
      if (rung.exact_legibility > 0 && reader.name != "gemini-3") {
        EXPECT_NE(rung.exact_evidence, Evidence::kAssumed) << reader.name << " " << rung.name;
      }
      if (rung.passage_legibility > 0) {
        EXPECT_NE(rung.passage_evidence, Evidence::kAssumed) << reader.name << " " << rung.name;
      }
    }
  }
}

TEST(BuiltInReaders, AModelWithoutEvidenceHasItsFamilysSharperRungs) {
  const ReaderCatalogue catalogue = BuiltIn();
  const ReaderProfile& family = **catalogue.Find("claude");
  const ReaderProfile& model = **catalogue.Find("claude-sonnet-5");
  ASSERT_EQ(model.ladder.size(), family.ladder.size() - 1);
  for (size_t i = 0; i < model.ladder.size(); ++i) {
    EXPECT_EQ(model.ladder[i].name, family.ladder[i].name);
    EXPECT_EQ(model.ladder[i].legibility, family.ladder[i].legibility);
    EXPECT_EQ(model.ladder[i].evidence, Evidence::kAssumed);
    EXPECT_EQ(model.ladder[i].exact_legibility, 0);
    EXPECT_EQ(model.ladder[i].passage_legibility, 0);
  }
  EXPECT_THAT(ReaderWarnings(model), testing::SizeIs(2));
  EXPECT_THAT(ReaderWarnings(**catalogue.Find("claude-fable-5")), testing::IsEmpty());
  EXPECT_THAT(ReaderWarnings(**catalogue.Find("claude-opus-5")),
              ElementsAre(HasSubstr("14 % at the sharpest")));
  EXPECT_THAT(ReaderWarnings(**catalogue.Find("text-only")), testing::IsEmpty());
}

TEST(ReaderCatalogue, ALaterProfileTakesTheEarlierOnesPlace) {
  ReaderCatalogue catalogue = BuiltIn();
  const size_t count = catalogue.profiles().size();
  ReaderProfile reader = **catalogue.Find("claude");
  reader.title = "mine";
  catalogue.Add(reader);
  EXPECT_EQ(catalogue.profiles().size(), count);
  EXPECT_EQ((*catalogue.Find("claude"))->title, "mine");
  reader.name = "a-new-one";
  catalogue.Add(reader);
  EXPECT_EQ(catalogue.profiles().size(), count + 1);
  EXPECT_EQ(catalogue.profiles().front().name, "a-new-one");
}

TEST(Evidence, HasNames) {
  EXPECT_STREQ(EvidenceName(Evidence::kMeasured), "measured");
  EXPECT_STREQ(EvidenceName(Evidence::kPublished), "published");
  EXPECT_STREQ(EvidenceName(Evidence::kThirdParty), "third party");
  EXPECT_STREQ(EvidenceName(Evidence::kAssumed), "assumed");
}

}  // namespace
}  // namespace fovea
