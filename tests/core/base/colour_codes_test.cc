#include "core/base/colour_codes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace fovea {
namespace {

std::pair<std::string, uint64_t> Removed(std::string text) {
  const uint64_t count = RemoveColourCodes(&text);
  return {text, count};
}

TEST(ColourCodes, AreTakenOut) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x1b[31merror\x1b[0m: no", "error: no"},
      {"\x1b[m\x1b[01;31m\x1b[Kgrep\x1b[m\x1b[K", "grep"},
      {"\x1b[38;5;8mnumber\x1b[39m", "number"},
      {"\x1b[48;2;8;5;28mparts\x1b[49;1m", "parts"},
      {"\x1b[4:3mcurly\x1b[24m", "curly"},
      {"\x1b[1m\x1b[32m✓\x1b[39m\x1b[22m fine", "✓ fine"}};
  for (const auto& [text, expected] : cases) {
    const auto [kept, count] = Removed(text);
    EXPECT_EQ(kept, expected);
    EXPECT_EQ(count, text.size() - expected.size());
  }
}

// What hides text, blinks, moves the cursor, erases or is no whole code stays, and is drawn as
// marks.
TEST(ColourCodes, OthersStay) {
  for (const std::string text :
       {"plain", "\x1b[8mhidden\x1b[28m", "\x1b[5mblinks", "\x1b[2J", "\x1b[K", "\x1b[1A",
        "\x1b[31", "\x1b[", "\x1b", "\x1b[?25h", "\x1b]0;title\x07", "\x1b[31 m", "\x1b[99999m",
        "\x1b[1;2;3;4;5;6;7;9;1;2;3;4;1;2;3;4;1m"}) {
    EXPECT_EQ(Removed(text), std::pair(text, uint64_t{0})) << text;
  }
  EXPECT_EQ(Removed("a\x1b[2K\x1b[31mb"), std::pair(std::string("a\x1b[2Kb"), uint64_t{5}));
}

TEST(ColourCodes, TakeLinearTime) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "\x1b[3";
  EXPECT_EQ(RemoveColourCodes(&text), 0U);
}

}  // namespace
}  // namespace fovea
