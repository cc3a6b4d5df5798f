#include "replay/lookups.h"

#include <gtest/gtest.h>

#include "tests/replay/histories.h"

namespace fovea::replay {
namespace {

std::string Words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "word ";
  return text;
}

TEST(Lookups, GoBackToTheLastTurnThatHoldsTheString) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(std::make_unique<Session>(
      "s", Numbered({User("see src/far_1.cc and src/near_1.cc"), Call(R"({"path":"src/far_1.cc"})"),
                     Result(Words(20'000)), Result("src/near_1.cc"),
                     Call(R"({"path":"src/near_1.cc"})"), Call(R"({"path":"src/far_1.cc"})")})));
  const Lookups lookups = LookupsOf(sessions);
  EXPECT_EQ(lookups.calls, 3U);
  ASSERT_EQ(lookups.distances.size(), 3U);
  EXPECT_EQ(lookups.distances[0], 0) << "both from the turn before";
  EXPECT_EQ(lookups.distances[1], 0);
  EXPECT_GT(lookups.distances[2], 15'000);
  EXPECT_EQ(lookups.far, 1U);
  EXPECT_EQ(lookups.far_own, 1U);
  EXPECT_EQ(lookups.PerCall(), 1);
  EXPECT_GT(lookups.TokensPerCall(), 5'000);
  EXPECT_NEAR(lookups.Beyond(8'000), 1.0 / 3, 1e-9);
  EXPECT_EQ(lookups.Beyond(1'000'000), 0);
}

// A result of so many tokens between a string and its use.
Lookups LookupsOver(int64_t tokens) {
  std::string text;
  while (TextTokens(Result(text)) < tokens) text += "word ";
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(std::make_unique<Session>(
      "s", Numbered({User("see src/far_1.cc"), Result(text), Call(R"({"path":"src/far_1.cc"})")})));
  return LookupsOf(sessions);
}

TEST(Lookups, AreFarOverMoreTokensThanSaid) {
  const Lookups border = LookupsOver(Lookups::kFarTokens);
  ASSERT_EQ(border.distances, std::vector<int64_t>{Lookups::kFarTokens});
  EXPECT_EQ(border.far, 0U);
  EXPECT_EQ(border.Beyond(Lookups::kFarTokens), 0);
  const Lookups over = LookupsOver(Lookups::kFarTokens + 1);
  ASSERT_EQ(over.distances, std::vector<int64_t>{Lookups::kFarTokens + 1});
  EXPECT_EQ(over.far, 1U);
  EXPECT_EQ(over.far_own, 0U) << "the user wrote it";
  EXPECT_EQ(over.Beyond(Lookups::kFarTokens), 1);
}

TEST(Lookups, OfNothingAreNone) {
  const Lookups lookups = LookupsOf({});
  EXPECT_EQ(lookups.PerCall(), 0);
  EXPECT_EQ(lookups.Beyond(0), 0);
  EXPECT_NE(Describe(lookups), "");
}

}  // namespace
}  // namespace fovea::replay
