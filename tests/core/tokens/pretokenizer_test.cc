#include "core/tokens/pretokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> Split(SplitPattern pattern, std::string_view text) {
  std::vector<std::string> pieces;
  std::array<size_t, 3> ends;
  for (size_t at = 0; at < text.size();) {
    const size_t count = PieceEnds(pattern, text, at, absl::MakeSpan(ends));
    if (count == 0) ADD_FAILURE() << "no piece from " << at;
    if (count == 0) break;
    for (const size_t end : absl::MakeSpan(ends).first(count)) {
      if (end <= at || end > text.size()) {
        ADD_FAILURE() << "a piece from " << at << " to " << end;
        return pieces;
      }
      pieces.emplace_back(text.substr(at, end - at));
      at = end;
    }
  }
  return pieces;
}

struct Case {
  const char* name;
  SplitPattern pattern;
  std::string text;
  std::vector<std::string> pieces;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class PretokenizerTest : public ::testing::TestWithParam<Case> {};

TEST_P(PretokenizerTest, CutsAsThePatternDoes) {
  EXPECT_THAT(Split(GetParam().pattern, GetParam().text), ElementsAreArray(GetParam().pieces));
}

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  std::string name = SplitPatternName(info.param.pattern);
  return name + "_" + info.param.name;
}

constexpr SplitPattern kCl100k = SplitPattern::kCl100k;
constexpr SplitPattern kLlama3 = SplitPattern::kLlama3;
constexpr SplitPattern kQwen2 = SplitPattern::kQwen2;
constexpr SplitPattern kO200k = SplitPattern::kO200k;
constexpr SplitPattern kTekken = SplitPattern::kTekken;
constexpr SplitPattern kDeepSeek3 = SplitPattern::kDeepSeek3;

