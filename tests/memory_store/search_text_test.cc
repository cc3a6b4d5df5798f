#include "memory_store/search_text.h"

#include <string>

#include "core/base/utf8.h"
#include "gtest/gtest.h"

namespace fovea {
namespace {

struct OneLineCase {
  std::string name;
  std::string text;
  std::string line;
};

class OneLineTest : public ::testing::TestWithParam<OneLineCase> {};

TEST_P(OneLineTest, Cleans) { EXPECT_EQ(OneLine(GetParam().text), GetParam().line); }

INSTANTIATE_TEST_SUITE_P(
    Texts, OneLineTest,
    ::testing::Values(OneLineCase{"Plain", "caf\xC3\xA9", "caf\xC3\xA9"},
                      OneLineCase{"Controls", std::string("a\nb\0c\x7f\xC2\x85", 8), "a b c  "},
                      OneLineCase{"IllFormed",
                                  "a\xff"
                                  "b",
                                  "a\xEF\xBF\xBD"
                                  "b"}),
    [](const auto& test) { return test.param.name; });

TEST(SearchText, TakesWhatAReaderReads) {
  Turn turn;
  turn.parts = {TextPart{"alpha"}, ImagePart{"image/png", "beta"},
                ToolCallPart{"gamma", "run", R"({"cmd":"x\ndelta \"q\" \u00e9 \ud83d \u12"})"},
                ToolResultPart{"epsilon", {TextPart{"zeta"}, ImagePart{"image/png", "eta"}}, false},
                OpaquePart{"anthropic.thinking", "theta"}};
  EXPECT_EQ(SearchText(turn), "alpha run {\"cmd\":\"x delta \"q\" \xC3\xA9    12\"} zeta ");
}

TEST(SearchText, SurvivesABackslashAtTheEnd) {
  Turn turn;
  turn.parts = {ToolCallPart{"c", "run", "abc\\"}};
  EXPECT_EQ(SearchText(turn), "run abc  ");
}

struct TrimCase {
  std::string name;
  std::string marked;
  size_t max_bytes;
  std::string snippet;
};

class TrimSnippetTest : public ::testing::TestWithParam<TrimCase> {};

TEST_P(TrimSnippetTest, Trims) {
  const std::string snippet = TrimSnippet(GetParam().marked, GetParam().max_bytes);
  EXPECT_EQ(snippet, GetParam().snippet);
  EXPECT_LE(snippet.size(), GetParam().max_bytes);
  EXPECT_TRUE(IsWellFormedUtf8(snippet));
}

#define ELLIPSIS "\xE2\x80\xA6"
INSTANTIATE_TEST_SUITE_P(
    Snippets, TrimSnippetTest,
    ::testing::Values(TrimCase{"Short",
                               "a \x01"
                               "b\x02 c",
                               20, "a b c"},
                      TrimCase{"MatchAtTheStart",
                               "\x01"
                               "0123456789\x02"
                               "0123456789012345",
                               20, "01234567890123" ELLIPSIS},
                      TrimCase{"MatchInTheMiddle",
                               "aaaaaaaaaaaaaaa\x01XY\x02"
                               "bbbbbbbbbbbbbbb",
                               20, ELLIPSIS "aaaaXYbbbbbbbb" ELLIPSIS},
                      TrimCase{"MatchAtTheEnd", "aaaaaaaaaaaaaaaaaaaaaaaa\x01XY\x02", 20,
                               ELLIPSIS "aaaaaaaaaaaaXY"},
                      TrimCase{"WholeCharacters",
                               "\x01\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\x02"
                               "x\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
                               20, "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9x" ELLIPSIS}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea
