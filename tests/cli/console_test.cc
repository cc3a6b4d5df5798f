#include "cli/formats/console.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace fovea::cli {
namespace {

TEST(Grouped, SetsCommas) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(-123456), "-123,456");
}

TEST(Padded, CountsCharactersNotBytes) {
  EXPECT_EQ(Padded("2–3", 5), "  2–3");
  EXPECT_EQ(Padded("2–3", 5, /*left=*/true), "2–3  ");
  EXPECT_EQ(Padded("longer", 3), "longer");
}

TEST(OneLine, ShowsWhatATerminalMustNotObey) {
  EXPECT_EQ(OneLine("a\nb\tc\x1b[31m\x7f", 80), "a b c\\x1b[31m\\x7f");
  EXPECT_EQ(OneLine("gr\xc3\xbcn \xc2\x9b\xff\xed\xa0\x80", 80),
            "gr\xc3\xbcn \\xc2\\x9b\\xff\\xed\\xa0\\x80");
  EXPECT_EQ(OneLine("abcdef", 3), "abc…");
  EXPECT_EQ(OneLine("abc", 3), "abc");
}

// "\u202egpj.exe" would read "exe.jpg".
TEST(OneLine, ShowsWhatTurnsALineAround) {
  for (const char* character : {"\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
                                "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9"}) {
    EXPECT_EQ(OneLine(character, 80).find(character), std::string::npos);
    EXPECT_EQ(Visible(character).find(character), std::string::npos);
  }
  EXPECT_EQ(Visible("a\xe2\x80\xaeg"), "a\\xe2\\x80\\xaeg");
  EXPECT_EQ(Visible("\xe2\x80\x94 \xd7\xa9 \xe2\x81\xa0"), "\xe2\x80\x94 \xd7\xa9 \xe2\x81\xa0");
}

TEST(ProgressBar, IsForTerminalsOnlyAndWipesItself) {
  std::ostringstream out;
  std::ostringstream err;
  {
    Console console{.out = out, .err = err};
    ProgressBar bar(console, "turns");
    bar.Update(10, 0.5, "x");
  }
  EXPECT_EQ(err.str(), "");
  {
    Console console{.out = out, .err = err, .live_progress = true};
    ProgressBar bar(console, "turns");
    bar.Update(1234, 0.5, "name");
    bar.Update(1300, 0.6, "name");  // within a tenth of a second: not drawn
  }
  EXPECT_NE(err.str().find("████████████░░░░░░░░░░░░  50 %  1,234 turns"), std::string::npos)
      << err.str();
  EXPECT_EQ(err.str().find("1,300"), std::string::npos);
  EXPECT_TRUE(err.str().ends_with("\r\x1b[K"));
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace fovea::cli
