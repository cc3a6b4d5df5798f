#include "tests/render/fuzz/page_seeds.h"

#include <random>

#include "tests/render/fuzz/page_input.h"
#include "tests/render/pages.h"

namespace fovea::render {
namespace {

std::string Repeated(const std::string& piece, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += piece;
  return text;
}

std::string Noise(size_t bytes) {
  std::mt19937 random(1);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// One character of each block of 256 that has any.
std::string AllOfUnicode() {
  std::string text;
  for (char32_t c = 0x21; c < 0x110000; c += 0x101) {
    if (c < 0xD800 || c > 0xDFFF) text += Utf8({c});
  }
  return text;
}

std::string Turn(const std::string& text, PageBlock::Style style) {
  return BlockBytes(PageBlock::Style::kLabel) + "#12 tool" + BlockBytes(style) + text;
}

std::vector<PageSeed> Texts() {
  return {
      {"code", "int main() {\n    if (x) {\n\t\treturn 0x1fe3;  // I l 1 O 0\n    }\n}\n"},
      {"prose", Repeated("The oldest text moves down the ladder, rung by rung. ", 3000)},
      {"terminal",
       "\x1B[31;1merror\x1B[0m: \x1B]0;title\x07"
       "done\r\n\x1B[2K\b\b\f\v"},
      {"json", R"({"id":"4f1a-9b","items":[1,2,3],"text":"a\nb","ok":true,"n":null})"},
      {"table", Repeated("| 12,345 | 67.8 % | \xE2\x94\x82 ok \xE2\x94\x82\n", 600)},
      {"one_word", std::string(2000, 'W')},
      {"spaces", std::string(12000, ' ') + "x" + std::string(70, ' ')},
      {"tabs", std::string(300, '\t') + "x\t\t\ty"},
      {"newlines", std::string(400, '\n')},
      {"indentation", "a\n" + std::string(90, ' ') + "b\n" + std::string(500, ' ') + "c"},
      {"noise", Noise(1500)},
      {"unicode", AllOfUnicode()},
      {"arabic",
       Repeated("\u0645\u0631\u062D\u0628\u0627 (123) abc \u0639\u0627\u0644\u0645\n", 400)},
      {"hebrew", Repeated("\u05E9\u05DC\u05D5\u05DD 12.5 \u05D5\u05BC\u05DE\u05B0 [x] ", 400)},
      {"hindi",
       Repeated("\u0915\u094D\u0937\u0924\u094D\u0930\u093F\u092F \u0936\u094D\u0930\u0940 ", 400)},
      {"thai", Repeated("\u0E17\u0E35\u0E48\u0E19\u0E35\u0E48\u0E19\u0E49\u0E33", 400)},
      {"khmer", Repeated("\u1781\u17D2\u1798\u17C2\u179A", 300)},
      {"tibetan", Repeated("\u0F56\u0F7C\u0F51\u0F0B\u0F61\u0F72\u0F42", 300)},
      {"han", Repeated("\u670D\u52A1\u4FDD\u5B58\u3002", 400)},
      {"hangul", Repeated("\uC11C\uBE44\uC2A4 \u1112\u1161\u11AB", 300)},
      {"emoji",
       Repeated("\U0001F600\u2764\uFE0F\U0001F468\u200D\U0001F469\U0001F3FD 1\uFE0F\u20E3", 300)},
      {"zero_width", Repeated("\u200B\u200C\u200D\u2060\uFEFF", 600)},
      {"bidi_controls", Repeated("\u202Eab\u202C\u2066\u05D0\u2069\u200F", 300)},
      {"tags", Repeated("\U000E0041\U000E0042\U000E007F", 200)},
      {"variation", Repeated("a\uFE0F\u2603\uFE0E\U000E0100", 200)},
      {"marks", "e" + Repeated("\u0301", 900)},
      {"lone_marks", Repeated("\u0301\u0E49\u093F\u05B0 ", 300)},
      {"missing", Repeated("\uE000\U0010FFFF\U000F0000", 200)},
      {"bad_utf8", Repeated("\xC3\x28\xE2\x82\xF0\x9F\x98\xED\xA0\x80\xFF"
                            "a",
                            300)},
      {"mongolian", Repeated("\u182E\u1823\u1829\u182D\u1823\u182F\u180B\u180E", 300)},
      {"wide_words", Repeated("a/very/long/path_without-any.place:to=break;", 900)},
      {"nothing", ""},
  };
}

}  // namespace

std::vector<PageSeed> PageSeeds() {
  constexpr int kPitches[] = {7, 9, 12, 5, 10, 24, 8, 64};
  constexpr int kBits[] = {4, 8, 2, 1};
  std::vector<PageSeed> seeds;
  size_t i = 0;
  for (const PageSeed& text : Texts()) {
    const std::string paper = PaperBytes(static_cast<int>(i % 5), kPitches[i % 8], kBits[i % 4]);
    seeds.push_back({text.name, paper + text.bytes});
    // The same as turns on a narrow paper, behind a header.
    std::string narrow = {'\x01', '\x20', '\x10', '\x60', '\x08', '\x05', '\0', '\x06'};
    narrow[1] = static_cast<char>(6 + 5 * i % 100);
    seeds.push_back(
        {text.name + "_turns", narrow + "#1\u2013#2" +
                                   Turn(text.bytes.substr(0, 700), PageBlock::Style::kBody) +
                                   Turn(text.bytes.substr(0, 300), PageBlock::Style::kUser) +
                                   Turn(text.bytes.substr(0, 200), PageBlock::Style::kError)});
    ++i;
  }
  return seeds;
}

}  // namespace fovea::render
