#include "replay/edit_copies.h"

#include <gtest/gtest.h>

#include "replay/replay.h"
#include "tests/replay/histories.h"

namespace fovea::replay {
namespace {

constexpr char kPassage[] =
    "if (count > limit) {\n    return absl::OutOfRangeError(\"count\");\n  }";

std::string Edit(const char* name) {
  std::string arguments = std::string("{\"path\":\"a.cc\",\"") + name + "\":\"";
  for (const char c : std::string(kPassage)) {
    if (c == '\n') {
      arguments += "\\n";
    } else if (c == '"') {
      arguments += "\\\"";
    } else {
      arguments += c;
    }
  }
  return arguments + "\"}";
}

TEST(NormalPassage, KnowsNoLineNumbersAndNoWidthOfWhiteSpace) {
  EXPECT_EQ(NormalPassage("  12→\tint  a;\r\n  13→  return a;\n"), "int a;\n return a;");
  EXPECT_EQ(NormalPassage("7: x\n8| y\n 9\tz"), "x\n y\nz");
  EXPECT_EQ(NormalPassage("12 apples"), "12 apples");
}

TEST(FindEditCopies, FindsThePassageInResultsTextsAndArguments) {
  for (const char* name : {"old_string", "old_str", "oldText", "search"}) {
    const std::vector<Turn> turns =
        Numbered({User("mend it"), Call(R"({"path":"a.cc"})"),
                  Result(std::string("   4→  ") + kPassage), Call(Edit(name)), Result("done"),
                  Call(Edit(name)), Assistant(kPassage), Call(Edit(name))});
    const std::vector<EditCopy> copies = FindEditCopies(turns);
    ASSERT_EQ(copies.size(), 3) << name;
    EXPECT_EQ(copies[0].seq, 4);
    EXPECT_EQ(copies[0].sources, (std::vector<Occurrence>{{3, true}}));
    EXPECT_EQ(copies[1].sources, (std::vector<Occurrence>{{3, true}, {4, false}}));
    EXPECT_EQ(copies[2].sources.size(), 4);
  }
}

TEST(FindEditCopies, LeavesOutWhatIsShortOrWasNeverSeen) {
  EXPECT_TRUE(FindEditCopies(Numbered({User("x"), Call(Edit("old_string"))})).empty());
  EXPECT_TRUE(FindEditCopies(Numbered({User("short"), Call(R"({"old_string":"short"})")})).empty());
  EXPECT_TRUE(FindEditCopies(Numbered({User(kPassage), Call("no json")})).empty());
}

TEST(HoldsPassage, KnowsTheArgumentsOfCalls) {
  const std::string passage = NormalPassage(kPassage);
  EXPECT_TRUE(HoldsPassage("before\n" + passage, passage));
  EXPECT_TRUE(HoldsPassage(NormalPassage("→ edit " + Edit("new_string")), passage));
  EXPECT_FALSE(HoldsPassage("if (count > limit) {", passage));
}

TEST(LocateCopy, WantsTextOrAWholePassageOnAPage) {
  const Session session("s", Numbered({User("mend it"), Call(R"({"path":"a.cc"})"),
                                       Result(kPassage), Call(Edit("old_string"))}));
  ASSERT_EQ(session.edit_copies.size(), 1);
  const TurnView no = TurnView::kHidden;
  const SeenPage with{.edit_copies = {0}};
  const SeenPage without;
  EXPECT_TRUE(LocateCopy(session, 0, {.turns = {no, no, TurnView::kText}}).in_text);
  EXPECT_FALSE(LocateCopy(session, 0, {.turns = {no, no, TurnView::kTextWithoutResults}}).in_text);
  const CopyVerdict on_pages =
      LocateCopy(session, 0, {.turns = {no, no, no}, .pages = {&without, &with}});
  EXPECT_FALSE(on_pages.in_text);
  EXPECT_EQ(on_pages.pages, (std::vector<const SeenPage*>{&with}));
}

}  // namespace
}  // namespace fovea::replay
