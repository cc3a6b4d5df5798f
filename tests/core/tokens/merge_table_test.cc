#include "core/tokens/merge_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace fovea {
namespace {

TEST(MergeTable, FindsNothingInNothing) {
  const MergeTable table({});
  EXPECT_EQ(table.Find(0, 0), MergeTable::kNone);
  EXPECT_EQ(table.Find(1000, 7), MergeTable::kNone);
}

TEST(MergeTable, AgreesWithAMap) {
  std::mt19937 random(1);
  // Few numbers: most pairs are there. Many: hardly any is.
  for (const uint32_t numbers : {16U, 300U, 200'000U}) {
    const auto pair = [&] { return std::pair(random() % numbers, random() % numbers); };
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> expected;
    std::vector<MergeTable::Merge> merges;
    for (uint32_t token = 0; token < 20'000; ++token) {
      const auto [left, right] = pair();
      if (!expected.emplace(std::pair(left, right), token).second) continue;
      merges.push_back({.left = static_cast<uint32_t>(left),
                        .right = static_cast<uint32_t>(right),
                        .token = token});
    }
    const MergeTable table(merges);
    for (const auto& [key, token] : expected) {
      ASSERT_EQ(table.Find(key.first, key.second), token);
    }
    for (int i = 0; i < 20'000; ++i) {
      const auto [left, right] = pair();
      const auto found = expected.find({left, right});
      ASSERT_EQ(table.Find(left, right),
                found == expected.end() ? MergeTable::kNone : found->second);
    }
  }
}

}  // namespace
}  // namespace fovea
