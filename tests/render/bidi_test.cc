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

TEST(Bidi, AParagraphBeginsBehindTheNewlineBeforeIt) {
  const std::string_view text = "ab\nc\n\nd";
  const size_t begins[] = {0, 0, 0, 3, 3, 5, 6, 6};
  for (size_t at = 0; at <= text.size(); ++at)
    EXPECT_EQ(ParagraphBegin(text, at), begins[at]) << at;
}

TEST(Bidi, AParagraphWithoutALetterIsNotRightToLeft) {
  EXPECT_FALSE(IsRtlParagraph("", 0));
  EXPECT_FALSE(IsRtlParagraph("12", 0));
  EXPECT_FALSE(IsRtlParagraph("12\n\u05D0\u05D1", 0)) << "the letters are the next one's";
  EXPECT_FALSE(IsRtlParagraph("\n\u05D0", 0));
  EXPECT_TRUE(IsRtlParagraph("12\n\u05D0\u05D1", 3));
  EXPECT_TRUE(IsRtlParagraph("(1) \u0628", 0));
  EXPECT_FALSE(IsRtlParagraph("(1) x \u0628", 0));
}

// A byte 0xFF would be a letter of Latin, and U+200E and U+202A are strong left to right.
TEST(Bidi, WhatIsIllFormedOrHiddenGivesNoDirection) {
  EXPECT_TRUE(IsRtlParagraph("\xFF\u05D0", 0));
  EXPECT_TRUE(IsRtlParagraph(Utf8({0x200E, 0x202A, 0x5D0}), 0));
  EXPECT_FALSE(IsRtlParagraph(Utf8({0x200F}) + "1", 0));
  EXPECT_FALSE(HasRtl("\xD7"));
}

// U+05BE is in the first two bytes' worth of the right-to-left scripts; U+0300 is before them.
TEST(Bidi, RightToLeftTextIsFoundWhereverItStands) {
  EXPECT_TRUE(HasRtl("\u05BE"));
  EXPECT_TRUE(HasRtl("plain \u00E9 \u4F60 and then \u05D0 and on"));
  EXPECT_FALSE(HasRtl("\u0300\u0416"));
  EXPECT_FALSE(HasRtl("\U0001F600"));
}

TEST(Bidi, EachItemStandsOnce) {
  EXPECT_TRUE(OrderForDisplay({}, false).empty());
  const std::u32string_view text = U"a\u05D0(1\u05D1]";
  for (const bool rtl : {false, true}) {
    std::vector<size_t> indices;
    for (const VisualItem& item : OrderForDisplay({text.data(), text.size()}, rtl)) {
      indices.push_back(item.index);
    }
    EXPECT_THAT(indices, testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5));
  }
}

}  // namespace
}  // namespace fovea::render
