#include "cli/formats/fitted_output.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace fovea::cli {
namespace {

TEST(FittedLine, IsWhatItWasWhereItFits) {
  EXPECT_EQ(FittedLine("", 10), "");
  EXPECT_EQ(FittedLine("  a    b", 10), "  a    b");
  EXPECT_EQ(FittedLine("äöü–→", 5), "äöü–→");
  EXPECT_EQ(FittedLine("\x1b[38;5;33m12345\x1b[0m", 5), "\x1b[38;5;33m12345\x1b[0m");
}

TEST(FittedLine, GoesOnBehindAnIndent) {
  EXPECT_EQ(FittedLine("one two three", 9), "one two\n    three");
  EXPECT_EQ(FittedLine("  name          12  turns", 14), "  name  12\n      turns");
  EXPECT_EQ(FittedLine("a " + std::string(20, 'x') + " b", 10),
            "a\n    " + std::string(20, 'x') + "\n    b");
  EXPECT_EQ(FittedLine(std::string(30, ' '), 10), std::string(5, ' '));
}

TEST(FittedOutput, FitsWholeLinesHoweverTheyCome) {
  std::ostringstream out;
  {
    FittedOutput fitted(out, 9);
    fitted << "one two" << ' ' << "three" << '\n' << "no end";
    EXPECT_EQ(out.str(), "one two\n    three\n");
    fitted.flush();
    EXPECT_EQ(out.str(), "one two\n    three\nno end");
    fitted << "!";
  }
  EXPECT_EQ(out.str(), "one two\n    three\nno end!");
}

}  // namespace
}  // namespace fovea::cli
