#include "core/forgetting/fade.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/forgetting/mentions.h"

namespace fovea {
namespace {

// As if each position's text were one piece of that many tokens.
std::optional<size_t> Next(const std::vector<double>& tokens, double reserve, double oldest = 10) {
  return NextToFade(tokens, reserve, [&](size_t position) -> std::optional<double> {
    if (tokens[position] <= 0) return std::nullopt;
    return oldest;
  });
}

TEST(Fade, AFullRungIsThinnedFirstTheSharpestBeforeOthers) {
  EXPECT_EQ(Next({70, 100, 200, 0}, 0), 0U) << "70 is 0.7 of 100";
  EXPECT_EQ(Next({69, 100, 140, 1'000}, 0), 1U) << "69 is not, 100 is 0.71 of 140";
  EXPECT_EQ(Next({0, 0, 50, 50}, 0), 2U);
}

TEST(Fade, ThenTheDeepestRungGivesWhatIsOverItsReserve) {
  EXPECT_EQ(Next({10, 100, 1'000, 10'000}, 50), 2U) << "not the gist";
  EXPECT_EQ(Next({30, 60, 90, 1'000}, 80), 2U) << "80 are left";
  EXPECT_EQ(Next({30, 60, 89, 1'000}, 80), 3U) << "79 would be left: the gist goes";
  EXPECT_EQ(Next({1, 70, 0, 1'000}, 60, 10), 1U) << "full against an empty one";
}

TEST(Fade, AtLastWhateverThereIsTheDeepestFirst) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Next({10, 20, 40, 80}, kNone), 3U);
  EXPECT_EQ(Next({0, 0, 0, 80}, kNone), 3U);
  EXPECT_EQ(Next({0, 0, 0, 0}, kNone), std::nullopt);
  EXPECT_EQ(Next({5}, 0), 0U) << "a ladder without rungs has a gist";
}

TEST(Fade, WhatMayNotMoveIsPassedOver) {
  const std::vector<double> tokens = {100, 100, 100, 100};
  const auto only = [&](size_t free) {
    return NextToFade(tokens, 0, [&](size_t position) -> std::optional<double> {
      if (position != free) return std::nullopt;
      return 10;
    });
  };
  for (size_t position = 0; position < tokens.size(); ++position) {
    EXPECT_EQ(only(position), position);
  }
  EXPECT_EQ(only(9), std::nullopt);
}

TEST(Mentions, AreNumbersBehindASign) {
  using Seqs = std::vector<uint64_t>;
  EXPECT_EQ(SeqsNamedIn("#1"), (Seqs{1}));
  EXPECT_EQ(SeqsNamedIn("as #12 said, #x and # and #999999, (#3)"), (Seqs{12, 999'999, 3}));
  EXPECT_EQ(SeqsNamedIn("##7#8"), (Seqs{7, 8}));
  EXPECT_EQ(SeqsNamedIn("#99999999999999999999999 #5"), (Seqs{5})) << "no turn has that number";
  EXPECT_EQ(SeqsNamedIn("no number"), Seqs());
  EXPECT_EQ(SeqsNamedIn(""), Seqs());
}

}  // namespace
}  // namespace fovea
