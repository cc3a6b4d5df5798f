#include "cli/formats/tiers_view.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "cli/formats/console.h"

namespace fovea::cli {
namespace {

v1::ContextSummary Summary() {
  v1::ContextSummary summary;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(R"(
      tokens: 59120 budget: 64000 epoch: 7 epoch_since_seq: 398 as_of_seq: 412
      epoch_reason: "the tail was over its share"
      characters { text: 300000 pages: 600000 elided: 5000 latent: 95000 }
      pinned { first: 1 last: 2 } pinned { first: 40 last: 40 }
      rungs { rung: "latent" turns: 40 first_seq: 3 last_seq: 42 characters: 100000
              text_tokens: 25000 }
      rungs { rung: "faint" turns: 200 first_seq: 43 last_seq: 242 characters: 400000
              tokens: 20000 text_tokens: 110000 pages: 12 legibility: 0.83 evidence: "assumed" }
      rungs { rung: "soft" turns: 100 first_seq: 243 last_seq: 342 characters: 200000
              tokens: 16000 text_tokens: 56000 pages: 9 legibility: 0.951 evidence: "measured" }
      rungs { rung: "verbatim" turns: 72 first_seq: 1 last_seq: 412 characters: 300000
              tokens: 23120 text_tokens: 23120 legibility: 1 })",
                                                                    &summary);
  EXPECT_TRUE(parsed);
  return summary;
}

TiersViewOptions Options() {
  return {.session = "long-session",
          .reader = "claude",
          .ladder = {"sharp", "soft", "faint"},
          .columns = 64};
}

TEST(RenderTiers, Golden) {
  EXPECT_EQ(RenderTiers(Summary(), Options()),
            R"(  long-session as claude sees it at turn 412

  ······░░░░░░░░░░░░░░░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒██████████████████
  oldest                                                newest

      rung      turns  sequence  as text  served  smaller  pages
  ██  verbatim     72     1–412   23,120  23,120     1.0×      –
  ▒▒  soft        100   243–342   56,000  16,000     3.5×      9
  ░░  faint       200    43–242  110,000  20,000     5.5×     12
  ··  latent       40      3–42   25,000       0        –      –
      all         412            214,120  59,120     3.6×     21

  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━── 59,120 of 64,000 tokens (92 %, estimated on the safe side)
  epoch 7 since turn 398: the tail was over its share
  of 1,000,000 characters: 30.0 % as text, 60.0 % on pages, 0.5 % elided, 9.5 % latent
  pinned: #1–#2, #40
)");
}

TEST(HistoryBar, EveryRungShowsAndTheWidthHolds) {
  v1::ContextSummary summary = Summary();
  summary.mutable_rungs(2)->set_characters(1);
  for (const int columns : {40, 60, 133}) {
    const std::string bar = HistoryBar(summary, Options(), columns);
    EXPECT_EQ(DisplayWidth(bar), static_cast<size_t>(columns));
    EXPECT_NE(bar.find("▒"), std::string::npos);
  }
}

TEST(HistoryBar, IsEmptyForAnEmptyHistory) {
  EXPECT_EQ(HistoryBar(v1::ContextSummary(), Options(), 60), "");
}

TEST(HistoryBar, FadesInColoursWhereThereAreSome) {
  TiersViewOptions options = Options();
  options.colour = true;
  const std::string bar = HistoryBar(Summary(), options, 10);
  EXPECT_EQ(bar,
            "\x1b[38;5;96m·\x1b[0m\x1b[38;5;136m░░░░\x1b[0m\x1b[38;5;72m▒▒\x1b[0m"
            "\x1b[38;5;33m███\x1b[0m");
}

TEST(RenderTiers, TheTableFitsANarrowTerminal) {
  TiersViewOptions options = Options();
  options.columns = 40;
  const std::string text = RenderTiers(Summary(), options);
  bool table = false;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    table = table || absl::StrContains(line, "rung ");
    if (table && line.empty()) break;
    if (table) {
      EXPECT_LE(DisplayWidth({line.data(), line.size()}), 40U) << line;
    }
  }
  EXPECT_TRUE(table) << text;
  EXPECT_NE(text.find("served"), std::string::npos);
  EXPECT_EQ(text.find("evidence"), std::string::npos);
}

TEST(RenderTiers, GistAndTheDeepestRungLookDifferent) {
  TiersViewOptions options = Options();
  options.ladder = {"sharp", "soft", "faint", "trace"};
  v1::ContextSummary summary;
  summary.add_rungs()->set_rung("gist");
  summary.add_rungs()->set_rung("trace");
  for (v1::RungShare& rung : *summary.mutable_rungs()) rung.set_characters(10);
  const std::string bar = HistoryBar(summary, options, 10);
  EXPECT_EQ(bar, "≡≡≡≡≡∷∷∷∷∷");
}

TEST(RenderTiers, NamesTheReaderThatWasMeant) {
  TiersViewOptions options = Options();
  options.reader = "cluade";
  options.nearest_reader = "claude";
  v1::ContextSummary summary = Summary();
  summary.set_reader("text-only");
  EXPECT_NE(RenderTiers(summary, options).find("did you mean claude?"), std::string::npos);
}

TEST(RenderTiers, AnEmptySessionHasNoTable) {
  v1::ContextSummary summary;
  summary.set_budget(1000);
  const std::string text = RenderTiers(summary, Options());
  EXPECT_EQ(text.find("rung"), std::string::npos) << text;
  EXPECT_NE(text.find("epoch 0: everything is text"), std::string::npos) << text;
}

}  // namespace
}  // namespace fovea::cli
