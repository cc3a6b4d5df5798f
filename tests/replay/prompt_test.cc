#include "replay/prompt.h"

#include <gtest/gtest.h>

namespace fovea::replay {
namespace {

using Kind = Segment::Kind;

Segment Turn(uint64_t id, int64_t tokens) { return {Kind::kTurn, id, tokens}; }
Segment Page(uint64_t id, int64_t tokens) { return {Kind::kPage, id, tokens}; }

TEST(PrefixCache, AGrowingPromptPaysEachTokenOnceAndReadsTheRest) {
  PrefixCache cache(0);
  cache.Send({Turn(1, 100)}, 0);
  cache.Send({Turn(1, 100), Turn(2, 50)}, 0);
  cache.Send({Turn(1, 100), Turn(2, 50), Turn(3, 7)}, 0);
  const Usage& usage = cache.usage();
  EXPECT_EQ(usage.new_text, 157);
  EXPECT_EQ(usage.cached, 100 + 150);
  EXPECT_EQ(usage.sent_again, 0);
  EXPECT_EQ(usage.prefix_breaks, 0);
  EXPECT_EQ(usage.peak, 157);
  EXPECT_EQ(usage.requests, 3);
  EXPECT_DOUBLE_EQ(usage.Cost(0.1, 1.25), 25 + 157 * 1.25);
}

TEST(PrefixCache, BehindAChangeAllIsWrittenAgain) {
  PrefixCache cache(0);
  cache.Send({Turn(1, 100), Turn(2, 50), Turn(3, 7)}, 0);
  cache.Send({Turn(1, 100), Page(1, 20), Turn(3, 7), Turn(4, 5)}, 0);
  const Usage& usage = cache.usage();
  EXPECT_EQ(usage.cached, 100);
  EXPECT_EQ(usage.new_pages, 20);
  EXPECT_EQ(usage.sent_again, 7);
  EXPECT_EQ(usage.new_text, 157 + 5);
  EXPECT_EQ(usage.prefix_breaks, 1);
}

TEST(PrefixCache, AShorterPromptIsABreakThoughAllOfItIsCached) {
  PrefixCache cache(0);
  cache.Send({Turn(1, 100), Turn(2, 50)}, 0);
  cache.Send({Turn(1, 100)}, 0);
  EXPECT_EQ(cache.usage().cached, 100);
  EXPECT_EQ(cache.usage().prefix_breaks, 1);
}

TEST(PrefixCache, ASegmentThatChangedItsLengthIsAnother) {
  PrefixCache cache(0);
  cache.Send({Turn(1, 100)}, 0);
  cache.Send({Turn(1, 90)}, 0);
  EXPECT_EQ(cache.usage().cached, 0);
  EXPECT_EQ(cache.usage().new_text, 190);
}

struct ColdCase {
  const char* name;
  int64_t lifetime_seconds;
  int64_t first_us;
  int64_t second_us;
  bool cold;
};

TEST(PrefixCache, IsColdOnlyAfterItsLifetimeBetweenKnownTimes) {
  for (const ColdCase& c : {ColdCase{"within", 300, 1'000'000, 301'000'000, false},
                            ColdCase{"after", 300, 1'000'000, 301'000'001, true},
                            ColdCase{"no end", 0, 1'000'000, 900'000'000'000, false},
                            ColdCase{"first unknown", 300, 0, 900'000'000'000, false},
                            ColdCase{"second unknown", 300, 900'000'000'000, 0, false}}) {
    PrefixCache cache(c.lifetime_seconds);
    cache.Send({Turn(1, 100)}, c.first_us);
    cache.Send({Turn(1, 100)}, c.second_us);
    EXPECT_EQ(cache.usage().cached, c.cold ? 0 : 100) << c.name;
    EXPECT_EQ(cache.usage().sent_again, c.cold ? 100 : 0) << c.name;
    EXPECT_EQ(cache.usage().prefix_breaks, 0) << c.name;
  }
}

TEST(PrefixCache, ARequestOfUnknownTimeDoesNotMakeTheLastKnownTimeUnknown) {
  PrefixCache cache(300);
  cache.Send({Turn(1, 100)}, 1'000'000);
  cache.Send({Turn(1, 100)}, 0);
  EXPECT_EQ(cache.usage().cached, 100);
  cache.Send({Turn(1, 100)}, 900'000'000);
  EXPECT_EQ(cache.usage().sent_again, 100);
}

}  // namespace
}  // namespace fovea::replay
