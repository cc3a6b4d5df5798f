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

TEST(Lookups, OfNothingAreNone) {
  const Lookups lookups = LookupsOf({});
  EXPECT_EQ(lookups.PerCall(), 0);
  EXPECT_EQ(lookups.Beyond(0), 0);
  EXPECT_NE(Describe(lookups), "");
}

}  // namespace
}  // namespace fovea::replay
