#include "replay/exact_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/histories.h"

namespace fovea::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StringFinder, FindsStringsThatStandAlone) {
  StringFinder finder;
  finder.Add("1234");
  finder.Add("src/a.cc");
  finder.Add("/tmp/x");
  struct Case {
    const char* text;
    std::vector<uint32_t> found;
  };
  for (const Case& c :
       {Case{"port 1234.", {0}}, Case{"port 12345", {}}, Case{"port 01234", {}}, Case{"a1234", {}},
        Case{"in src/a.cc:12", {1}}, Case{"src/a.ccx", {}}, Case{"/home/src/a.cc", {1}},
        Case{"a/tmp/x and 1234", {0, 2}}, Case{"1234 1234", {0}}, Case{"\"text\\n1234\"", {0}},
        Case{"", {}}, Case{"123", {}}}) {
    EXPECT_EQ(finder.FindIn(c.text), c.found) << c.text;
  }
}

TEST(ExactUses, AreWhatACallRepeatsFromAnEarlierTurn) {
  const ExactUses uses = FindExactUses(
      Numbered({User("fix src/core/a_1.cc please"), Call(R"({"path":"src/core/a_1.cc"})"),
                Result("see src/core/b_2.cc"), Call(R"({"path":"src/core/b_2.cc"})"), Result("ok"),
                Call(R"({"path":"src/core/new_3.cc"})"), Result("ok")}));
  ASSERT_EQ(uses.moments.size(), 2);
  const Moment& task = uses.moments[0];
  EXPECT_EQ(task.seq, 2);
  EXPECT_EQ(uses.strings[task.string].text, "src/core/a_1.cc");
  EXPECT_THAT(uses.strings[task.string].occurrences,
              ElementsAre(Occurrence{1, false}, Occurrence{2, false}));
  const Moment& found = uses.moments[1];
  EXPECT_EQ(found.seq, 4);
  EXPECT_THAT(uses.strings[found.string].occurrences,
              ElementsAre(Occurrence{3, true}, Occurrence{4, false}));
}

TEST(ExactUses, OfAnAgentWithoutToolsAreWhatItSays) {
  const ExactUses uses =
      FindExactUses(Numbered({User("commit 1f2e3d4c5b6a"), Assistant("git show 1f2e3d4c5b6a"),
                              User("now 77777"), Assistant("again 1f2e3d4c5b6a")}));
  ASSERT_EQ(uses.moments.size(), 2);
  EXPECT_EQ(uses.moments[0].seq, 2);
  EXPECT_EQ(uses.moments[1].seq, 4);
}

TEST(ExactUses, SamplesAreSpreadAndInOrder) {
  std::vector<Moment> moments;
  for (uint64_t i = 0; i < 10; ++i) moments.push_back({i, 0});
  std::vector<uint64_t> seqs;
  for (const Moment& moment : Sampled(moments, 4)) seqs.push_back(moment.seq);
  EXPECT_THAT(seqs, ElementsAre(0, 2, 5, 7));
  EXPECT_EQ(Sampled(moments, 0).size(), 10);
  EXPECT_EQ(Sampled(moments, 20).size(), 10);
  EXPECT_THAT(Sampled({}, 4), IsEmpty());
}

}  // namespace
}  // namespace fovea::replay
