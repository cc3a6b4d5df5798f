// Single exchanges as each format writes them.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "service/wire/message.h"
#include "service/wire/payload.h"
#include "tests/service/wild_history.h"
#include "tests/service/wire_support.h"
#include "tests/support/utf8.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::Call;
using ::fovea::testing::Make;
using ::fovea::testing::Picture;
using ::fovea::testing::Result;
using ::fovea::testing::ServeAll;
using ::fovea::testing::TailOf;
using ::fovea::testing::Text;
using ::fovea::testing::Written;

struct WireCase {
  const char* name;
  std::vector<Turn> turns;
  const char* openai;     // the messages
  const char* anthropic;  // the messages; breakpoints left out
};

std::vector<WireCase> Cases() {
  return {
      {"Answered",
       {Make(Role::kUser, {Text("go")}), Make(Role::kAssistant, {Text("ok"), Call("a")}),
        Make(Role::kTool, {Result("a", "done")})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":"ok","tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{}"}}]})j"
       R"j(,{"role":"tool","tool_call_id":"a","content":"done"})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"text","text":"ok"},{"type":"tool_use",)j"
       R"j("id":"a","name":"bash","input":{}}]})j"
       R"j(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[)j"
       R"j({"type":"text","text":"done"}]}]})j"},
      {"ResultsInCallOrder",
       {Make(Role::kUser, {Text("go")}), Make(Role::kAssistant, {Call("a"), Call("b")}),
        Make(Role::kTool, {Result("b", "2")}), Make(Role::kTool, {Result("a", "1")})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{}"}},{"id":"b","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{}"}}]})j"
       R"j(,{"role":"tool","tool_call_id":"a","content":"1"})j"
       R"j(,{"role":"tool","tool_call_id":"b","content":"2"})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash",)j"
       R"j("input":{}},{"type":"tool_use","id":"b","name":"bash","input":{}}]})j"
       R"j(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[)j"
       R"j({"type":"text","text":"1"}]},{"type":"tool_result","tool_use_id":"b","content":[)j"
       R"j({"type":"text","text":"2"}]}]})j"},
      {"PendingCallsEndThePayload",
       {Make(Role::kUser, {Text("go")}), Make(Role::kAssistant, {Call("a")})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{}"}}]})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash",)j"
       R"j("input":{}}]})j"},
      {"AUserWhoInterruptsComesAfterTheNote",
       {Make(Role::kUser, {Text("go")}), Make(Role::kAssistant, {Call("a")}),
        Make(Role::kUser, {Text("stop")})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{}"}}]})j"
       R"j(,{"role":"tool","tool_call_id":"a",)j"
       R"j("content":"[its result had not come when the conversation went on]"})j"
       R"j(,{"role":"user","content":"stop"})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash",)j"
       R"j("input":{}}]})j"
       R"j(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[)j"
       R"j({"type":"text","text":"[its result had not come when the conversation went on]"}]}]})j"
       R"j(,{"role":"user","content":[{"type":"text","text":"stop"}]})j"},
      {"AnOrphanIsAUsersNote",
       {Make(Role::kUser, {Text("go")}), Make(Role::kTool, {Result("zz", "late")})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"user","content":[{"type":"text",)j"
       R"j("text":"[#2: the result of call zz]"},{"type":"text",)j"
       R"j("text":"late"}]})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"user","content":[{"type":"text",)j"
       R"j("text":"[#2: the result of call zz]"},{"type":"text",)j"
       R"j("text":"late"}]})j"},
      {"ArgumentsThatAreNoObject",
       {Make(Role::kUser, {Text("go")}), Make(Role::kAssistant, {Call("a", "oops \"")}),
        Make(Role::kTool, {Result("a", "")})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"oops \""}}]})j"
       R"j(,{"role":"tool","tool_call_id":"a","content":""})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash",)j"
       R"j("input":{"_raw_arguments":"oops \""}}]})j"
       R"j(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]})j"},
      {"EmptyAndLaterSystem",
       {Make(Role::kUser, {Text("")}), Make(Role::kSystem, {Text("be brief")})},
       R"j({"role":"user","content":"[#1: empty]"})j"
       R"j(,{"role":"system","content":"be brief"})j",
       R"j({"role":"user","content":[{"type":"text","text":"[#1: empty]"}]})j"
       R"j(,{"role":"user","content":[{"type":"text","text":"[system] be brief"}]})j"},
      {"TheAssistantBegins",
       {Make(Role::kAssistant, {Text("hello")})},
       R"j({"role":"assistant","content":"hello"})j",
       R"j({"role":"user","content":[{"type":"text",)j"
       R"j("text":"[The conversation begins with the assistant.]"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"text","text":"hello"}]})j"},
      {"OpaqueBlocksGoToTheirOwnApi",
       {Make(Role::kUser, {Text("go")}),
        Make(Role::kAssistant,
             {Text("well"), OpaquePart{"anthropic.thinking", R"({"type":"thinking","x": 1})"},
              OpaquePart{"openai.reasoning", R"({"type":"reasoning"})"}, Text("ok"),
              OpaquePart{"anthropic.thinking", R"({"type":"thinking"})"}})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":"wellok"})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"text","text":"well"},)j"
       R"j({"type":"thinking","x": 1},{"type":"text","text":"ok"}]})j"},
      {"IllFormedBytesAndControls",
       {Make(Role::kUser, {Text("a\xFF\n\x01")})},
       R"j({"role":"user","content":"a\\xFF\n\u0001"})j",
       R"j({"role":"user","content":[{"type":"text","text":"a\\xFF\n\u0001"}]})j"},
      {"ImagesOfTools",
       {Make(Role::kUser, {Text("go")}), Make(Role::kAssistant, {Call("a")}),
        Make(Role::kTool, {ToolResultPart{.call_id = "a", .content = {Picture()}}})},
       R"j({"role":"user","content":"go"})j"
       R"j(,{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{}"}}]})j"
       R"j(,{"role":"tool","tool_call_id":"a","content":"[image: image/jpeg, 11 bytes]"})j"
       R"j(,{"role":"user","content":[{"type":"image_url",)j"
       R"j("image_url":{"url":"data:image/jpeg;base64,/9j/wAALCAABAAE="}}]})j",
       R"j({"role":"user","content":[{"type":"text","text":"go"}]})j"
       R"j(,{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash",)j"
       R"j("input":{}}]})j"
       R"j(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[)j"
       R"j({"type":"image","source":{"type":"base64","media_type":"image/jpeg",)j"
       R"j("data":"/9j/wAALCAABAAE="}}]}]})j"},
  };
}

