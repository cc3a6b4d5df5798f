#include "replay/served_claims.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/voice/notes.h"
#include "tests/replay/histories.h"

namespace fovea::replay {
namespace {

class ServedClaimsTest : public ::testing::Test {
 protected:
  Claims CheckNote(const std::string& note) {
    Context context;
    context.history.push_back({.items = {note}});
    return checker_.Check(context);
  }
  // Of one entry in turn 2's line.
  bool Stands(const std::string& entry) {
    const Claims claims = CheckNote("[Exact strings of turns #1–#3]\n#2 " + entry + "\n");
    EXPECT_EQ(claims.strings, 1) << entry;
    return claims.wrong_strings == 0;
  }

  const std::vector<Turn> turns_ =
      Numbered({User("see src/a_1.cc"),
                Result("commit: \"4f2a9c01be\"\nsize = 12345, path=a=b/c.cc \x1B[36mv4.0.16\x1B[0m "
                       "id 777888\nbuild_id: x17y"),
                Call(R"({"path":"src/b_2.cc"})")});
  ClaimChecker checker_{turns_};
};

TEST_F(ServedClaimsTest, ASidecarsStringStandsWholeInItsTurnBehindItsLabel) {
  for (const char* right : {"4f2a9c01be", "commit=4f2a9c01be", "size=12345", "12345",
                            "path=a=b/c.cc", "v4.0.16", "777888", "build_id=x17y"}) {
    EXPECT_TRUE(Stands(right)) << right;
  }
  for (const char* wrong : {"4f2a9c01bf", "4f2a9c01b", "size=4f2a9c01be", "commit=12345",
                            "id=777888", "src/a_1.cc", "7y", "other=x17y"}) {
    EXPECT_FALSE(Stands(wrong)) << wrong;
  }
}

TEST_F(ServedClaimsTest, EveryLineOfASidecarCounts) {
  const Claims claims = CheckNote(
      "[Exact strings of turns #1–#3]\n#1 src/a_1.cc\n#2 12345 nothing1\n#9 12345\nno line\n");
  EXPECT_EQ(claims.strings, 6);
  EXPECT_EQ(claims.wrong_strings, 4);
  EXPECT_EQ(claims.first_wrong, "nothing1");
}

TEST_F(ServedClaimsTest, AGistIsItsTurnButForWhatItSaysIsLeftOut) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "word" + std::to_string(i) + " ";
  const std::vector<Turn> turns = Numbered({User("see"), Result(text), User("go on")});
  ClaimChecker checker(turns);
  const auto wrong = [&](const std::string& note) {
    Context context;
    context.history.push_back({.items = {note}});
    return checker.Check(context).wrong_texts;
  };
  const std::string gist =
      TurnNote(turns[1], {.bulk = true}) + "\n" + TurnNote(turns[2], {.bulk = true});
  ASSERT_LT(gist.size(), 600U);
  EXPECT_EQ(wrong(gist), 0);
  const Elision superseded{.superseded = {{.seq = 2, .part = 0}}};
  EXPECT_EQ(wrong(TurnNote(turns[1], superseded)), 0);
  EXPECT_EQ(wrong(TurnNote(turns[1], superseded) + "\n" + TurnNote(turns[2])), 0);
  for (const auto& [part, other] :
       {std::pair("word0", "word9"), std::pair("word999", "word990"),
        std::pair("characters left", "characters lost"), std::pair("go on", "go off")}) {
    std::string altered = gist;
    altered.replace(altered.find(part), std::string_view(part).size(), other);
    EXPECT_EQ(wrong(altered), 1) << part;
  }
  std::string miscounted = gist;
  const size_t count = miscounted.find(" characters left out") - 1;
  miscounted[count] = miscounted[count] == '9' ? '8' : '9';
  EXPECT_EQ(wrong(miscounted), 1);
}

TEST_F(ServedClaimsTest, TheLatentTurnsHaveASidecarToo) {
  const Claims claims = CheckNote(
      "[3 turns between #1 and #3 are not shown.]\n[Exact strings of them]\n#2 12345 nothing1\n");
  EXPECT_EQ(claims.strings, 2);
  EXPECT_EQ(claims.wrong_strings, 1);
}

TEST_F(ServedClaimsTest, ATurnAsANoteHoldsItsTexts) {
  const std::string both = TurnNote(turns_[1]) + "\n" + TurnNote(turns_[2]);
  const Claims right = CheckNote(both);
  EXPECT_EQ(right.texts, 2);
  EXPECT_EQ(right.wrong_texts, 0);
  std::string altered = both;
  altered[altered.find("b_2.cc")] = 'B';
  EXPECT_EQ(CheckNote(altered).wrong_texts, 1);
  EXPECT_EQ(CheckNote("#7 tool\nwords").wrong_texts, 1);
  EXPECT_EQ(CheckNote("words of nobody").wrong_texts, 1);
  EXPECT_EQ(CheckNote("[12 turns are not shown]").texts, 0);
}

TEST_F(ServedClaimsTest, TurnsOfHeadAndTailAreTheLogs) {
  Context context;
  context.head.push_back({.turns = {{.turn = std::make_shared<const Turn>(turns_[0])}}});
  Turn altered = turns_[2];
  context.tail.push_back({.turns = {{.turn = std::make_shared<const Turn>(altered)}}});
  EXPECT_EQ(checker_.Check(context).texts, 2);
  EXPECT_EQ(checker_.Check(context).wrong_texts, 0);
  altered.parts.emplace_back(TextPart{"more"});
  context.tail.front().turns.front().turn = std::make_shared<const Turn>(altered);
  EXPECT_EQ(checker_.Check(context).wrong_texts, 1);
  EXPECT_EQ(checker_.Check(context).first_wrong, "#3");
}

}  // namespace
}  // namespace fovea::replay
