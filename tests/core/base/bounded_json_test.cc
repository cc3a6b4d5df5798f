#include "core/base/bounded_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace fovea {
namespace {

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(BoundedJson, MeasuresDepthAndValues) {
  struct Case {
    const char* text;
    size_t depth;
    size_t least_values;
  };
  for (const Case& c : {Case{"", 0, 0}, Case{"1", 0, 1}, Case{"[]", 1, 1}, Case{"[1,2,3]", 1, 4},
                        Case{R"({"a":[{"b":1}],"c":2})", 3, 7}, Case{R"(["[[[[\"{{,,::"])", 1, 2},
                        Case{"]]]][[", 2, 1}, Case{R"("\\[" [[)", 2, 1}}) {
    const JsonSize size = MeasureJson(c.text);
    EXPECT_EQ(size.depth, c.depth) << c.text;
    EXPECT_GE(size.values, c.least_values) << c.text;
    EXPECT_LE(size.values, c.least_values + 3) << c.text;
  }
}

TEST(BoundedJson, ParsesUpToItsBounds) {
  EXPECT_EQ(ParseBoundedJson(R"({"a":1})")["a"], 1);
  EXPECT_TRUE(ParseBoundedJson("{").is_discarded());
  EXPECT_FALSE(ParseBoundedJson(Nested(kMaxJsonDepth)).is_discarded());
  EXPECT_TRUE(ParseBoundedJson(Nested(kMaxJsonDepth + 1)).is_discarded());
  EXPECT_TRUE(ParseBoundedJson(Nested(2'000'000)).is_discarded());
  EXPECT_TRUE(ParseBoundedJson(R"({"a":)" + std::string(2'000'000, '[')).is_discarded());
  EXPECT_FALSE(ParseBoundedJson("[1,2,3]", 4).is_discarded());
  EXPECT_TRUE(ParseBoundedJson("[1,2,3,4,5]", 4).is_discarded());
}

}  // namespace
}  // namespace fovea
