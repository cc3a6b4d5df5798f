#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/reader/reader_files.h"
#include "core/reader/reader_profile.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

ReaderCatalogue BuiltIn() {
  absl::StatusOr<ReaderCatalogue> catalogue = BuiltInReaders();
  EXPECT_TRUE(catalogue.ok()) << catalogue.status();
  return *std::move(catalogue);
}

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
    const absl::StatusOr<ReaderProfile> reader = ParseReaderProfile(file.name, file.json);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ("readers/" + reader->name + ".json", file.name);
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
      EXPECT_THAT(rungs, ElementsAre("sharp", "soft", "faint", "trace")) << reader.name;
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
  EXPECT_THAT(std::string(missing.message()), HasSubstr("deepseek-flash, deepseek-ocr"));
  EXPECT_THAT(std::string(ReaderCatalogue().Find("x").status().message()), HasSubstr("none"));
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
