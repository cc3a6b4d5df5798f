// The borders of what is an exact string, and of what is remembered of it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/exact/exact_scan.h"
#include "core/exact/string_uses.h"

namespace fovea {
namespace {

using Kind = ExactString::Kind;

TEST(ClassifyWord, DigitsAloneAreAHashFrom32On) {
  EXPECT_EQ(ClassifyWord(std::string(32, '7')), Kind::kHash);
  EXPECT_EQ(ClassifyWord(std::string(31, '7')), Kind::kNumber);
  EXPECT_EQ(ClassifyWord("abcdefabcdefabcd"), Kind::kHash) << "16 letters of hex";
  EXPECT_NE(ClassifyWord("abcdefabcdefabc"), Kind::kHash) << "15 may be a word";
  EXPECT_NE(ClassifyWord("abc4DEf"), Kind::kHash) << "no hash mixes cases";
}

TEST(ClassifyWord, AVersionHasTwoToFourDotsAndAShortEnd) {
  EXPECT_EQ(ClassifyWord("1.2.3"), Kind::kVersion);
  EXPECT_EQ(ClassifyWord("v1.2"), Kind::kVersion);
  EXPECT_NE(ClassifyWord("1.2"), Kind::kVersion);
  EXPECT_EQ(ClassifyWord("1.2.3.4.5"), Kind::kVersion);
  EXPECT_NE(ClassifyWord("1.2.3.4.5.6"), Kind::kVersion);
  EXPECT_EQ(ClassifyWord("1.2.3-release.candidate"), Kind::kVersion);
  EXPECT_EQ(ClassifyWord("1.2.3alpha1"), Kind::kVersion) << "six characters behind it";
  EXPECT_NE(ClassifyWord("1.2.3alpha12"), Kind::kVersion);
  EXPECT_NE(ClassifyWord("1..2.3"), Kind::kVersion);
}

std::vector<std::string> Found(std::string_view text) {
  std::vector<std::string> found;
  ExactScanner scanner(text);
  while (const auto match = scanner.Next()) found.emplace_back(match->text);
  return found;
}

TEST(ExactScanner, PassesClosingTagsOver) {
  EXPECT_TRUE(Found("a </tmp/report.txt> b").empty());
  EXPECT_EQ(Found("a (/tmp/report.txt) b"), std::vector<std::string>{"/tmp/report.txt"});
  EXPECT_EQ(Found("/tmp/report.txt"), std::vector<std::string>{"/tmp/report.txt"});
}

Turn Says(uint64_t seq, Role role, std::string text) {
  return {.seq = seq, .role = role, .parts = {TextPart{std::move(text)}}};
}

TEST(StringUses, CountsATurnOnce) {
  StringUses uses;
  uses.Add(Says(1, Role::kTool, "/tmp/report.txt and /tmp/report.txt again"));
  EXPECT_EQ(uses.Of("/tmp/report.txt").turns, 1U);
  EXPECT_EQ(uses.Of("/tmp/report.txt").agent_turns, 0U);
  uses.Add(Says(5, Role::kAssistant, "I read /tmp/report.txt, yes /tmp/report.txt."));
  EXPECT_EQ(uses.Of("/tmp/report.txt").turns, 2U);
  EXPECT_EQ(uses.Of("/tmp/report.txt").agent_turns, 1U);
  EXPECT_EQ(uses.Of("/tmp/report.txt").last_seq, 5U);
}

TEST(StringUses, ATurnBringsOnlySoManyNewOnes) {
  StringUses uses;
  uses.Add(Says(1, Role::kTool, "/tmp/known.txt"));
  std::string text;
  for (size_t i = 0; i < StringUses::kMaxOfTurn + 100; ++i) {
    absl::StrAppend(&text, "/tmp/file", i, ".txt\n");
  }
  uses.Add(Says(2, Role::kTool, text + "/tmp/known.txt"));
  EXPECT_EQ(uses.size(), StringUses::kMaxOfTurn + 1);
  EXPECT_EQ(uses.Of("/tmp/file0.txt").turns, 1U);
  EXPECT_EQ(uses.Of(absl::StrCat("/tmp/file", StringUses::kMaxOfTurn, ".txt")).turns, 0U);
  EXPECT_EQ(uses.Of("/tmp/known.txt").turns, 2U) << "what is known is counted all the same";
}

}  // namespace
}  // namespace fovea
