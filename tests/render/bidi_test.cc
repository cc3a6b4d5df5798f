#include "render/bidi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

// The text as it stands from left to right.
std::u32string Display(std::u32string_view text, bool rtl_paragraph) {
  std::u32string shown;
  for (const VisualItem& item : OrderForDisplay({text.data(), text.size()}, rtl_paragraph)) {
    shown += item.mirror != 0 ? item.mirror : text[item.index];
  }
  return shown;
}

TEST(Bidi, LeftToRightTextStaysAsItIs) {
  EXPECT_EQ(Display(U"abc (1) def", false), U"abc (1) def");
}

TEST(Bidi, HebrewInEnglishIsReversedInPlace) {
  EXPECT_EQ(Display(U"ab \u05D0\u05D1\u05D2 cd", false), U"ab \u05D2\u05D1\u05D0 cd");
}

TEST(Bidi, EnglishInHebrewKeepsItsOrder) {
  EXPECT_EQ(Display(U"\u05D0\u05D1 cd \u05D2", true), U"\u05D2 cd \u05D1\u05D0");
}

TEST(Bidi, NumbersReadLeftToRightInArabic) {
  EXPECT_EQ(Display(U"\u0628 123 \u062A", true), U"\u062A 123 \u0628");
}

TEST(Bidi, BracketsAreMirrored) { EXPECT_EQ(Display(U"\u05D0(\u05D1)", true), U"(\u05D1)\u05D0"); }

TEST(Bidi, ParagraphDirectionIsThatOfItsFirstLetter) {
  const std::string_view text = "12 \xD7\x90 abc\nabc \xD7\x90\n--";
  EXPECT_TRUE(IsRtlParagraph(text, ParagraphBegin(text, 0)));
  EXPECT_TRUE(IsRtlParagraph(text, ParagraphBegin(text, 7)));
  EXPECT_FALSE(IsRtlParagraph(text, ParagraphBegin(text, text.find("\nabc") + 1)));
  EXPECT_FALSE(IsRtlParagraph(text, ParagraphBegin(text, text.size() - 1)));
}

TEST(Bidi, FindsRightToLeftText) {
  EXPECT_FALSE(HasRtl(""));
  EXPECT_FALSE(HasRtl("plain \xC3\xA9 \xE4\xBD\xA0 \xFF\xD7"));
  EXPECT_TRUE(HasRtl("x\xD7\x90"));
  EXPECT_TRUE(HasRtl("\xD9\xA1"));  // an Arabic digit
}

TEST(Bidi, ControlsAreNotSeenAsLetters) {
  for (const char32_t code_point : {0x202E, 0x202B, 0x200F, 0x2067, 0x061C}) {
    const std::string control = Utf8({code_point});
    EXPECT_FALSE(HasRtl(control));
    EXPECT_FALSE(IsRtlParagraph(control + "abc", 0));
  }
}

}  // namespace
}  // namespace fovea::render
