#include "render/line_breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/render/pages.h"

namespace fovea::render {
namespace {

std::vector<PagePosition> LineEnds(const PageContent& content, PagePosition begin, PagePosition end,
                                   int width_px, int pitch, size_t max_lines) {
  const Metrics metrics(*SharedParts().table, pitch);
  const Typesetter typesetter{*SharedParts().table, *SharedParts().shaper, metrics};
  const Stream stream{.content = content, .begin = begin, .end = end, .width = width_px * kPixel};
  LineBreaker breaker(typesetter, stream);
  std::vector<PagePosition> ends;
  for (PagePosition at = begin; at < end && ends.size() < max_lines; at = ends.back()) {
    ends.push_back(breaker.EndOfLine(at));
    if (ends.back() <= at) ADD_FAILURE() << "no progress";
  }
  return ends;
}

std::vector<std::string> Lines(const PageContent& content, int width_px, int pitch) {
  const PagePosition end = {.block = content.blocks.size(), .byte = 0};
  std::vector<std::string> lines;
  PagePosition at;
  for (const PagePosition next : LineEnds(content, {}, end, width_px, pitch, 1000)) {
    lines.push_back(TextBetween(content, at, next));
    at = next;
  }
  return lines;
}

struct BreakCase {
  const char* name;
  PageContent content;
  int width_px = 0;
  std::vector<std::string> lines;
};

class Breaking : public testing::TestWithParam<BreakCase> {};

TEST_P(Breaking, EndsLines) {
  EXPECT_EQ(Lines(GetParam().content, GetParam().width_px, 10), GetParam().lines);
}

// Recorded with the fonts of Debian 12.
INSTANTIATE_TEST_SUITE_P(
    Goldens, Breaking,
    testing::Values(
        BreakCase{"HardCutOfALongWord",
                  Body("abcdefghijklmnopqrstuvwxyz"),
                  60,
                  {"abcdefghijklm", "nopqrstuvwxy", "z"}},
        BreakCase{"SpaceHangsOverTheEdge", Body("aaaaaaaaaa bbbb"), 49, {"aaaaaaaaaa ", "bbbb"}},
        BreakCase{"NewlinesDoNotEndLines", Body("one\ntwo\nthree"), 200, {"one\ntwo\nthree"}},
        BreakCase{"OneCharacterAtLeast", Body("WW"), 3, {"W", "W"}},
        BreakCase{"LabelMovesWithItsText",
                  Turns({"0123456789 0123456789", "next"}),
                  200,
                  {"#1 tool0123456789 0123456789", "#2 toolnext"}}),
    [](const auto& test) { return test.param.name; });

TEST(LineBreaker, BreaksBehindSpaceAndPunctuationIfThatWastesLittle) {
  std::string words;
  std::string path;
  for (int i = 0; i < 300; ++i) {
    words += "word" + std::to_string(i) + " ";
    path += "dir" + std::to_string(i) + "/";
  }
  for (const auto& [text, good] : {std::pair(words, ' '), std::pair(path, '/')}) {
    const auto lines = Lines(Body(text), 1000, 9);
    ASSERT_GT(lines.size(), 5U);
    size_t whole = 0;
    for (const std::string& line : lines) whole += line.back() == good ? 1 : 0;
    EXPECT_GE(whole + 2, lines.size());
  }
}

TEST(LineBreaker, WastesLittleOfTheWidth) {
  std::string text;
  std::mt19937 random(5);
  for (int i = 0; i < 20000; ++i) text += random() % 6 == 0 ? ' ' : 'n';
  const Metrics metrics(*SharedParts().table, 9);
  const int em_n = metrics.Ascii(Weight::kRegular)['n'];
  const auto lines = Lines(Body(text), 1000, 9);
  double total = 0;
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    total += static_cast<double>(std::count(lines[i].begin(), lines[i].end(), 'n')) * em_n;
  }
  const double used = total / (1000.0 * kPixel * static_cast<double>(lines.size() - 1));
  const double spaces_share = 0.10;  // of the width, for this text
  EXPECT_GT(used, 1 - spaces_share - 0.03);
}

std::string RandomText(std::mt19937* random, size_t pieces) {
  static const std::vector<std::string> kPieces = {
      "a",
      "word",
      "I",
      " ",
      "  ",
      "\n",
      "\n    ",
      "\t",
      "0123456789abcdef",
      "/usr/lib",
      "\u00E9",
      "e\u0301",
      "\u4F60\u597D\u4E16\u754C",
      "\u0645\u0631\u062D\u0628\u0627",
      "\u05E9\u05DC\u05D5\u05DD",
      "\u0915\u094D\u0937\u0924\u094D\u0930\u093F\u092F",
      "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35",
      "\u200D",
      "\xFF",
      "\xE4\xBD",
      "\x1B[1m",
      "\uE123",
      "\U0001F600",
      "\u0301",
      "          ",
      "(",
      ")"};
  std::string text;
  for (size_t i = 0; i < pieces; ++i) text += kPieces[(*random)() % kPieces.size()];
  return text;
}

// What Draw relies on: it sees only the page's own text, and must find LayOut's lines in it. The
// last line may find itself too long, as a letter takes another form at the end of a text; Draw
// does not break it.
TEST(LineBreaker, TextBehindThePageDoesNotChangeThePage) {
  std::mt19937 random(42);
  for (int round = 0; round < 150; ++round) {
    const int pitch = 5 + static_cast<int>(random() % 20);
    const int width = 20 * pitch + static_cast<int>(random() % 300);
    const PageContent content =
        Turns({RandomText(&random, 200), RandomText(&random, 10), RandomText(&random, 300)});
    const PagePosition end = {.block = content.blocks.size(), .byte = 0};
    PagePosition at;
    for (int page = 0; page < 4 && at < end; ++page) {
      const auto full = LineEnds(content, at, end, width, pitch, 5);
      auto cut = LineEnds(content, at, full.back(), width, pitch, full.size());
      cut.back() = full.back();
      ASSERT_EQ(cut, full) << "round " << round << " page " << page;
      at = full.back();
    }
  }
}

// The unit tests below set lines in lengths of 1/256 pixel, at this pitch.
const Metrics& TenPixels() {
  static const auto& metrics = *new Metrics(*SharedParts().table, 10);
  return metrics;
}

Sub WidthOf(std::string_view ascii, Weight weight = Weight::kRegular) {
  Sub width = 0;
  for (const char c : ascii) width += TenPixels().Ascii(weight)[static_cast<unsigned char>(c)];
  return width;
}

PagePosition EndOfFirstLine(const PageContent& content, Sub width) {
  const Typesetter typesetter{*SharedParts().table, *SharedParts().shaper, TenPixels()};
  const Stream stream{.content = content,
                      .begin = {},
                      .end = {.block = content.blocks.size(), .byte = 0},
                      .width = width};
  return LineBreaker(typesetter, stream).EndOfLine({});
}

size_t BytesOnFirstLine(const std::string& text, Sub width) {
  const PagePosition end = EndOfFirstLine(Body(text), width);
  return end.block == 0 ? end.byte : text.size();
}

// The width of which `used` leaves as much as a line may waste: 35 thousandths, to full ones.
Sub WidthThatWastesTheMost(Sub used) {
  Sub width = used;
  while (width - width / 1000 * 35 < used) ++width;
  return width;
}

TEST(LineBreaker, ALineIsFullToItsLastBit) {
  const std::string text = "nnnnnnnn";
  EXPECT_EQ(BytesOnFirstLine(text, WidthOf("nnnnn")), 5U);
  EXPECT_EQ(BytesOnFirstLine(text, WidthOf("nnnnn") - 1), 4U);
  EXPECT_EQ(BytesOnFirstLine(text, WidthOf(text)), 8U);
  const Sub accented =
      Scale(SharedParts().table->Find(Weight::kRegular, 0xE9).advance, TenPixels().em);
  EXPECT_EQ(BytesOnFirstLine("nn\u00E9n", WidthOf("nn") + accented), 4U);
  EXPECT_EQ(BytesOnFirstLine("nn\u00E9n", WidthOf("nn") + accented - 1), 2U);
}

TEST(LineBreaker, AWordStaysWholeIfThatWastesNoMoreThanItMay) {
  const std::string text = "nnnnnnnnnnnnnnnnnnnnnnnnnnnn nnnnnnnnnnnn";
  const size_t word = text.find(' ') + 1;
  const Sub used = CeilToGrid(WidthOf(text.substr(0, word)) + TenPixels().Space(Weight::kRegular));
  const Sub width = WidthThatWastesTheMost(used);
  ASSERT_GT(width - used, WidthOf("n")) << "a letter of the next word would fit";
  EXPECT_EQ(BytesOnFirstLine(text, width), word);
  EXPECT_EQ(BytesOnFirstLine(text, width + 1), word + 1);
}

TEST(LineBreaker, ALongWordEndsBehindPunctuationIfThatWastesNoMoreThanItMay) {
  for (const char c : std::string_view(",;:/\\)]}>&|=+-")) {
    const std::string head = std::string(30, 'n') + c;
    const std::string text = head + std::string(30, 'n');
    const Sub width = WidthThatWastesTheMost(WidthOf(head));
    ASSERT_GT(width - WidthOf(head), WidthOf("n"));
    EXPECT_EQ(BytesOnFirstLine(text, width), head.size()) << c;
    EXPECT_EQ(BytesOnFirstLine(text, width + 1), head.size() + 1) << c;
  }
  for (const char c : std::string_view("._(['\"n<#@")) {
    const std::string head = std::string(30, 'n') + c;
    const Sub width = WidthThatWastesTheMost(WidthOf(head));
    EXPECT_EQ(BytesOnFirstLine(head + std::string(30, 'n'), width), head.size() + 1) << c;
  }
}

// A narrow letter stands between the comma and the end of the line, a wide one behind it.
TEST(LineBreaker, WhatIsWastedIsTheWidthOfWhatMoves) {
  const std::string head = std::string(30, 'n') + ",";
  const std::string text = head + "iWWWW";
  const Sub width = WidthThatWastesTheMost(WidthOf(head));
  ASSERT_GT(width, WidthOf(head + "i"));
  ASSERT_LT(width, WidthOf(head + "iW"));
  EXPECT_EQ(BytesOnFirstLine(text, width), head.size());
  EXPECT_EQ(BytesOnFirstLine(text, width + 1), head.size() + 1);
}

TEST(LineBreaker, TheLastPunctuationOfALineCounts) {
  const std::string text = std::string(40, 'n') + ",,n,nnnnnn";
  const Sub width = WidthOf(std::string_view(text).substr(0, 44));
  EXPECT_EQ(BytesOnFirstLine(text, width), 44U);
  EXPECT_EQ(BytesOnFirstLine(text, width - 1), 42U);
}

// Its text, four ems for what follows, and a label's padding and gaps of 2 and 3 pixels.
TEST(LineBreaker, ALabelStaysOnALineThatHasRoomForCompany) {
  PageContent content = Body("nnnn");
  content.blocks.push_back({.style = PageBlock::Style::kLabel, .text = "#7 i"});
  content.blocks.push_back(Body("nnnnnnnnnnnnnnnnnnnnnn").blocks[0]);
  const Sub label = CeilToGrid(WidthOf("nnnn") + 5 * kPixel);
  const Sub least = TenPixels().Space(Weight::kBold);
  Sub text = 0;
  for (const char c : {'#', '7', ' ', 'i'}) {
    text += std::max(least, WidthOf({&c, 1}, Weight::kBold));
  }
  const Sub width = label + text + 4 * TenPixels().em;
  EXPECT_EQ(EndOfFirstLine(content, width).block, 2U);
  EXPECT_EQ(EndOfFirstLine(content, width - 1), (PagePosition{1, 0}));
  EXPECT_EQ(EndOfFirstLine(content, 4 * kPixel), (PagePosition{0, 1})) << "one letter at least";
}

TEST(LineBreaker, OfALongLabelTheFirst64BytesMustFit) {
  PageContent content = Body("nnnn");
  content.blocks.push_back({.style = PageBlock::Style::kLabel, .text = std::string(200, 'n')});
  const Sub width = CeilToGrid(WidthOf("nnnn") + 5 * kPixel) + 4 * TenPixels().em +
                    WidthOf(std::string(64, 'n'), Weight::kBold);
  EXPECT_GE(EndOfFirstLine(content, width).byte, 64U);
  EXPECT_EQ(EndOfFirstLine(content, width - 1), (PagePosition{1, 0}));
}

TEST(LineBreaker, APictureIsALineOfItsOwn) {
  PageContent content = Body("nnnn");
  content.blocks.push_back({.picture = {.size = {.width = 9, .height = 9},
                                        .data = std::make_shared<const std::string>("picture")}});
  content.blocks.push_back(Body("").blocks[0]);
  content.blocks.push_back(Body("nn").blocks[0]);
  const PagePosition end = {.block = content.blocks.size()};
  EXPECT_EQ(LineEnds(content, {}, end, 500, 10, 9),
            (std::vector<PagePosition>{{1, 0}, {3, 0}, end}));
  EXPECT_EQ(LineEnds(content, {1, 0}, {2, 0}, 500, 10, 9), (std::vector<PagePosition>{{2, 0}}));
}

TEST(PenAtBlock, IsBehindAGapOnTheGrid) {
  PageContent content;
  for (const auto style :
       {PageBlock::Style::kBody, PageBlock::Style::kBody, PageBlock::Style::kLabel,
        PageBlock::Style::kLabel, PageBlock::Style::kBody, PageBlock::Style::kUser}) {
    content.blocks.push_back({.style = style, .text = "text"});
  }
  const auto pen = [&](size_t block, Sub at) {
    return PenAtBlock(TenPixels(), content, block, at);
  };
  // Where a line begins: a label has its padding of 2 pixels.
  EXPECT_EQ(pen(1, 0), 0);
  EXPECT_EQ(pen(2, 0), 2 * kPixel);
  EXPECT_EQ(pen(4, 0), 0);
  // A gap of 9 pixels between blocks of text, of 3 around labels.
  EXPECT_EQ(pen(1, 100 * kPixel), 110 * kPixel);
  EXPECT_EQ(pen(2, 100 * kPixel), 106 * kPixel);
  EXPECT_EQ(pen(3, 100 * kPixel), 108 * kPixel);
  EXPECT_EQ(pen(4, 100 * kPixel), 106 * kPixel);
  EXPECT_EQ(pen(5, 100 * kPixel), 110 * kPixel);
  EXPECT_EQ(pen(5, 99 * kPixel), 108 * kPixel);
  content.blocks[5].joined = true;
  EXPECT_EQ(pen(5, 123), 123);
}

TEST(Stream, KnowsWhereTextBeginsALine) {
  PageContent content = Body("ab\ncd");
  for (const char* text : {"ef\n", "gh", "ij"}) content.blocks.push_back(Body(text).blocks[0]);
  content.blocks[1].joined = content.blocks[2].joined = true;
  const Stream stream{.content = content, .begin = {0, 1}, .end = {3, 1}};
  for (const PagePosition at : {PagePosition{0, 1}, {0, 3}, {2, 0}, {3, 0}}) {
    EXPECT_TRUE(stream.BeginsTextLine(at)) << at.block << " " << at.byte;
  }
  for (const PagePosition at : {PagePosition{0, 2}, {0, 4}, {1, 0}, {1, 2}, {2, 1}}) {
    EXPECT_FALSE(stream.BeginsTextLine(at)) << at.block << " " << at.byte;
  }
  EXPECT_EQ(stream.Text(2), "gh");
  EXPECT_EQ(stream.Text(3), "i");
  EXPECT_FALSE(stream.IsJoined(0));
  EXPECT_TRUE(stream.IsJoined(2));
  EXPECT_FALSE(stream.IsJoined(4));
}

TEST(Stream, ShapesNoMoreThanFitsOnALine) {
  const PageContent content = Body("");
  const auto max_run = [&](Sub width) {
    return Stream{.content = content, .begin = {}, .end = {}, .width = width}.MaxRun(TenPixels());
  };
  const Sub em = TenPixels().em;
  EXPECT_EQ(max_run(em / 2), 1);
  EXPECT_EQ(max_run(5 * em), 5);
  EXPECT_EQ(max_run(6 * em - 1), 5);
  EXPECT_EQ(max_run(48 * em), 48);
  EXPECT_EQ(max_run(100 * em), 48);
}

TEST(SkipEmpty, StopsAtTextAndAtAPicture) {
  PageContent content = Body("");
  content.blocks.push_back(Body("ab").blocks[0]);
  content.blocks.push_back(Body("").blocks[0]);
  content.blocks.push_back({.picture = {.data = std::make_shared<const std::string>("picture")}});
  content.blocks.push_back(Body("").blocks[0]);
  EXPECT_EQ(SkipEmpty(content, {0, 0}), (PagePosition{1, 0}));
  EXPECT_EQ(SkipEmpty(content, {1, 1}), (PagePosition{1, 1}));
  EXPECT_EQ(SkipEmpty(content, {1, 2}), (PagePosition{3, 0}));
  EXPECT_EQ(SkipEmpty(content, {4, 0}), (PagePosition{5, 0}));
  EXPECT_EQ(SkipEmpty(content, {5, 0}), (PagePosition{5, 0}));
}

}  // namespace
}  // namespace fovea::render
