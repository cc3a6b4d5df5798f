#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace fovea {
namespace {

TEST(Utf8, EndsOfPlainTextAreFoundByteByByte) {
  std::mt19937 random(3);
  constexpr char kBytes[] = {' ', '~', 'a', '\x1F', '\x7F', '\n', '\x80', '\xC3', '\xFF', '\0'};
  for (int round = 0; round < 20'000; ++round) {
    // Mostly plain, so that stretches of eight are among it.
    std::string text(random() % 40, 'x');
    for (size_t i = random() % 4; i > 0 && !text.empty(); --i) {
      text[random() % text.size()] = kBytes[random() % sizeof(kBytes)];
    }
    const size_t at = random() % (text.size() + 1);
    size_t ascii = at;
    while (ascii < text.size() && static_cast<unsigned char>(text[ascii]) < 0x80) ++ascii;
    size_t printable = at;
    while (printable < text.size() && text[printable] >= ' ' && text[printable] <= '~') ++printable;
    ASSERT_EQ(AsciiEnd(text, at), ascii) << testing::PrintToString(text);
    ASSERT_EQ(PrintableEnd(text, at), printable) << testing::PrintToString(text);
  }
}

TEST(Utf8, EachByteOfEightStopsPlainText) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t place = 0; place < 8; ++place) {
      std::string text(16, ' ');
      text[place] = static_cast<char>(byte);
      EXPECT_EQ(AsciiEnd(text, 0), byte < 0x80 ? 16 : place) << byte;
      EXPECT_EQ(PrintableEnd(text, 0), byte >= 0x20 && byte < 0x7F ? 16 : place) << byte;
    }
  }
}

TEST(Utf8, FindsWhatIsIllFormedBehindPlainText) {
  EXPECT_TRUE(IsWellFormedUtf8(""));
  EXPECT_TRUE(IsWellFormedUtf8("twelve bytes and é, 世, 😀"));
  EXPECT_FALSE(IsWellFormedUtf8("twelve bytes and \xC3"));
  EXPECT_FALSE(IsWellFormedUtf8("é twelve bytes \xED\xA0\x80 more"));
}

}  // namespace
}  // namespace fovea
