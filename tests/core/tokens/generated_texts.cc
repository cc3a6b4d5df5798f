#include "tests/core/tokens/generated_texts.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string_view>
#include <utility>

namespace fovea::testing {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Each is told apart from the next by some pattern, or by some reading of it.
constexpr const char* kSpecial[] = {
    "'s",        "'S",      "'ll",    "'RE",        "'\u017F",
    "'",         "A",       "b",      "Z",          "ß",
    "é",         "E\u0301", "\u0301", "\u01C5",     "あ",
    "カ",        "・",      "漢",     "\u9FA6",     "龥",
    "\u309B",    "0",       "1",      "²",          "①",
    "٣",         " ",       "  ",     "\n",         "\r",
    "\r\n",      "\t",      "\v",     "\u0085",     "\u00A0",
    "\uFEFF",    "\u200B",  "\u2028", "\u3000",     "\u180E",
    "/",         "//",      "!",      "?",          "$",
    "\x01",      "\x7F",    "\u200D", "\U0001F600", "\U0001F469\u200D\U0001F680",
    "e",         "x",       "ʰ",      "ª",          "中",
    "ﬀ",         "ſ",       "\u212A", "ı",          "\u0345",
    "\u0F73",    "\u0F71",  "\u0315", "\u0300",     "\u0344",
    "\uAC00",    "\u1100",  "\u1161", "\uE000",     "<|endoftext|>",
    "<|im_end|>"};

constexpr const char* kRuns[] = {
    "a", " ",   "=",  "-",  "\n",     "\t",   "\U0001F600", "é", "的", "A",
    "0", " \n", "ab", ".:", "\u0301", "カ・", "/",          "─", "*",  "#"};

void AppendUtf8(UChar32 c, std::string* text) {
  std::array<uint8_t, U8_MAX_LENGTH> bytes;
  size_t length = 0;
  U8_APPEND_UNSAFE(bytes.data(), length, c);
  text->append(bytes.begin(), bytes.begin() + length);
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::vector<std::string> Generate() {
    for (int i = 0; i < 6000; ++i)
      Add(1 + Below(14), [&] { return kSpecial[Below(std::size(kSpecial))]; });
    for (int i = 0; i < 1500; ++i) Add(1 + Below(40), [&] { return AnyCharacter(); });
    for (int i = 0; i < 200; ++i) {
      AddFrom(kLower, 1 + Below(300));
      AddFrom(kBase64, 1 + Below(300));
      AddFrom("0123456789abcdef", 64);
      AddFrom(" \n\t\r", 1 + Below(60));
      AddFrom("ab", 1 + Below(200));
      Add(1 + Below(20), [&] { return std::array{"A", "BC", "あ", "\u0301", "d"}[Below(5)]; });
      const char* const unit = kRuns[Below(std::size(kRuns))];
      Add(1 + Below(700), [&] { return unit; });
      if (i % 4 == 0) Add(2000 + Below(2000), [&] { return unit; });
      texts_.push_back(Json().dump(static_cast<int>(Below(5)) - 1));
    }
    return std::move(texts_);
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }

  template <class MakePart>
  void Add(size_t parts, MakePart make_part) {
    std::string text;
    for (size_t i = 0; i < parts; ++i) text += make_part();
    texts_.push_back(std::move(text));
  }

  void AddFrom(std::string_view alphabet, size_t length) {
    Add(length, [&] { return alphabet[Below(alphabet.size())]; });
  }

  std::string AnyCharacter() {
    static constexpr std::array<std::pair<UChar32, UChar32>, 6> kRanges = {{{0, 0x7F},
                                                                            {0x80, 0x7FF},
                                                                            {0x800, 0xD7FF},
                                                                            {0xE000, 0xFFFF},
                                                                            {0x10000, 0x1FFFF},
                                                                            {0x10000, 0x10FFFF}}};
    std::string text;
    while (text.empty()) {
      const auto [first, last] = kRanges[Below(kRanges.size())];
      const auto c = static_cast<UChar32>(first + static_cast<UChar32>(Below(last - first + 1)));
      if (u_charType(c) != U_UNASSIGNED) AppendUtf8(c, &text);
    }
    return text;
  }

  nlohmann::json Json() {
    nlohmann::json object;
    for (size_t i = 0; i < 1 + Below(6); ++i) {
      std::string key;
      for (size_t c = 0; c < 5; ++c) key += kLower[Below(kLower.size())];
      object[key] = {Below(1'000'000'000), "été", nullptr, {{"k", Below(100)}}};
    }
    return object;
  }

  std::mt19937_64 random_;
  std::vector<std::string> texts_;
};

}  // namespace

std::vector<std::string> GeneratedTexts(uint64_t seed) { return Generator(seed).Generate(); }

}  // namespace fovea::testing
