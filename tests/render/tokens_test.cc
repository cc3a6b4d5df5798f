#include "render/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/hidden_characters.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

constexpr int kPitch = 10;

std::string Describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kGlyph:
      return absl::StrCat("g", token.bytes);
    case Token::Kind::kCluster:
      return absl::StrCat("c", token.bytes);
    case Token::Kind::kSpace:
      return "_";
    case Token::Kind::kNewline:
      return "nl";
    case Token::Kind::kSpaces:
      return absl::StrCat("sp", token.count);
    case Token::Kind::kTabs:
      return absl::StrCat("tab", token.count);
    case Token::Kind::kEscape:
      return absl::StrCat(std::string(token.EscapeText()), token.hidden ? "/h" : "",
                          token.missing ? "/m" : "");
  }
  return "?";
}

std::string ReadAll(std::string_view text) {
  const Metrics metrics(*SharedParts().table, kPitch);
  TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics, text, Weight::kRegular,
                     48);
  std::vector<std::string> described;
  bool line_start = true;
  for (size_t at = 0; at < text.size();) {
    const Token token = reader.Read(at, line_start);
    described.push_back(Describe(token));
    at += token.bytes;
    line_start = token.kind == Token::Kind::kNewline;
  }
  return absl::StrJoin(described, " ");
}

struct TokenCase {
  const char* name;
  std::string text;
  const char* tokens;
};

class Tokens : public testing::TestWithParam<TokenCase> {};

TEST_P(Tokens, AreReadAs) { EXPECT_EQ(ReadAll(GetParam().text), GetParam().tokens); }

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    All, Tokens,
    testing::Values(
        TokenCase{"Words", "a b  c", "g1 _ g1 _ g1"},
        TokenCase{"Indentation", " a\n  b\n\t\tc", "sp1 g1 nl sp2 g1 nl tab2 g1"},
        TokenCase{"InnerSpace", "a   b\tc", "g1 sp3 g1 tab1 g1"},
        TokenCase{"DeepIndentation", std::string(64, ' ') + std::string(7, '\t'), "64sp 7tab"},
        TokenCase{"Terminal", "\x1B[0m\r\n", "^[/h g1 g1 g1 ^M/h nl"},
        TokenCase{"Nul", "\0\x7F"s, "^@/h ^?/h"},
        TokenCase{"BadBytes",
                  "\xFF"
                  "a\xC3",
                  "\\xFF g1 \\xC3"},
        TokenCase{"Surrogate", "\xED\xA0\x80", "\\xED \\xA0 \\x80"},
        TokenCase{"ZeroWidth", Utf8({'a', 0x200B, 'b', 0x202E, 0xFEFF}),
                  "g1 ZWSP/h g1 RLO/h BOM/h"},
        TokenCase{"Tag", "\U000E0041", "[U+E0041]/h"}, TokenCase{"Missing", "\uE000", "[U+E000]/m"},
        TokenCase{"CombiningMark", "e\u0301x", "c3 g1"}, TokenCase{"LoneMark", "\u0301", "c2"},
        TokenCase{"ManyMarks", "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "c13 c4"},
        TokenCase{"EmojiSelector", "\u2764\uFE0F", "g6"},
        TokenCase{"Keycap", "1\uFE0F\u20E3", "c7"},
        TokenCase{"LoneSelector", "a\uFE0F", "g1 [U+FE0F]/h"},
        TokenCase{"SecondSelector", "\u2764\uFE0F\uFE0F", "g6 [U+FE0F]/h"},
        TokenCase{"Arabic", "\u0628\u062A a", "c2 c2 _ g1"},
        TokenCase{"Devanagari", "\u0915\u094D\u0937\u093F", "c12"},
        TokenCase{"Han", "\u4F60\u597D", "g3 g3"}),
    [](const auto& test) { return test.param.name; });

TEST(Tokens, WordsBeginOnTheGrid) {
  const Metrics metrics(*SharedParts().table, kPitch);
  TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics, " \n\x1B",
                     Weight::kRegular, 48);
  for (Sub pen = 0; pen < 4 * kPixel; pen += 37) {
    for (size_t at = 0; at < 3; ++at) {
      const Sub after = PenAfter(reader.Read(at, false), pen);
      EXPECT_EQ(after % kGrid, 0);
      EXPECT_GT(after, pen + metrics.Space(Weight::kRegular) - 1);
    }
  }
}

// A context counts what its pages hide before they are drawn.
TEST(Tokens, WhatIsDrawnAsHiddenIsWhatIsCounted) {
  const Metrics metrics(*SharedParts().table, kPitch);
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = Utf8({c});
    TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics, text, Weight::kRegular,
                       1);
    EXPECT_EQ(reader.Read(0, false).hidden, CountHiddenCharacters(text) == 1)
        << "U+" << std::hex << static_cast<uint32_t>(c);
  }
}

