#include "cli/formats/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace fovea::cli {
namespace {

std::string Encoded(uint32_t code_point) {
  const auto next = [&](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3F));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0 | code_point >> 6), next(0)};
  if (code_point < 0x10000) return {static_cast<char>(0xE0 | code_point >> 12), next(6), next(0)};
  return {static_cast<char>(0xF0 | code_point >> 18), next(12), next(6), next(0)};
}

TEST(CharacterLength, IsThatOfEachCharacterAndOfNoSurrogate) {
  for (uint32_t c = 0; c < 0x120000; ++c) {
    const std::string text = "a" + Encoded(c) + "b";
    const bool is_character = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    ASSERT_EQ(CharacterLength(text, 1), is_character ? text.size() - 2 : 0) << c;
  }
}

TEST(CharacterLength, IsNoneOfWhatIsLongerThanItMustBe) {
  for (const char* text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\xFF", "\x80", "\xBF"}) {
    EXPECT_EQ(CharacterLength(text, 0), 0U) << text;
  }
}

TEST(CharacterLength, IsNoneOfWhatIsCutOff) {
  const std::string euro = "\xE2\x82\xAC";
  EXPECT_EQ(CharacterLength(euro, 0), 3U);
  EXPECT_EQ(CharacterLength(euro.substr(0, 2), 0), 0U);
  EXPECT_EQ(CharacterLength(euro.substr(0, 1), 0), 0U);
  EXPECT_EQ(CharacterLength("\xE2x\xAC", 0), 0U);
  EXPECT_EQ(CharacterLength("\xE2\x82x", 0), 0U);
  EXPECT_EQ(CharacterLength(euro, 1), 0U);
  EXPECT_EQ(CharacterLength(euro, 3), 0U);
}

}  // namespace
}  // namespace fovea::cli
