#include "core/forgetting/cost_model.h"

#include <gtest/gtest.h>

namespace fovea {
namespace {

ReaderProfile Priced(double read_price, double write_price) {
  const ReaderCatalogue readers = *BuiltInReaders();
  ReaderProfile reader = **readers.Find("claude");
  reader.cache.read_price = read_price;
  reader.cache.write_price = write_price;
  return reader;
}

CostModel ModelOf(const ReaderProfile& reader, int64_t budget = 64'000,
                  PolicyName policy = PolicyName::kFrugal) {
  return {reader, reader.ladder, {0.15, 0.125, 0.1, 0.08}, budget, policy};
}

constexpr Marks kMarks = {.tail_high_permille = 250,
                          .tail_low_permille = 80,
                          .pressure_low_permille = 750,
                          .entry_rung = 1};

TEST(CostModel, CheapestIsNoDearerThanAnyOther) {
  for (const double read_price : {0.02, 0.1, 0.5}) {
    const ReaderProfile reader = Priced(read_price, 1.25);
    const CostModel model = ModelOf(reader);
    const double least = model.Forecast(model.Cheapest({})).total();
    EXPECT_LE(least, model.Forecast(kMarks).total());
    for (const int high : {150, 400}) {
      for (const int rung : {0, 3}) {
        Marks other = kMarks;
        other.tail_high_permille = high;
        other.entry_rung = rung;
        other.tail_low_permille = high / 10;
        EXPECT_LE(least, model.Forecast(other).total()) << high << " " << rung;
      }
    }
  }
}

TEST(CostModel, TakesWhatThePolicySets) {
  const ReaderProfile reader = Priced(0.1, 1.25);
  const Marks marks = ModelOf(reader).Cheapest({.tail_high_permille = 500,
                                                .tail_low_permille = 70,
                                                .pressure_low_permille = 900,
                                                .entry_rung = 7});
  EXPECT_EQ(marks, (Marks{.tail_high_permille = 500,
                          .tail_low_permille = 70,
                          .pressure_low_permille = 900,
                          .entry_rung = 3}))
      << "a shorter ladder is entered at its last rung";
}

TEST(CostModel, DearerReadsAndWritesCostMore) {
  const CostForecast cheap = ModelOf(Priced(0.02, 1)).Forecast(kMarks);
  const CostForecast usual = ModelOf(Priced(0.1, 1)).Forecast(kMarks);
  const CostForecast dear = ModelOf(Priced(0.1, 2)).Forecast(kMarks);
  EXPECT_LT(cheap.billed, usual.billed);
  EXPECT_LT(usual.billed, dear.billed);
  EXPECT_EQ(usual.misses, dear.misses) << "prices change no page";
}

// Where pages are read badly, more text is kept.
TEST(CostModel, AWorseReaderKeepsMoreText) {
  ReaderProfile good = Priced(0.1, 1.25);
  ReaderProfile bad = good;
  for (Rung& rung : bad.ladder) rung.exact_legibility = rung.legibility = 0.1;
  const Marks of_good = ModelOf(good).Cheapest({});
  const Marks of_bad = ModelOf(bad).Cheapest({});
  EXPECT_LT(of_good.tail_high_permille, of_bad.tail_high_permille);
  EXPECT_LT(ModelOf(good).Forecast(of_good).misses, ModelOf(bad).Forecast(of_bad).misses);
}

// A reader that copies passages from pages needs little text; one that does not keeps a history as
// text for as long as it fits; and an exact policy does so for every reader.
TEST(CostModel, PoliciesFollowFromWhatTheReaderCopies) {
  ReaderProfile strong = Priced(0.1, 1.25);
  ReaderProfile weak = strong;
  for (Rung& rung : strong.ladder) rung.exact_legibility = rung.passage_legibility = 0.9;
  for (Rung& rung : weak.ladder) rung.exact_legibility = rung.passage_legibility = 0;
  for (const int64_t budget : {16'000, 64'000, 1'000'000}) {
    const auto marks = [&](const ReaderProfile& reader, PolicyName policy) {
      return ModelOf(reader, budget, policy).Cheapest({.name = policy});
    };
    EXPECT_FALSE(marks(strong, PolicyName::kFrugal).tail_fills());
    EXPECT_FALSE(marks(weak, PolicyName::kFrugal).tail_fills());
    EXPECT_EQ(marks(strong, PolicyName::kBalanced).tail_high_permille, 250);
    EXPECT_TRUE(marks(weak, PolicyName::kBalanced).tail_fills());
    EXPECT_TRUE(marks(strong, PolicyName::kExact).tail_fills());
    EXPECT_GT(marks(weak, PolicyName::kExact).tail_low_permille,
              marks(weak, PolicyName::kBalanced).tail_low_permille);
  }
}

TEST(CostModel, PassagesCountUnlessThePolicyIsFrugal) {
  ReaderProfile weak = Priced(0.1, 1.25);
  for (Rung& rung : weak.ladder) rung.exact_legibility = rung.passage_legibility = 0;
  const CostForecast frugal = ModelOf(weak, 64'000, PolicyName::kFrugal).Forecast(kMarks);
  const CostForecast balanced = ModelOf(weak, 64'000, PolicyName::kBalanced).Forecast(kMarks);
  EXPECT_EQ(frugal.passage_misses, 0);
  EXPECT_GT(balanced.passage_misses, 0);
  EXPECT_GT(balanced.lost, frugal.lost);
  EXPECT_EQ(balanced.billed, frugal.billed);
}

// What is set by hand holds under every name.
TEST(CostModel, APolicysNameLeavesWhatIsSet) {
  const ReaderProfile reader = Priced(0.1, 1.25);
  for (const PolicyName name : {PolicyName::kBalanced, PolicyName::kFrugal, PolicyName::kExact}) {
    const Marks marks = ModelOf(reader, 64'000, name)
                            .Cheapest({.name = name,
                                       .tail_high_permille = 500,
                                       .tail_low_permille = 70,
                                       .pressure_low_permille = 900,
                                       .entry_rung = 1});
    EXPECT_EQ(marks, (Marks{.tail_high_permille = 500,
                            .tail_low_permille = 70,
                            .pressure_low_permille = 900,
                            .entry_rung = 1}))
        << NameOf(name);
    EXPECT_EQ(*PolicyByName(NameOf(name)), name);
  }
  EXPECT_FALSE(PolicyByName("thrifty").ok());
}

// A budget that holds the whole history as pages is never pressed: only the last look-ups miss.
TEST(CostModel, MissesAreAShareOfLookups) {
  for (const int64_t budget : {1'000, 16'000, 1'000'000, 100'000'000}) {
    const ReaderProfile reader = Priced(0.1, 1.25);
    const CostForecast forecast = ModelOf(reader, budget).Forecast(kMarks);
    EXPECT_GE(forecast.misses, 0);
    EXPECT_LE(forecast.misses, 1.2);
    EXPECT_GT(forecast.billed, 0);
  }
}

// Goldens: marks are chosen by these numbers, and the same view must have the same marks on every
// machine. The reader is the test's own, so that no profile changes them.
TEST(CostModel, ForecastsWhatItAlwaysDid) {
  ReaderProfile reader;
  reader.cache.read_price = 0.1;
  reader.cache.write_price = 1.25;
  for (const double legibility : {1.0, 0.95, 0.9, 0.8}) {
    Rung rung;
    rung.legibility = legibility;
    rung.exact_legibility = legibility - 0.3;
    reader.ladder.push_back(rung);
  }
  const CostForecast usual = ModelOf(reader).Forecast(kMarks);
  EXPECT_DOUBLE_EQ(usual.billed, 7859.0791974077792);
  EXPECT_DOUBLE_EQ(usual.lost, 4167.3046165671785);
  EXPECT_DOUBLE_EQ(usual.misses, 0.077839841425186865);
  const CostForecast small = ModelOf(reader, 8'000).Forecast(kMarks);
  EXPECT_DOUBLE_EQ(small.billed, 4139.8297058823528);
  EXPECT_DOUBLE_EQ(small.misses, 0.1225389523305085);
}

}  // namespace
}  // namespace fovea
