// Plays the fuzzer's seeds and what it once found, texts made to be hard, and, if FOVEA_FUZZ_CORPUS
// names a folder, all inputs in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/render/fuzz/page_check.h"
#include "tests/render/fuzz/page_input.h"
#include "tests/render/fuzz/page_seeds.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

using namespace std::string_literals;

struct Worst {
  PageReport report;
  std::string input;

  void Take(const PageReport& other, const std::string& name) {
    if (other.worst_seconds > report.worst_seconds) input = name;
    report.pages_laid_out += other.pages_laid_out;
    report.pages_drawn += other.pages_drawn;
    report.worst_seconds = std::max(report.worst_seconds, other.worst_seconds);
    report.worst_bytes = std::max(report.worst_bytes, other.worst_bytes);
  }
  void Print() const {
    std::cout << report.pages_laid_out << " pages laid out, " << report.pages_drawn
              << " drawn; the slowest took " << report.worst_seconds * 1e3 << " ms (" << input
              << "), the largest " << (report.worst_bytes >> 10) << " KiB\n";
  }
};

void Play(const PageInput& input, const std::string& name, Worst* worst) {
  const PageReport report = CheckPages(input, SharedRenderer(), LimitsOfThisBuild());
  EXPECT_EQ(report.broken, "") << name;
  worst->Take(report, name);
}

TEST(PageReplay, Seeds) {
  Worst worst;
  for (const PageSeed& seed : PageSeeds()) Play(DecodePageInput(seed.bytes), seed.name, &worst);
  worst.Print();
}

TEST(PageReplay, WhatWasFound) {
  Worst worst;
  // Empty blocks on a paper whose least height has no room for a line.
  Play(DecodePageInput(PaperBytes(5, 20, 4)), "empty_page", &worst);
  // A header is drawn and counted as well.
  Play(DecodePageInput("\x81\x32\0\0\0\0\x3b\x01\0"s), "nul_in_header", &worst);
}

std::string Repeated(const std::string& piece, size_t bytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) text += piece;
  return text;
}

std::string Noise(size_t bytes) {
  std::mt19937 random(7);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::string WideTable() {
  std::string row = "|";
  for (int column = 0; column < 2000; ++column) row += " " + std::to_string(column * 37) + " |";
  return Repeated(row + "\n", size_t{1} << 20);
}

std::string EveryCodePoint() {
  std::string text;
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c < 0xD800 || c > 0xDFFF) text += Utf8({c});
  }
  return text;
}

struct HardText {
  const char* name;
  std::string (*text)();
};

constexpr size_t kMegabyte = size_t{1} << 20;

class HardTexts : public testing::TestWithParam<HardText> {};

TEST_P(HardTexts, AreDrawnInBoundedTimeAndMemory) {
  Worst worst;
  PageInput input{.content = Body(GetParam().text()), .header = {"hard"}};
  struct Setting {
    PageBox box;
    PageTypography typography;
  };
  // The largest paper of any reader at the least pitch of any, and others at extremes of their own.
  constexpr PageBox kLargest{
      .width = 1792, .min_height = 896, .max_height = 2688, .height_step = 896};
  constexpr PageBox kNarrow{.width = 128, .min_height = 64, .max_height = 2048, .height_step = 64};
  for (const Setting& setting : {Setting{kLargest, {.line_pitch_px = 7, .grey_bits = 4}},
                                 Setting{kBox, {.line_pitch_px = 5, .grey_bits = 8}},
                                 Setting{kNarrow, {.line_pitch_px = 16, .grey_bits = 1}}}) {
    input.box = setting.box;
    input.typography = setting.typography;
    Play(input, GetParam().name, &worst);
  }
  worst.Print();
}

