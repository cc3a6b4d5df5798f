#include "core/tokens/normal_form.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace fovea {
namespace {

TEST(NormalForm, Composes) {
  EXPECT_EQ(Nfc("plain"), "plain");
  EXPECT_EQ(Nfc("e\u0301"), "é");
  EXPECT_EQ(Nfc("\u1100\u1161\u11A8"), "각");
  EXPECT_EQ(Nfc("\u212B"), "Å");
  EXPECT_EQ(Nfc("q\u0323\u0307"), "q\u0323\u0307");
  EXPECT_EQ(Nfc("q\u0307\u0323"), "q\u0323\u0307");
}

TEST(NormalForm, KnowsWhatIsComposed) {
  EXPECT_TRUE(IsNfc(""));
  EXPECT_TRUE(IsNfc("plain"));
  EXPECT_TRUE(IsNfc("é 각 q\u0323\u0307"));
  EXPECT_FALSE(IsNfc("e\u0301"));
  EXPECT_FALSE(IsNfc("q\u0307\u0323"));
  EXPECT_FALSE(IsNfc("\u0F73"));
}

// The first of all marks is one, too.
TEST(NormalForm, PutsManyOfTheFirstMarkInOrder) {
  std::string text = "q";
  std::string below;
  std::string above;
  for (int i = 0; i < 100; ++i) {
    text += "\u0300\u0323";
    below += "\u0323";
    above += "\u0300";
  }
  EXPECT_EQ(Nfc(text), "q" + below + above);
}

TEST(NormalForm, PutsManyMarksInOrder) {
  // Classes 230 and 220 by turns; the first of 230 joins the letter.
  std::string text = "a";
  std::string below;
  std::string above;
  for (int i = 0; i < 100; ++i) {
    text += "\u0301\u0323";
    below += "\u0323";
    if (i > 0) above += "\u0301";
  }
  // The first mark below joins the letter first: ạ, and nothing has ạ with an acute.
  EXPECT_EQ(Nfc(text), "ạ" + below.substr(2) + "\u0301" + above);
  EXPECT_EQ(Nfc(text + "b" + text), Nfc(text) + "b" + Nfc(text));
}

TEST(NormalForm, TakesTibetanVowelsApartAmongMany) {
  std::string text = "\u0F40";
  std::string first;
  std::string second;
  for (int i = 0; i < 100; ++i) {
    text += "\u0F73";
    first += "\u0F71";
    second += "\u0F72";
  }
  EXPECT_EQ(Nfc(text), "\u0F40" + first + second);
}

TEST(NormalForm, IsLinearInMarks) {
  // Put in order one by one, each of half a million marks would pass all that came before.
  std::string text = "a";
  for (int i = 0; i < 250'000; ++i) text += "\u0301\u0323";
  const std::clock_t start = std::clock();
  EXPECT_FALSE(IsNfc(text));
  EXPECT_EQ(Nfc(text).size(), text.size());
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 10) << "that took minutes";
}

}  // namespace
}  // namespace fovea
