#include "core/sheet/sheet.h"

#include <gtest/gtest.h>

#include <vector>

namespace fovea {
namespace {

using Section = Sheet::Section;

SheetPart PartOf(uint64_t first, uint64_t last, int64_t tokens) {
  return {
      .turns = {first, last}, .count = last - first + 1, .tokens = tokens, .text_tokens = tokens};
}

SheetPart OnPages(SheetPart part, size_t pages, uint64_t bytes) {
  part.on_pages = true;
  part.drawn.pages.resize(pages);
  part.drawn.bytes = bytes;
  return part;
}

TEST(Place, IsOrderedFromSharpToForgotten) {
  const std::vector<Place> places = {Place::Verbatim(), Place::Rung(0), Place::Rung(1),
                                     Place::Rung(7),    Place::Gist(),  Place::Latent()};
  for (size_t i = 1; i < places.size(); ++i) EXPECT_LT(places[i - 1], places[i]) << i;
  EXPECT_EQ(Place(), Place::Verbatim());
  EXPECT_EQ(Place::Rung(7).rung(), 7U);
}

TEST(Place, EachIsOfOneKind) {
  for (const Place place : {Place::Verbatim(), Place::Rung(3), Place::Gist(), Place::Latent()}) {
    EXPECT_EQ(place.is_verbatim() + place.is_rung() + place.is_gist() + place.is_latent(), 1);
  }
  EXPECT_TRUE(Place::Rung(0).is_rung());
  EXPECT_TRUE(Place::Gist().is_gist());
  EXPECT_TRUE(Place::Latent().is_latent());
}

TEST(Place, PositionsGoThroughTheLadder) {
  for (const size_t rungs : {0U, 1U, 4U}) {
    for (size_t position = 0; position < rungs + 2; ++position) {
      EXPECT_EQ(Place::At(position, rungs).Position(rungs), position);
    }
    EXPECT_EQ(Place::At(rungs, rungs), Place::Gist());
    EXPECT_EQ(Place::At(rungs + 1, rungs), Place::Latent());
  }
}

TEST(SheetPart, KnowsWhatOfItIsText) {
  SheetPart turn = PartOf(5, 5, 300);
  turn.result_tokens = 250;
  EXPECT_EQ(turn.verbatim_tokens(), 300);
  EXPECT_EQ(turn.saved_tokens(), 0);
  turn.on_pages = true;
  turn.drawn.tokens = 40;
  EXPECT_EQ(turn.verbatim_tokens(), 50) << "its results are on pages";
  turn.place = Place::Rung(1);
  EXPECT_EQ(turn.verbatim_tokens(), 0) << "a run on pages has no text";
  EXPECT_EQ(turn.saved_tokens(), 260);
}

TEST(SheetPart, HasFadedAsFarAsItsRungEvenWhereItIsText) {
  SheetPart run{.rung = 2};
  EXPECT_EQ(run.faded(), Place::Rung(2));
  run.place = Place::Gist();
  EXPECT_EQ(run.faded(), Place::Gist());
}

TEST(SheetPart, FindsWhatIsLeftOutOfATurn) {
  const SheetPart run{.turns = {3, 9}, .elided_of_turns = {{4, 100}, {7, 20}}};
  EXPECT_EQ(run.ElidedOf(4), 100U);
  EXPECT_EQ(run.ElidedOf(7), 20U);
  EXPECT_EQ(run.ElidedOf(5), 0U);
  EXPECT_EQ(run.ElidedOf(9), 0U);
}

class SheetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sheet_.Add(Section::kTail, PartOf(20, 20, 7));
    sheet_.Add(Section::kPins, PartOf(6, 6, 50));
    sheet_.Add(Section::kRuns, OnPages(PartOf(5, 9, 100), 2, 1'000));
    sheet_.Add(Section::kRuns, OnPages(PartOf(12, 19, 200), 3, 3'000));
    sheet_.Add(Section::kHead, PartOf(1, 1, 11));
    sheet_.Add(Section::kLatent, {.place = Place::Latent(), .turns = {2, 11}, .tokens = 30});
    sheet_.Add(Section::kTail, PartOf(21, 21, 8));
  }

  // By hand.
  void ExpectTotalsAreSums() const {
    SheetTotals all;
    for (const Section section :
         {Section::kHead, Section::kLatent, Section::kRuns, Section::kPins, Section::kTail}) {
      SheetTotals totals;
      for (const SheetPart& part : sheet_.parts(section)) {
        totals.tokens += part.tokens;
        totals.verbatim_tokens += part.verbatim_tokens();
        totals.images += part.drawn.pages.size() + part.own_images;
        totals.bytes += part.drawn.bytes + part.own_image_bytes;
      }
      EXPECT_EQ(totals, sheet_.totals(section));
      all += totals;
    }
    EXPECT_EQ(all, sheet_.totals());
    EXPECT_EQ(all.tokens, sheet_.tokens());
  }

  Sheet sheet_;
};

TEST_F(SheetTest, ThePrefixIsInTheOrderServed) {
  std::vector<int64_t> tokens;
  for (const SheetPart* part : sheet_.prefix()) tokens.push_back(part->tokens);
  EXPECT_EQ(tokens, (std::vector<int64_t>{11, 30, 100, 200, 50}));
  EXPECT_EQ(sheet_.prefix().front()->section, Section::kHead);
  EXPECT_EQ(sheet_.tail().back().section, Section::kTail);
}

TEST_F(SheetTest, KeepsItsTotals) {
  ExpectTotalsAreSums();
  EXPECT_EQ(sheet_.tokens(), 406);
  EXPECT_EQ(sheet_.totals().images, 5U);
  EXPECT_EQ(sheet_.totals().bytes, 4'000U);
  sheet_.Change(Section::kTail, 1, [](SheetPart& part) {
    part.tokens = 1'000;
    part.own_images = 2;
    part.own_image_bytes = 70;
  });
  ExpectTotalsAreSums();
  EXPECT_EQ(sheet_.TakeFirst(Section::kTail).turns.first, 20U);
  ExpectTotalsAreSums();
  const Sheet::Parts runs = sheet_.TakeAll(Section::kRuns);
  EXPECT_EQ(runs.size(), 2U);
  EXPECT_TRUE(sheet_.runs().empty());
  ExpectTotalsAreSums();
}

TEST_F(SheetTest, EveryTurnHasOneHome) {
  EXPECT_EQ(sheet_.HomeOf(1), &sheet_.head().front());
  EXPECT_EQ(sheet_.HomeOf(2), sheet_.latent());
  EXPECT_EQ(sheet_.HomeOf(6), &sheet_.runs().front()) << "not the pin, and not the latent range";
  EXPECT_EQ(sheet_.HomeOf(10), sheet_.latent());
  EXPECT_EQ(sheet_.HomeOf(12), &sheet_.runs().back());
  EXPECT_EQ(sheet_.HomeOf(20), &sheet_.tail().front());
  EXPECT_EQ(sheet_.HomeOf(21), &sheet_.tail().back());
  EXPECT_EQ(sheet_.HomeOf(22), nullptr);
}

}  // namespace
}  // namespace fovea