INSTANTIATE_TEST_SUITE_P(
    All, HardTexts,
    testing::Values(
        HardText{"OneLine", [] { return Repeated("the quick brown fox ", kMegabyte); }},
        HardText{"OneWord", [] { return std::string(kMegabyte, 'x'); }},
        HardText{"DeepIndentation",
                 [] { return Repeated(std::string(100000, ' ') + "x\n", kMegabyte); }},
        HardText{"DeepBrackets",
                 [] { return std::string(100000, '(') + std::string(100000, ')'); }},
        HardText{"Staircase",
                 [] {
                   std::string text;
                   for (size_t depth = 0; depth < 1400; ++depth) {
                     text += std::string(depth, ' ') + "{\n";
                   }
                   return text;
                 }},
        HardText{"Noise", [] { return Noise(kMegabyte); }},
        HardText{"Nul", [] { return std::string(kMegabyte, '\0'); }},
        HardText{"CombiningMarks", [] { return "e" + Repeated("\u0301", kMegabyte); }},
        HardText{"MarksOnLetters",
                 [] { return Repeated("Z\u0351\u036B\u0343\u036A\u0302\u036B", kMegabyte); }},
        HardText{"RightToLeft", [] { return Repeated("\u05E9\u05DC\u05D5\u05DD ", kMegabyte); }},
        HardText{"Arabic",
                 [] { return Repeated("\u0627\u0644\u0633\u0644\u0627\u0645", kMegabyte); }},
        HardText{"ArabicDigits", [] { return Repeated("\u0661\u0662 ", kMegabyte); }},
        HardText{"DigitsBeforeHebrew", [] { return std::string(kMegabyte, '1') + "\u05D0"; }},
        HardText{"MixedDirections", [] { return Repeated("a\u05D01(", kMegabyte); }},
        HardText{"Tabs", [] { return std::string(kMegabyte, '\t'); }},
        HardText{"Spaces", [] { return std::string(kMegabyte, ' '); }},
        HardText{"Newlines", [] { return std::string(kMegabyte, '\n'); }},
        HardText{"ZeroWidth", [] { return Repeated("\u200B\u200D\uFEFF", kMegabyte); }},
        HardText{"VariationSelectors", [] { return Repeated("a\uFE0F", kMegabyte); }},
        HardText{"EmojiFamilies",
                 [] { return Repeated("\U0001F468\u200D\U0001F469\u200D\U0001F467", kMegabyte); }},
        HardText{"Conjuncts", [] { return Repeated("\u0915\u094D", kMegabyte); }},
        HardText{"EveryCodePoint", EveryCodePoint}, HardText{"WideTable", WideTable}),
    [](const auto& test) { return test.param.name; });

// All that a page takes: with a renderer that has drawn nothing yet, beside its fonts.
TEST(PageReplay, TheFirstPageOfARenderer) {
  const auto renderer = CreateRenderer({});
  ASSERT_TRUE(renderer.ok()) << renderer.status();
  const PageInput input{
      .content = Body(EveryCodePoint().substr(0, 60000) + Noise(100000)),
      .box = {.width = 1792, .min_height = 896, .max_height = 2688, .height_step = 896},
      .typography = {.line_pitch_px = 7, .grey_bits = 8}};
  const PageReport report = CheckPages(input, **renderer, LimitsOfThisBuild());
  EXPECT_EQ(report.broken, "");
  if (LimitsOfThisBuild().measure_memory) {
    // At least its pixels: what is measured is there.
    EXPECT_GT(report.worst_bytes, uint64_t{1792} * 896);
  }
  Worst worst;
  worst.Take(report, "first");
  worst.Print();
}

TEST(PageReplay, Corpus) {
  const char* folder = std::getenv("FOVEA_FUZZ_CORPUS");
  if (folder == nullptr) GTEST_SKIP() << "FOVEA_FUZZ_CORPUS names no folder of inputs";
  Worst worst;
  size_t inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    Play(DecodePageInput(bytes), entry.path().filename().string(), &worst);
    ++inputs;
  }
  ASSERT_GT(inputs, 0U) << folder << " is empty";
  std::cout << inputs << " inputs: ";
  worst.Print();
}

}  // namespace
}  // namespace fovea::render
