#include "memory_store/search_text.h"

#include <optional>
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

TEST(SearchText, IsTheRecalledTextOnOneLine) {
  Turn turn;
  turn.parts = {TextPart{"al\npha"}, ImagePart{"image/png", "beta"},
                ToolCallPart{"gamma", "run", R"({"cmd":"x\ndelta \"q\" \u00e9 \ud83d \u12"})"},
                ToolResultPart{"epsilon", {TextPart{"ze\\nta"}}, false},
                OpaquePart{"anthropic.thinking", "theta"}};
  EXPECT_EQ(SearchText(RecallTextOf(turn)),
            "al pha [image 1: image/png, 4 bytes] → run {\"cmd\":\"x delta \"q\" \xC3\xA9    12\"} "
            "ze\\nta [anthropic.thinking block, 5 bytes]");
}

TEST(SearchText, SurvivesABackslashAtTheEnd) {
  Turn turn;
  turn.parts = {ToolCallPart{"c", "run", "abc\\"}, TextPart{"n\\n"}};
  EXPECT_EQ(SearchText(RecallTextOf(turn)), "→ run abc  n\\n");
}

struct FindCase {
  std::string name;
  Part part;
  std::string shown;
  std::string found;
};

class FindInTextTest : public ::testing::TestWithParam<FindCase> {};

TEST_P(FindInTextTest, NamesTheBytes) {
  Turn turn;
  turn.parts = {TextPart{"first"}, GetParam().part, TextPart{"last"}};
  const RecallText recall = RecallTextOf(turn);
  const std::optional<ByteSpan> span = FindInText(recall, GetParam().shown);
  ASSERT_TRUE(span.has_value());
  EXPECT_EQ(recall.text.substr(span->begin, span->end - span->begin), GetParam().found);
}

INSTANTIATE_TEST_SUITE_P(
    Places, FindInTextTest,
    ::testing::Values(FindCase{"Start", TextPart{"x"}, "first x", "first\nx"},
                      FindCase{"End", TextPart{"x"}, "x last", "x\nlast"},
                      FindCase{"All", TextPart{"x"}, "first x last", "first\nx\nlast"},
                      FindCase{"BehindIllFormedBytes", TextPart{"\xff\xfe word \xff"},
                               "word \xEF\xBF\xBD last", "word \xff\nlast"},
                      FindCase{"BehindControls", TextPart{"\xC2\x85\xC2\x85 word"}, "word", "word"},
                      FindCase{"EscapedArguments",
                               ToolCallPart{"c", "f", R"({"a":"x\nword\u00e9s\n"})"},
                               "word\xC3\xA9s", R"(word\u00e9s)"},
                      FindCase{"AcrossAnEscape", ToolCallPart{"c", "f", R"({"a":"one\ntwo"})"},
                               "one two", R"(one\ntwo)"},
                      FindCase{"BehindEscapes", ToolCallPart{"c", "f", R"({"\u00e9":"\\\"\n"})"},
                               "last", "last"}),
    [](const auto& test) { return test.param.name; });

TEST(FindInText, FindsNothingThatIsNotThere) {
  Turn turn;
  turn.parts = {TextPart{"word"}};
  EXPECT_FALSE(FindInText(RecallTextOf(turn), "words").has_value());
  EXPECT_FALSE(FindInText(RecallTextOf(turn), "").has_value());
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