TEST(Tokens, LongRunsOfSpaceAreReadInPieces) {
  const std::string text(25000, ' ');
  EXPECT_EQ(ReadAll(text), "9999sp 9999sp 5002sp");
}

// At 10 pixels a line: a mark's stroke is one pixel, and a newline takes 7.
TEST(Tokens, AreAsWideAsWhatIsDrawn) {
  const Metrics metrics(*SharedParts().table, kPitch);
  const auto& ascii = metrics.Ascii(Weight::kRegular);
  const auto advance = [&](const std::string& text, bool line_start = false) {
    return TokenReader(*SharedParts().table, *SharedParts().shaper, metrics, text, Weight::kRegular,
                       48)
        .Read(0, line_start)
        .advance;
  };
  EXPECT_EQ(advance("\n"), 7 * kPixel);
  EXPECT_EQ(advance(" "), metrics.Space(Weight::kRegular));
  EXPECT_EQ(advance("  "), 2 * metrics.Space(Weight::kRegular));
  EXPECT_EQ(advance("   "), 4 * kPixel) << "a mark";
  EXPECT_EQ(advance(" ", true), 4 * kPixel);
  EXPECT_EQ(advance("\t\t"), 12 * kPixel);
  EXPECT_EQ(advance(std::string(63, ' ')), 19 * kPixel);
  EXPECT_EQ(advance("n"), ascii['n']);
  // A pixel on either side of an escape, and one behind its box.
  const Sub spelled = ascii['^'] + ascii['['];
  EXPECT_EQ(advance("\x1B"), CeilToPixel(spelled + 3 * kPixel));
  EXPECT_EQ(advance("\xFF"), CeilToPixel(ascii['\\'] + ascii['x'] + 2 * ascii['F'] + 3 * kPixel));
}

TEST(Tokens, MarksShowUpTo63SpacesAndSixTabs) {
  EXPECT_EQ(ReadAll("a" + std::string(63, ' ')), "g1 sp63");
  EXPECT_EQ(ReadAll("a" + std::string(64, ' ')), "g1 64sp");
  EXPECT_EQ(ReadAll("a" + std::string(6, '\t')), "g1 tab6");
  EXPECT_EQ(ReadAll("a" + std::string(7, '\t')), "g1 7tab");
  EXPECT_EQ(ReadAll("a  \t b"), "g1 _ tab1 _ g1");
}

TEST(Tokens, SixMarksBelongToALetterAndNoMore) {
  const std::string mark = "\u0301";
  std::string text = "a";
  for (int marks = 1; marks <= 6; ++marks) {
    text += mark;
    EXPECT_EQ(ReadAll(text), "c" + std::to_string(1 + 2 * marks));
  }
  EXPECT_EQ(ReadAll(text + mark), "c13 c2");
}

TEST(Tokens, AMarkOrASelectorContinuesWhatItCanStandOn) {
  const Metrics metrics(*SharedParts().table, kPitch);
  const auto continues = [&](const std::string& text, size_t at) {
    return TokenReader(*SharedParts().table, *SharedParts().shaper, metrics, text, Weight::kRegular,
                       48)
        .ContinuesCluster(at);
  };
  EXPECT_TRUE(continues("e\u0301", 1));
  EXPECT_TRUE(continues("1\uFE0F", 1));
  EXPECT_FALSE(continues("a\uFE0F", 1));
  EXPECT_FALSE(continues("1\u00E9", 1));
  EXPECT_FALSE(continues("1\xFF", 1));
  EXPECT_FALSE(continues("ab", 1));
  EXPECT_FALSE(continues("1", 1));
}

// Two scripts of complex letters, each in runs of its own; a run is as long as it may be.
TEST(Tokens, ARunEndsWhereItsScriptDoes) {
  const Metrics metrics(*SharedParts().table, kPitch);
  const auto run_bytes = [&](const std::string& text, int max_run) {
    TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics, text, Weight::kRegular,
                       max_run);
    return reader.Read(0, false).run->clusters.back().end_byte;
  };
  const std::string arabic = "\u0628\u062A\u062B\u062C";
  EXPECT_EQ(run_bytes(arabic, 48), 8U);
  EXPECT_EQ(run_bytes(arabic, 3), 6U);
  EXPECT_EQ(run_bytes(arabic, 1), 2U);
  EXPECT_EQ(run_bytes(arabic + "\u0E01\u0E02", 48), 8U);
  EXPECT_EQ(run_bytes(arabic + "ab", 48), 8U);
  EXPECT_EQ(run_bytes(arabic + "\xFF", 48), 8U);
}

}  // namespace
}  // namespace fovea::render
