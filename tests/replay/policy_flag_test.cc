#include "replay/policy_flag.h"

#include <gtest/gtest.h>

namespace fovea::replay {
namespace {

TEST(PolicyFlag, SetsFieldsByTheirNames) {
  const auto policy = PolicyOf({"tail_high=300", "tail_low_permille=100", "entry_rung=0",
                                "forbid_drawn_results=1", "show_colour_codes=1"});
  ASSERT_TRUE(policy.ok()) << policy.status();
  Policy wanted;
  wanted.tail_high_permille = 300;
  wanted.tail_low_permille = 100;
  wanted.entry_rung = 0;
  wanted.forbid_drawn_results = true;
  wanted.show_colour_codes = true;
  EXPECT_EQ(*policy, wanted);
  EXPECT_EQ(*PolicyOf({}), Policy());
}

TEST(PolicyFlag, RefusesWhatIsNoFieldOrNoNumberOrOutOfRange) {
  for (const char* bad : {"tail=1", "tail_high", "tail_high=", "tail_high=x", "=1", "",
                          "forbid_drawn_results=2", "entry_rung=8"}) {
    EXPECT_FALSE(PolicyOf({bad}).ok()) << bad;
  }
}

}  // namespace
}  // namespace fovea::replay
