#include "core/log/group.h"

#include <gtest/gtest.h>

#include "tests/core/forgetting/planner_checks.h"
#include "tests/support/histories.h"

namespace fovea::testing {
namespace {

Turn Assistant(std::vector<std::string> calls) {
  Turn turn{.role = Role::kAssistant};
  for (std::string& call : calls) turn.parts.emplace_back(ToolCallPart{std::move(call), "f", "{}"});
  return turn;
}
Turn Result(std::string call) {
  return {.role = Role::kTool, .parts = {ToolResultPart{std::move(call), {TextPart{"done"}}}}};
}
Turn User() { return {.role = Role::kUser, .parts = {TextPart{"hello"}}}; }

struct Case {
  const char* name;
  std::vector<Turn> turns;
  std::vector<SeqRange> groups;      // the last one may be open
  std::vector<std::string> waiting;  // of the last group
};

class Groups : public ::testing::TestWithParam<Case> {};

TEST_P(Groups, AreFormed) {
  GroupTracker tracker;
  std::vector<SeqRange> groups;
  uint64_t seq = 0;
  for (Turn turn : GetParam().turns) {
    turn.seq = ++seq;
    if (!tracker.Add(turn).joined) groups.emplace_back();
    groups.back() = tracker.newest().turns;
  }
  EXPECT_EQ(groups, GetParam().groups);
  EXPECT_EQ(tracker.newest().waiting_calls, GetParam().waiting);
  EXPECT_EQ(tracker.newest().open, !GetParam().waiting.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Groups,
    ::testing::Values(
        Case{"single_turns", {User(), User(), Assistant({})}, {{1, 1}, {2, 2}, {3, 3}}, {}},
        Case{"call_and_result", {Assistant({"a"}), Result("a"), User()}, {{1, 2}, {3, 3}}, {}},
        Case{"parallel_calls_in_any_order",
             {Assistant({"a", "b"}), Result("b"), Result("a"), User()},
             {{1, 3}, {4, 4}},
             {}},
        Case{"open_while_waiting", {Assistant({"a", "b"}), Result("b")}, {{1, 2}}, {"a"}},
        Case{"a_user_may_interrupt",
             {Assistant({"a"}), User(), Result("a"), User()},
             {{1, 3}, {4, 4}},
             {}},
        Case{"an_orphaned_call_freezes_nothing",
             {Assistant({"a"}), Assistant({"b"}), Result("b")},
             {{1, 1}, {2, 3}},
             {}},
        Case{"an_orphaned_result_stands_alone", {User(), Result("x")}, {{1, 1}, {2, 2}}, {}},
        Case{"a_second_result_stands_alone",
             {Assistant({"a"}), Result("a"), Result("a")},
             {{1, 2}, {3, 3}},
             {}},
        Case{"a_result_without_id_answers_the_first_call",
             {Assistant({"a", "b"}), Result("")},
             {{1, 2}},
             {"b"}}),
    [](const auto& test) { return test.param.name; });

TEST(Groups, AgreeWithASecondReadingOfTheRule) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const std::vector<Turn> turns = RandomHistory(seed, {.max_text_bytes = 40});
    GroupTracker tracker;
    std::vector<uint64_t> starts;
    for (const Turn& turn : turns) {
      if (!tracker.Add(turn).joined) starts.push_back(turn.seq);
    }
    ASSERT_EQ(starts, GroupStarts(turns)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fovea::testing
