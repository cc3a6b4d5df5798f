#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bench/replay/report.h"
#include "tests/replay/rows.h"

namespace fovea::replay {
namespace {

using ::testing::HasSubstr;

TEST(Report, MarkdownHasTheMedianOfCostsAgainstTheFullHistory) {
  const std::string markdown = Markdown(TwoSessions(),
                                        {{.name = "b", .wanted = "w", .measured = "m", .met = true},
                                         {.name = "sampled", .interval = "1 to 2"}},
                                        {"a note"});
  EXPECT_THAT(markdown, HasSubstr("- a note\n"));
  EXPECT_THAT(markdown, HasSubstr("| b | w | m | – | yes |"));
  EXPECT_THAT(markdown, HasSubstr("| sampled |  |  | 1 to 2 | **no** |"));
  EXPECT_THAT(markdown, HasSubstr("Of 8 strings that Fovea misses, 6 come back by recall and 4"));
  EXPECT_THAT(markdown, HasSubstr("### claude, budget 10 %"));
  EXPECT_THAT(markdown, HasSubstr("| fovea | 0.300 | 1.000 |"));
  EXPECT_THAT(markdown, HasSubstr("| one | 60000 | claude | 16000 | 0.200 | 1.000 |"));
}

}  // namespace
}  // namespace fovea::replay
