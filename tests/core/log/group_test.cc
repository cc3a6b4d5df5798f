#include "core/log/group.h"

#include "core/base/pdf_pages.h"
#include "core/log/opaque_block.h"

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
Turn Of(std::string agent, Turn turn) {
  turn.agent_id = std::move(agent);
  return turn;
}
Turn Own(Role role, std::string kind, std::string data) {
  return {.role = role, .parts = {OpaquePart{std::move(kind), std::move(data)}}};
}
Turn Says(size_t bytes) {
  return {.role = Role::kAssistant, .parts = {TextPart{std::string(bytes, 'x')}}};
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
             {Assistant({"a"}), User(), Assistant({"b"}), Result("b")},
             {{1, 2}, {3, 4}},
             {}},
        Case{"calls_of_one_step_in_several_turns",
             {Says(5), Assistant({"a"}), Assistant({"b"}), Result("a"), Result("b"), User()},
             {{1, 5}, {6, 6}},
             {}},
        Case{"a_step_ends_with_its_results",
             {Assistant({"a"}), Result("a"), Assistant({"b"})},
             {{1, 2}, {3, 3}},
             {"b"}},
        Case{"a_monologue_is_cut", {Says(20'000), Says(1), Says(1)}, {{1, 1}, {2, 3}}, {}},
        Case{"a_long_step_is_not_cut_while_a_call_waits",
             {Assistant({"a"}), Says(20'000), Assistant({"b"}), Result("b"), Result("a")},
             {{1, 5}},
             {}},
        Case{"reasoning_leads_on",
             {Says(20'000), Own(Role::kAssistant, "anthropic.thinking", R"({"type":"thinking"})"),
              Assistant({"a"}), Result("a")},
             {{1, 1}, {2, 4}},
             {}},
        Case{"long_reasoning_leads_on",
             {Own(Role::kAssistant, "openai.reasoning",
                  R"({"type":"reasoning","x":")" + std::string(20'000, 'x') + "\"}"),
              Says(1)},
             {{1, 2}},
             {}},
        Case{"an_opaque_call_waits_for_its_output",
             {Own(Role::kAssistant, "openai.custom_tool_call",
                  R"({"type":"custom_tool_call","call_id":"c"})"),
              User(),
              Own(Role::kTool, "openai.custom_tool_call_output",
                  R"({"type":"custom_tool_call_output","call_id":"c"})"),
              User()},
             {{1, 3}, {4, 4}},
             {}},
        Case{"agents_are_told_apart",
             {Of("x", Assistant({"a"})), Of("y", Assistant({"a"})), Of("y", Result("a")),
              Of("y", Assistant({"b"})), Of("y", Result("b")), Of("x", Result("a")), User()},
             {{1, 6}, {7, 7}},
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

TEST(Groups, NoStepIsLongerThanItMay) {
  GroupTracker tracker;
  for (uint64_t seq = 1; seq <= 65; ++seq) {
    Turn turn = Assistant({"c"});
    turn.seq = seq;
    EXPECT_EQ(tracker.Add(turn).joined, seq > 1 && seq <= GroupTracker::kMaxTurns) << seq;
  }
}

TEST(Groups, ResultsAreCounted) {
  GroupTracker tracker;
  Turn calls = Assistant({"a", "b"});
  calls.seq = 1;
  tracker.Add(calls);
  Turn results{
      .seq = 2,
      .role = Role::kUser,
      .parts = {ToolResultPart{"a", {}}, ToolResultPart{"a", {}}, ToolResultPart{"z", {}}}};
  const GroupTracker::Step step = tracker.Add(results);
  EXPECT_EQ(step.answered_calls, 1);
  EXPECT_EQ(step.orphan_results, 2);
}

TEST(OpaqueBlocks, SayWhatTheyAre) {
  using Half = OpaqueBlock::Half;
  struct {
    const char* kind;
    std::string data;
    Half half;
    const char* id;
    bool leads_on;
  } const cases[] = {
      {"anthropic.server_tool_use", R"({"type":"server_tool_use","id":"s"})", Half::kCall, "s",
       false},
      {"anthropic.x",
       R"({"content":{"type":"y"},"type":"web_search_tool_result","tool_use_id":"s"})",
       Half::kResult, "s", false},
      {"anthropic.thinking", R"({"type":"thinking"})", Half::kNone, "", true},
      {"anthropic.thinking", "no JSON", Half::kNone, "", false},
      {"openai.reasoning", R"({"type":"reasoning","id":"r"})", Half::kNone, "", true},
      {"openai.web_search_call", R"({"type":"web_search_call","id":"w"})", Half::kNone, "", false},
      {"openai.shell_call", R"({"type":"shell_call","call_id":"c"})", Half::kCall, "c", false},
      {"openai.shell_call", R"({"type":"shell_call_output","call_id":"c"})", Half::kResult, "c",
       false},
      {"gemini.part", R"({"executableCode":{"code":"x"}})", Half::kCall, "", false},
      {"gemini.part", R"({"codeExecutionResult":{}})", Half::kResult, "", false},
      {"gemini.part", R"({"thoughtSignature":"s"})", Half::kNone, "", true},
      {"gemini.part", R"({"text":"t","thoughtSignature":"s"})", Half::kNone, "", false},
      {"deepseek.reasoning_content", "hm", Half::kNone, "", true}};
  for (const auto& test : cases) {
    const OpaqueBlock block = ReadOpaqueBlock({test.kind, test.data});
    EXPECT_EQ(block.half, test.half) << test.data;
    EXPECT_EQ(block.id, test.id) << test.data;
    EXPECT_EQ(block.leads_on, test.leads_on) << test.data;
  }
  const std::string file(2'000, 'A');
  const auto base64 = [](std::string data) {
    return ReadOpaqueBlock({"anthropic.document", std::move(data)}).base64_bytes;
  };
  EXPECT_EQ(base64(R"({"source":{"type":"base64","data":")" + file + "\"}}"), 2'000);
  EXPECT_EQ(base64(R"({"source":{"type":"text","data":")" + file + "\"}}"), 0);
  EXPECT_EQ(base64(R"({"file_data":"data:application/pdf;base64,)" + file + "\"}"), 2'000);
  EXPECT_EQ(base64(R"({"text":"a )" + file + "\"}"), 0);
  // Deep nesting is walked, not climbed.
  std::string deep = R"({"a":)" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_EQ(base64(deep), 0);
}

TEST(PdfPages, AreCountedWhereTheyAreNamed) {
  EXPECT_EQ(PdfPages("no PDF /Type /Page"), 0);
  EXPECT_EQ(PdfPages("%PDF-1.4 <</Type/Page>> <</Type /Page >> <</Type /Pages>>"), 2);
  EXPECT_EQ(PdfPages("%PDF-1.4 <</Type /Pages /Count 12>> <</Type/Page>>"), 12);
  EXPECT_EQ(PdfPages("%PDF-1.4 /Count 99999999999999999999999"), 100'000);
  EXPECT_EQ(PdfPages("%PDF-1.4 /Type"), 0);
}

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