class WireTest : public ::testing::TestWithParam<WireCase> {};

std::string Unmarked(const Context& context, PayloadFormat format,
                     const ReaderTraits& reader = {}) {
  return testing::Without(Written(context, format, reader),
                          R"(,"cache_control":{"type":"ephemeral"})");
}

TEST_P(WireTest, OpenAiChat) {
  EXPECT_EQ(Unmarked(TailOf(GetParam().turns), PayloadFormat::kOpenAiChat),
            absl::StrCat(R"({"messages":[)", GetParam().openai, "]}"));
}

TEST_P(WireTest, Anthropic) {
  EXPECT_EQ(Unmarked(TailOf(GetParam().turns), PayloadFormat::kAnthropic),
            absl::StrCat(R"({"messages":[)", GetParam().anthropic, "]}"));
}

INSTANTIATE_TEST_SUITE_P(All, WireTest, ::testing::ValuesIn(Cases()),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(WireHead, LeadingSystemTurnsAreAnthropicsSystemText) {
  std::vector<Turn> turns = {Make(Role::kSystem, {Text("be good")}),
                             Make(Role::kUser, {Text("task")})};
  turns[0].seq = 1;
  turns[1].seq = 2;
  const Context context{.head = ServeAll(turns, false)};
  EXPECT_EQ(Unmarked(context, PayloadFormat::kAnthropic),
            R"({"system":[{"type":"text","text":"be good"}],)"
            R"("messages":[{"role":"user","content":[{"type":"text","text":"task"}]}]})");
  EXPECT_EQ(Unmarked(context, PayloadFormat::kOpenAiChat),
            R"({"messages":[{"role":"system","content":"be good"},)"
            R"({"role":"user","content":"task"}]})");
}

TEST(WireImages, AReaderOfTextGetsNotes) {
  const Context context = TailOf({Make(Role::kUser, {Picture()})});
  EXPECT_EQ(Unmarked(context, PayloadFormat::kOpenAiChat, {.takes_images = false}),
            R"j({"messages":[{"role":"user","content":"[image: image/jpeg, 11 bytes]"}]})j");
}

TEST(CallIdsTest, RewritesOnlyWhatItMust) {
  CallIds ids({.plain = true, .max_bytes = 40});
  EXPECT_EQ(ids.Take("toolu_01-A", 1, 0), "toolu_01-A");
  const std::string again = ids.Take("toolu_01-A", 2, 0);
  EXPECT_NE(again, "toolu_01-A");
  EXPECT_EQ(again.find("toolu_01-A_"), 0);
  EXPECT_EQ(ids.Take("a b", 3, 0).find("a_b_"), 0);
  EXPECT_EQ(ids.Take("", 4, 0).find("call_"), 0);
  EXPECT_NE(ids.Take("", 4, 0), ids.Take("", 4, 0));
  EXPECT_EQ(ids.Take(std::string(60, 'x'), 5, 0).size(), 40);
  CallIds mistral({.max_bytes = 40, .nine_characters = true});
  EXPECT_EQ(mistral.Take("aB3456789", 1, 0), "aB3456789");
  const std::string nine = mistral.Take("call_1", 2, 0);
  EXPECT_EQ(nine.size(), 9);
  EXPECT_EQ(nine.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(mistral.Take("call_1", 3, 0), nine);
  // The id of a call whose result the client still adds stays; an earlier one makes room for it.
  CallIds open({.max_bytes = 40});
  open.Reserve("a");
  EXPECT_EQ(open.Take("a", 1, 0).find("a_"), 0);
  EXPECT_EQ(open.TakeReserved("a", 2, 0), "a");
  CallIds others({.plain = true, .max_bytes = 40});
  others.Take("toolu_01-A", 1, 0);
  EXPECT_EQ(others.Take("toolu_01-A", 2, 0), again);
}

struct NameCase {
  const char* name;
  std::string called;
  CallNameRule rule;
  std::string expected;
};

class CallNameTest : public ::testing::TestWithParam<NameCase> {};

TEST_P(CallNameTest, IsWhatTheApiTakes) {
  EXPECT_EQ(CallName(GetParam().called, GetParam().rule), GetParam().expected);
}

const std::string kLong(130, 'n');

INSTANTIATE_TEST_SUITE_P(
    All, CallNameTest,
    ::testing::Values(
        NameCase{"Plain", "bash", {}, "bash"}, NameCase{"None", "", {}, "unnamed"},
        NameCase{"Dots", "a.b:c", {}, "a_b_c"},
        NameCase{"DotsTaken", "a.b:c", {.dots_and_colons = true}, "a.b:c"},
        NameCase{"Digit", "7zip", {.begins_with_letter = true}, "_7zip"},
        NameCase{"Dot", ".x", {.dots_and_colons = true, .begins_with_letter = true}, "_.x"},
        NameCase{"AtTheLimit", kLong.substr(0, 64), {}, kLong.substr(0, 64)},
        NameCase{"Longer", kLong, {.max_bytes = 130}, kLong},
        NameCase{"TooLong",
                 kLong + "a",
                 {},
                 kLong.substr(0, 55) + "_" + Sha256Hex(kLong + "a").substr(0, 8)},
        NameCase{"TooLongOther",
                 kLong + "b",
                 {},
                 kLong.substr(0, 55) + "_" + Sha256Hex(kLong + "b").substr(0, 8)}),
    [](const auto& test) { return std::string(test.param.name); });

// What Anthropic's API refuses at the end of an assistant's last text: Unicode's white space, and
// the four separators of ASCII (Python's str.isspace).
TEST(TrimmedBytes, LeavesOutWhiteSpaceAndNothingElse) {
  const std::set<char32_t> white = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x1C,   0x1D,   0x1E,
                                    0x1F,   0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002,
                                    0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A,
                                    0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
  for (char32_t c = 1; c < 0x11000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string end = fovea::testing::Utf8(c);
    EXPECT_EQ(TrimmedBytes(absl::StrCat("é", end)), white.contains(c) ? 2 : 2 + end.size())
        << static_cast<uint32_t>(c);
  }
  EXPECT_EQ(TrimmedBytes(" a \n\t "), 2U);
  EXPECT_EQ(TrimmedBytes(" \n"), 0U);
  EXPECT_EQ(TrimmedBytes(""), 0U);
  // Bytes that are no UTF-8 are no white space, whatever their value.
  EXPECT_EQ(TrimmedBytes("a\x85"), 2U);
  EXPECT_EQ(TrimmedBytes("a\xA0 "), 2U);
}

}  // namespace
}  // namespace fovea::wire
