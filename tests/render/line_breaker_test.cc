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

}  // namespace
}  // namespace fovea::render