INSTANTIATE_TEST_SUITE_P(
    Classic, PretokenizerTest,
    ::testing::Values(
        Case{"Words", kLlama3, "the cat.sat(on) x", {"the", " cat", ".sat", "(on", ")", " x"}},
        Case{"Contractions",
             kLlama3,
             "it's IT'S 'said we'Ll",
             {"it", "'s", " IT", "'S", " '", "said", " we", "'Ll"}},
        Case{"LongSContracts", kLlama3, "x'\u017Fa", {"x", "'\u017F", "a"}},
        Case{"ContractionsThatAreNone", kLlama3, "'x'rx'lx'", {"'x", "'rx", "'lx", "'"}},
        Case{"DigitsByThrees", kLlama3, "1234567 89", {"123", "456", "7", " ", "89"}},
        Case{"DigitsSingly", kQwen2, "123 4", {"1", "2", "3", " ", "4"}},
        Case{"DigitsOfAnyScript", kLlama3, "٣½Ⅷ²①", {"٣½Ⅷ", "²①"}},
        Case{"MarksWithNewlines", kLlama3, "{\n\n  }\r\n/x", {"{\n\n", " ", " }\r\n", "/x"}},
        Case{"AnyMarkBeforeAWord",
             kLlama3,
             "\tab\u00A0cd\u200Bef",
             {"\tab", "\u00A0cd", "\u200Bef"}},
        Case{"NoNewlineBeforeAWord", kLlama3, "a\nb", {"a", "\n", "b"}},
        Case{"CombiningMarkIsNoLetter", kLlama3, "e\u0301x \u0301", {"e", "\u0301x", " \u0301"}},
        Case{"SpacesLeaveOneToTheWord", kLlama3, "a   b", {"a", "  ", " b"}},
        Case{"SpacesLeaveOneToADigit", kLlama3, "a   1", {"a", "  ", " ", "1"}},
        Case{"NewlinesTakeTheSpaceBefore", kLlama3, "a  \n \n  b", {"a", "  \n \n", " ", " b"}},
        Case{"TrailingSpaceAfterANewline", kLlama3, "a \n  ", {"a", " \n", "  "}},
        Case{"TrailingSpaceIsWhole", kCl100k, "a \n  ", {"a", " \n  "}},
        Case{"OtherWhiteSpace", kLlama3, "a\u0085\u2028\u3000b", {"a", "\u0085\u2028", "\u3000b"}},
        Case{"ByteOrderMarkIsNoSpace", kLlama3, "\uFEFF\uFEFF a", {"\uFEFF\uFEFF", " a"}},
        Case{"IllFormedIsAMark", kLlama3, "a\xFF\xFE b", {"a", "\xFF\xFE", " b"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    O200k, PretokenizerTest,
    ::testing::Values(
        Case{"CamelCase", kO200k, "HTMLParser fooBar XMLx", {"HTMLParser", " foo", "Bar", " XMLx"}},
        Case{"Contractions", kO200k, "it's DON'T it'said", {"it's", " DON'T", " it's", "aid"}},
        Case{"LongSContracts", kO200k, "it'\u017Fa", {"it'\u017F", "a"}},
        Case{"NoContractionAlone", kO200k, "'s 's", {"'s", " '", "s"}},
        Case{"CaselessThenCapitals", kO200k, "あBC あb", {"あ", "BC", " あb"}},
        Case{"CapitalsThenCaseless", kO200k, "BCあ漢D", {"BCあ漢", "D"}},
        Case{"MarkMayLeadOrBeAWord",
             kO200k,
             "\u0301ab \u0301AB-\u0301",
             {"\u0301ab", " \u0301", "AB", "-\u0301"}},
        Case{"MarkBeforeNothing", kO200k, "\u0301\u0301!", {"\u0301\u0301", "!"}},
        Case{"CapitalsWithALead", kO200k, "(ABC) _A", {"(ABC", ")", " _", "A"}},
        Case{"Titlecase", kO200k, "ǅab ǅ", {"ǅab", " ǅ"}},
        Case{"SlashesBelongToMarks", kO200k, "//\n/a !\r\n//", {"//\n/", "a", " !\r\n//"}},
        Case{"Digits", kO200k, "x1234", {"x", "123", "4"}},
        Case{"Spaces", kO200k, "a  \n  b  ", {"a", "  \n", " ", " b", "  "}},
        Case{"Tekken", kTekken, "it's 12\n", {"it", "'s", " ", "1", "2", "\n"}},
        Case{"TekkenCapitals", kTekken, "DON'T", {"DON", "'T"}}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    DeepSeek, PretokenizerTest,
    ::testing::Values(
        Case{"Words",
             kDeepSeek3,
             "the cat's e\u0301\u0301x",
             {"the", " cat", "'s", " e\u0301\u0301x"}},
        Case{"AsciiMarkTakesAsciiLetters", kDeepSeek3, ".abcé $Ab", {".abc", "é", " $", "Ab"}},
        Case{"OtherMarkTakesNone", kDeepSeek3, "«abc", {"«", "abc"}},
        Case{"Digits", kDeepSeek3, "a1234b", {"a", "123", "4", "b"}},
        Case{"SpacesEndBeforeADigit", kDeepSeek3, "a   1", {"a", "   ", "1"}},
        Case{"SpacesEndBeforeKana", kDeepSeek3, "a   か", {"a", "   ", "か"}},
        Case{"SpacesLeaveOneToOthers", kDeepSeek3, "a   b", {"a", "  ", " b"}},
        Case{"KanaAndHan", kDeepSeek3, "abカナ漢字cd", {"ab", "カナ漢字", "cd"}},
        Case{"MarksAmongKana", kDeepSeek3, "カ・・カ!・", {"カ", "・・", "カ", "!", "・"}},
        Case{"HanBeyondTheRange", kDeepSeek3, "漢\u9FA6a", {"漢", "\u9FA6a"}},
        Case{"NoNewlineAfterKanaMarks", kDeepSeek3, "・\n!\n", {"・", "\n", "!\n"}},
        Case{"Unmatched",
             kDeepSeek3,
             std::string("\0\1\2ab\1\1 \1!\1", 11),
             {std::string("\0\1", 2), "\2ab", "\1\1", " ", "\1", "!", "\1"}},
        Case{"UnassignedAmongKana", kDeepSeek3, "か\u3040\u3040か", {"か", "\u3040", "\u3040か"}},
        Case{"DigitsMayNotLead", kDeepSeek3, "½é", {"½", "é"}}),
    NameOf);

TEST(Pretokenizer, EachPieceBeginsWhereTheLastEnded) {
  // A million characters at which some patterns look ahead or step back.
  for (const char* unit : {" ", "\n", " \n", "a", "A", "あB", "\u0301", "!", "・か", "1", "\x01"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    for (const SplitPattern pattern : {kCl100k, kQwen2, kO200k, kDeepSeek3}) {
      size_t bytes = 0;
      for (const std::string& piece : Split(pattern, text)) bytes += piece.size();
      EXPECT_EQ(bytes, text.size()) << unit;
    }
  }
}

}  // namespace
}  // namespace fovea
