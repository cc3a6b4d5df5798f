#include "core/base/hidden_characters.h"

#include <gtest/gtest.h>

#include <string>

namespace fovea {
namespace {

struct Case {
  const char* name;
  std::string text;
  uint64_t hidden = 0;
};

class HiddenCharacters : public testing::TestWithParam<Case> {};

TEST_P(HiddenCharacters, AreCounted) {
  EXPECT_EQ(CountHiddenCharacters(GetParam().text), GetParam().hidden);
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    All, HiddenCharacters,
    testing::Values(Case{"Nothing", "", 0}, Case{"Plain", "a b\n\tc \u00E9\u4F60\U0001F600", 0},
                    Case{"AnsiEscapes", "\x1B[31mred\x1B[0m", 2},
                    Case{"CarriageReturn", "a\r\n", 1}, Case{"Controls", "\0\x01\x7F\u0085"s, 4},
                    Case{"ZeroWidth", "a\u200Bb\u200Cc\u200Dd\u2060\uFEFF", 5},
                    Case{"SoftHyphen", "a\u00ADb", 1},
                    Case{"BidiControls", "\u202A\u202E\u2066\u2069\u200E\u200F\u061C", 7},
                    Case{"Tags", "\U000E0041\U000E007F", 2},
                    Case{"VariationSelectors", "a\uFE0Fb\uFE00c\U000E0100", 3},
                    Case{"EmojiSelector", "\u2764\uFE0F 1\uFE0F\u20E3", 0},
                    Case{"SecondSelector", "\u2764\uFE0F\uFE0F", 1},
                    Case{"Fillers", "\u115F\u3164\uFFA0\u2800", 4},
                    Case{"IllFormed", "\xE2\x80\xFF\x9B", 0}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace fovea
