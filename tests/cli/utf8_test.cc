#include "cli/formats/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/support/utf8.h"

namespace fovea::cli {
namespace {

TEST(CharacterLength, IsThatOfEachCharacterAndOfNoSurrogate) {
  for (uint32_t c = 0; c < 0x120000; ++c) {
    const std::string text = "a" + fovea::testing::Utf8(c) + "b";
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
