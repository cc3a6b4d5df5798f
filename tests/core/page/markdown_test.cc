#include "core/page/markdown.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace fovea {
namespace {

struct EmphasisCase {
  const char* name;
  std::string text;
  std::vector<std::string> bold;  // within lines
  std::vector<std::string> headings;
};

class Emphasis : public testing::TestWithParam<EmphasisCase> {};

TEST_P(Emphasis, IsFound) {
  const std::string& text = GetParam().text;
  std::vector<std::string> bold;
  std::vector<std::string> headings;
  size_t at = 0;
  for (const EmphasisedSpan& span : FindEmphasis(text, 100)) {
    EXPECT_LE(at, span.begin);
    EXPECT_LT(span.begin, span.end);
    (span.heading ? headings : bold).push_back(text.substr(span.begin, span.end - span.begin));
    at = span.end;
  }
  EXPECT_LE(at, text.size());
  EXPECT_EQ(bold, GetParam().bold);
  EXPECT_EQ(headings, GetParam().headings);
}

INSTANTIATE_TEST_SUITE_P(
    All, Emphasis,
    testing::Values(
        EmphasisCase{"Plain", "no marks * at _ all #1"},
        EmphasisCase{"Stars", "a **b c** d **e**", {"**b c**", "**e**"}},
        EmphasisCase{"Bars", "a __b c__ d", {"__b c__"}},
        EmphasisCase{"BarsInAWord", "my__init__name and x__y__"},
        EmphasisCase{"StarsInAWord", "un**believ**able", {"**believ**"}},
        EmphasisCase{"SpaceWithin", "2 ** 3 ** 4 and ** a **"},
        EmphasisCase{"NotClosed", "**a\nb** and **c**", {"**c**"}},
        EmphasisCase{"Three", "***both***", {"**both**"}},
        EmphasisCase{"Escaped", R"(\**a** and \*\*b**)"},
        EmphasisCase{"Code", "`**a**` ``b ` **c**`` **d**", {"**d**"}},
        EmphasisCase{"CodeNotClosed", "` **a**", {"**a**"}},
        EmphasisCase{"Fenced", "```cc\n# a\n**b**\n~~~\n```\n**c**\n~~~~\n# d\n~~~\n", {"**c**"}},
        EmphasisCase{"Headings",
                     "# One\n###### Six\n\n## T **w** o",
                     {},
                     {"# One", "###### Six", "## T **w** o"}},
        EmphasisCase{"NoHeadings", "#include <a>\n#\n####### Seven\n # indented\nx # y"},
        EmphasisCase{"Hebrew",
                     "**\u05E9\u05DC\u05D5\u05DD** x\n# \u05E9\u05DC\u05D5\u05DD\n**a**",
                     {"**a**"},
                     {"# \u05E9\u05DC\u05D5\u05DD"}},
        EmphasisCase{"BeyondAscii",
                     "**\u4F60\u597D** \U0001F680 **\u00E9t\u00E9**",
                     {"**\u4F60\u597D**", "**\u00E9t\u00E9**"}},
        EmphasisCase{"Empty", ""}, EmphasisCase{"OnlyMarks", "****\n__\n**\n`"},
        EmphasisCase{"BadBytes", "**\xFF\xC3** \xE2", {"**\xFF\xC3**"}}),
    [](const auto& test) { return test.param.name; });

TEST(FindEmphasis, StopsAtTheMost) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "**a** # b\n# c\n";
  EXPECT_EQ(FindEmphasis(text, 7).size(), 7U);
  EXPECT_EQ(FindEmphasis(text, 1000).size(), 100U);
}

// Texts that would take a careless scan a time in proportion to the square of their length.
TEST(FindEmphasis, IsLinear) {
  for (const char* piece :
       {"**a ", "__a ", "** ", "` ``a ", "```` ", "*", "_", "`", "# ", "\\", "**a**", " **"}) {
    std::string text;
    while (text.size() < (1U << 22)) text += piece;
    const std::clock_t start = std::clock();
    FindEmphasis(text, 1000);
    FindEmphasis("**a** \u05D0 " + text, 1000);
    EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 2) << piece;
  }
}

}  // namespace
}  // namespace fovea
