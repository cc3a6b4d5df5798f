// The sizes of pages that profiles choose.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/reader/reader_profile.h"
#include "tests/core/reader/built_in.h"
#include "tests/core/reader/second_transcription.h"

namespace fovea {
namespace {

using ::fovea::transcription::TokensOnceMore;
using Kind = ImageTokenRule::Kind;

using ::fovea::transcription::BuiltIn;

// Every height that a paper can have, at its width.
TEST(Papers, AreNeverResized) {
  int checked = 0;
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    for (const Rung& rung : reader.ladder) {
      for (const PagePaper& paper : rung.papers) {
        const PageBox& box = paper.box;
        for (int h = box.min_height; h <= box.max_height; h += box.height_step) {
          const auto cost = PriceImage(reader.image_rule, box.width, h, paper.flat_tokens);
          ASSERT_TRUE(cost.ok()) << reader.name << " " << cost.status();
          EXPECT_EQ(cost->seen_width, box.width) << reader.name << " " << rung.name << " " << h;
          EXPECT_EQ(cost->seen_height, h) << reader.name << " " << rung.name;
          if (reader.image_rule.kind != Kind::kFlat) {
            EXPECT_EQ(cost->tokens, TokensOnceMore(reader.family, box.width, h)) << reader.name;
          }
          ++checked;
        }
      }
    }
  }
  EXPECT_GT(checked, 1000);
}

// Claude's pages suit the smaller tier as well: other doors to the same models have it.
TEST(Papers, OfClaudeSuitBothTiers) {
  const ReaderCatalogue catalogue = BuiltIn();
  const ReaderProfile& standard = **catalogue.Find("claude-standard");
  for (const Rung& rung : (*catalogue.Find("claude"))->ladder) {
    for (const PagePaper& paper : rung.papers) {
      const auto cost = PriceImage(standard.image_rule, paper.box.width, paper.box.max_height, 0);
      EXPECT_EQ(cost->seen_width, paper.box.width);
      EXPECT_EQ(cost->seen_height, paper.box.max_height);
    }
  }
}

// A patch that is cut off at an edge is paid for and holds less.
TEST(Papers, AreWholePatches) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    const int unit = std::max(reader.image_rule.patch_px, 1);
    if (reader.image_rule.kind == Kind::kPooledCrops) continue;  // crops overlap
    for (const Rung& rung : reader.ladder) {
      for (const PagePaper& paper : rung.papers) {
        EXPECT_EQ(paper.box.width % unit, 0) << reader.name;
        EXPECT_EQ(paper.box.min_height % unit, 0) << reader.name;
        EXPECT_EQ(paper.box.max_height % unit, 0) << reader.name;
      }
    }
  }
}

// Pixels for each token of the best size that the reader keeps as it is, up to `side`.
double BestPixelsPerToken(const ReaderProfile& reader, int side) {
  const ImageTokenRule& rule = reader.image_rule;
  // Only whole units can be best; squares and other sizes are met on the way.
  const int unit = rule.patch_px > 0 ? rule.patch_px : rule.tile_px > 0 ? rule.tile_px / 2 : 8;
  double best = 0;
  for (int width = unit; width <= side; width += unit) {
    for (int height = unit; height <= side; height += unit) {
      const auto cost = PriceImage(rule, width, height, 0);
      if (!cost.ok() || cost->seen_width != width || cost->seen_height != height) continue;
      best = std::max(best, double{1} * width * height / static_cast<double>(cost->tokens));
    }
  }
  return best;
}

TEST(Papers, KeepThePixelsThatTheRuleCanGive) {
  const ReaderCatalogue catalogue = BuiltIn();
  for (const ReaderProfile& reader : catalogue.profiles()) {
    // A flat price has no best size. DeepSeek-OCR's ladder is its modes, each with a paper of its
    // own: only the first rung stands on the best.
    if (reader.ladder.empty() || reader.image_rule.kind == Kind::kFlat) continue;
    const double best = BestPixelsPerToken(reader, 2700);
    ASSERT_GT(best, 0) << reader.name;
    for (const Rung& rung : reader.ladder) {
      // DeepSeek-VL2 keeps only two images of a request at their size: pages are its small view.
      if (reader.name == "deepseek-vl2") continue;
      if (reader.name == "deepseek-ocr" && &rung != &reader.ladder.front()) continue;
      const PageBox& box = rung.papers.front().box;
      const auto tokens = static_cast<double>(*ImageTokens(reader, box.width, box.max_height, 0));
      EXPECT_GE(double{1} * box.width * box.max_height / tokens, 0.97 * best)
          << reader.name << " " << rung.name;
    }
  }
}

}  // namespace
}  // namespace fovea
