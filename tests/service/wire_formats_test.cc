// What is particular to each format.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/sha256.h"
#include "service/wire/recall_tools.h"
#include "tests/service/wild_history.h"
#include "tests/service/wire_support.h"

namespace fovea::wire {
namespace {

using ::fovea::testing::Call;
using ::fovea::testing::Make;
using ::fovea::testing::NoPages;
using ::fovea::testing::Picture;
using ::fovea::testing::Result;
using ::fovea::testing::ServeAll;
using ::fovea::testing::TailOf;
using ::fovea::testing::Text;
using ::fovea::testing::Written;

constexpr PayloadFormat kResponses = PayloadFormat::kOpenAiResponses;
constexpr PayloadFormat kGemini = PayloadFormat::kGemini;
constexpr PayloadFormat kVllm = PayloadFormat::kVllm;
constexpr PayloadFormat kDeepSeek = PayloadFormat::kDeepSeek;

Part Own(std::string kind, std::string data) {
  return OpaquePart{std::move(kind), std::move(data)};
}

Turn User(std::string text) { return Make(Role::kUser, {Text(std::move(text))}); }

struct FormatCase {
  const char* name;
  PayloadFormat format;
  std::vector<Turn> turns;
  const char* expected;
};

std::vector<FormatCase> ResponsesCases() {
  const std::string reasoning =
      R"({"type":"reasoning", "id":"rs_1","summary":[],"encrypted_content":"ZQ=="})";
  return {
      {"CallsAndOutputs",
       kResponses,
       {User("go"), Make(Role::kAssistant, {Text("ok"), Call("a"), Call("b", "oops")}),
        Make(Role::kTool, {Result("b", "2")}), Make(Role::kTool, {Result("a", "")})},
       R"j({"input":[{"type":"message","role":"user","content":[)j"
       R"j({"type":"input_text","text":"go"}]},)j"
       R"j({"type":"message","role":"assistant","content":"ok"},)j"
       R"j({"type":"function_call","call_id":"a","name":"bash","arguments":"{}"},)j"
       R"j({"type":"function_call","call_id":"b","name":"bash","arguments":"oops"},)j"
       R"j({"type":"function_call_output","call_id":"a","output":""},)j"
       R"j({"type":"function_call_output","call_id":"b","output":"2"}]})j"},
      {"PicturesInOutputs",
       kResponses,
       {User("go"), Make(Role::kAssistant, {Call("a")}),
        Make(Role::kTool, {ToolResultPart{"a", {TextPart{"see"}, Picture()}}})},
       R"j({"input":[{"type":"message","role":"user","content":[)j"
       R"j({"type":"input_text","text":"go"}]},)j"
       R"j({"type":"function_call","call_id":"a","name":"bash","arguments":"{}"},)j"
       R"j({"type":"function_call_output","call_id":"a","output":[)j"
       R"j({"type":"input_text","text":"see"},{"type":"input_image",)j"
       R"j("image_url":"data:image/jpeg;base64,/9j/wAALCAABAAE=","detail":"auto"}]}]})j"},
      {"ReasoningStandsBeforeItsItem",
       kResponses,
       {User("go"),
        Make(Role::kAssistant, {Text("hm"), Own("openai.reasoning", reasoning), Call("a")})},
       R"j({"input":[{"type":"message","role":"user","content":[)j"
       R"j({"type":"input_text","text":"go"}]},)j"
       R"j({"type":"message","role":"assistant","content":"hm"},)j"
       R"j({"type":"reasoning", "id":"rs_1","summary":[],"encrypted_content":"ZQ=="},)j"
       R"j({"type":"function_call","call_id":"a","name":"bash","arguments":"{}"}]})j"},
      {"ReasoningTwiceOrForNothingIsLeftOut",
       kResponses,
       {Make(Role::kAssistant, {Own("openai.reasoning", reasoning), Text("one")}),
        Make(Role::kAssistant, {Own("openai.reasoning", reasoning), Text("two")}),
        Make(Role::kAssistant, {Own("openai.custom", R"({"type":"custom_tool_call"})"),
                                Own("anthropic.thinking", R"({"type":"thinking"})"), Text("x")}),
        Make(Role::kAssistant,
             {Text("three"), Own("openai.reasoning", R"({"type":"reasoning","id":"rs_2"})")})},
       R"j({"input":[)j"
       R"j({"type":"reasoning", "id":"rs_1","summary":[],"encrypted_content":"ZQ=="},)j"
       R"j({"type":"message","role":"assistant","content":"one"},)j"
       R"j({"type":"message","role":"assistant","content":"two"},)j"
       R"j({"type":"message","role":"assistant","content":"\n[openai.custom block, 27 bytes]"},)j"
       R"j({"type":"message","role":"assistant","content":"x"},)j"
       R"j({"type":"message","role":"assistant","content":"three"}]})j"},
      {"SystemKeepsItsPlace",
       kResponses,
       {User("go"), Make(Role::kSystem, {Text("be brief")})},
       R"j({"input":[{"type":"message","role":"user","content":[)j"
       R"j({"type":"input_text","text":"go"}]},)j"
       R"j({"type":"message","role":"system","content":[)j"
       R"j({"type":"input_text","text":"be brief"}]}]})j"},
  };
}

std::vector<FormatCase> GeminiCases() {
  return {
      {"ResponsesStandFirstWithPicturesBehind",
       kGemini,
       {User("go"), Make(Role::kAssistant, {Text("ok"), Call("a"), Call("b", "oops")}),
        Make(Role::kTool, {ToolResultPart{"b", {TextPart{"bad"}, Picture()}, true}}),
        Make(Role::kTool, {Result("a", "1")})},
       R"j({"contents":[{"role":"user","parts":[{"text":"go"}]},)j"
       R"j({"role":"model","parts":[{"text":"ok"},)j"
       R"j({"functionCall":{"id":"a","name":"bash","args":{}},)j"
       R"j("thoughtSignature":"skip_thought_signature_validator"},)j"
       R"j({"functionCall":{"id":"b","name":"bash","args":{"_raw_arguments":"oops"}}}]},)j"
       R"j({"role":"user","parts":[)j"
       R"j({"functionResponse":{"id":"a","name":"bash","response":{"output":"1"}}},)j"
       R"j({"functionResponse":{"id":"b","name":"bash",)j"
       R"j("response":{"error":"bad\n[image: image/jpeg, 11 bytes]"}}},)j"
       R"j({"inlineData":{"mimeType":"image/jpeg","data":"/9j/wAALCAABAAE="}}]}]})j"},
      {"SignaturesStayOnTheirParts",
       kGemini,
       {User("go"),
        Make(Role::kAssistant, {Own("gemini.thought_signature", R"({"thoughtSignature":"QQ=="})"),
                                Text("ok"), Own("gemini.part", R"({"text":"hm", "thought":true})"),
                                Own("gemini.thought_signature", R"({"thoughtSignature":"Qg=="})"),
                                Call("a"), Call("b")}),
        Make(Role::kTool, {Result("a", "1"), Result("b", "2")}),
        Make(Role::kAssistant,
             {Text("done"), Own("gemini.thought_signature", R"({"thoughtSignature":"Qw=="})")})},
       R"j({"contents":[{"role":"user","parts":[{"text":"go"}]},)j"
       R"j({"role":"model","parts":[{"text":"ok","thoughtSignature":"QQ=="},)j"
       R"j({"text":"hm", "thought":true},)j"
       R"j({"functionCall":{"id":"a","name":"bash","args":{}},"thoughtSignature":"Qg=="},)j"
       R"j({"functionCall":{"id":"b","name":"bash","args":{}}}]},)j"
       R"j({"role":"user","parts":[)j"
       R"j({"functionResponse":{"id":"a","name":"bash","response":{"output":"1"}}},)j"
       R"j({"functionResponse":{"id":"b","name":"bash","response":{"output":"2"}}}]},)j"
       R"j({"role":"model","parts":[{"text":"done"},)j"
       R"j({"text":"","thoughtSignature":"Qw=="}]}]})j"},
      {"ASignedCallPartGivesItsSignatureToTheCall",
       kGemini,
       {User("go"),
        Make(Role::kAssistant,
             {Own("gemini.part", R"({"functionCall":{"name":"x"},"thoughtSignature":"QQ=="})"),
              Text("ok")}),
        Make(Role::kAssistant,
             {Own("gemini.part", R"({"functionCall":{"name":"x"},"thoughtSignature":"Qg=="})"),
              Call("a")})},
       R"j({"contents":[{"role":"user","parts":[{"text":"go"}]},)j"
       R"j({"role":"model","parts":[{"text":"ok"},)j"
       R"j({"functionCall":{"id":"a","name":"bash","args":{}},"thoughtSignature":"Qg=="}]}]})j"},
      {"TheModelDoesNotFollowItself",
       kGemini,
       {Make(Role::kAssistant, {Text("one")}), Make(Role::kAssistant, {Text("two"), Call("a")}),
        Make(Role::kSystem, {Text("be brief")})},
       R"j({"contents":[{"role":"user","parts":[)j"
       R"j({"text":"[The conversation begins with the assistant.]"}]},)j"
       R"j({"role":"model","parts":[{"text":"one"},{"text":"two"},)j"
       R"j({"functionCall":{"id":"a","name":"bash","args":{}},)j"
       R"j("thoughtSignature":"skip_thought_signature_validator"}]},)j"
       R"j({"role":"user","parts":[{"functionResponse":{"id":"a","name":"bash",)j"
       R"j("response":{"output":"[its result had not come when the conversation went on]"}}}]},)j"
       R"j({"role":"user","parts":[{"text":"[system] be brief"}]}]})j"},
      {"NamesBeginWithALetterAndGifsAreNotes",
       kGemini,
       {Make(Role::kUser, {ImagePart{"image/png", std::string("GIF89a\1\0\1\0", 10)}}),
        Make(Role::kAssistant, {ToolCallPart{"a", "7zip", "{}"}})},
       R"j({"contents":[{"role":"user","parts":[{"text":"[image: image/png, 10 bytes]"}]},)j"
       R"j({"role":"model","parts":[{"functionCall":{"id":"a","name":"_7zip","args":{}},)j"
       R"j("thoughtSignature":"skip_thought_signature_validator"}]}]})j"},
  };
}

std::vector<FormatCase> ChatCases() {
  return {
      {"VllmArgumentsAreObjectsAndAUserBegins",
       kVllm,
       {Make(Role::kAssistant, {Call("a", "oops"), Call("b", "")}),
        Make(Role::kTool, {Result("a", "1"), Result("b", "2")}),
        Make(Role::kSystem, {Text("be brief")})},
       R"j({"messages":[)j"
       R"j({"role":"user","content":"[The conversation begins with the assistant.]"},)j"
       R"j({"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",)j"
       R"j("function":{"name":"bash","arguments":"{\"_raw_arguments\":\"oops\"}"}},)j"
       R"j({"id":"b","type":"function","function":{"name":"bash","arguments":"{}"}}]},)j"
       R"j({"role":"tool","tool_call_id":"a","content":"1"},)j"
       R"j({"role":"tool","tool_call_id":"b","content":"2"},)j"
       R"j({"role":"user","content":"[system] be brief"}]})j"},
      {"DeepSeekKeepsReasoning",
       kDeepSeek,
       {User("go"),
        Make(Role::kAssistant, {Own("deepseek.reasoning_content", "I think\n"), Text("ok")}),
        Make(Role::kAssistant,
             {Own("deepseek.message", R"({"reasoning_content":"so"})"), Call("a")}),
        Make(Role::kTool, {Result("a", "1")}), Make(Role::kAssistant, {Text("done")})},
       R"j({"messages":[{"role":"user","content":"go"},)j"
       R"j({"role":"assistant","content":"ok","reasoning_content":"I think\n\n\nso","tool_calls":[)j"
       R"j({"id":"a","type":"function","function":{"name":"bash","arguments":"{}"}}]},)j"
       R"j({"role":"tool","tool_call_id":"a","content":"1"},)j"
       R"j({"role":"assistant","content":"done","reasoning_content":" "}]})j"},
  };
}

class WireFormatTest : public ::testing::TestWithParam<FormatCase> {};

TEST_P(WireFormatTest, Writes) {
  EXPECT_EQ(Written(TailOf(GetParam().turns), GetParam().format), GetParam().expected);
}

std::string CaseName(const ::testing::TestParamInfo<FormatCase>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Responses, WireFormatTest, ::testing::ValuesIn(ResponsesCases()),
                         CaseName);
INSTANTIATE_TEST_SUITE_P(Gemini, WireFormatTest, ::testing::ValuesIn(GeminiCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Chat, WireFormatTest, ::testing::ValuesIn(ChatCases()), CaseName);

// Two system turns and a task, then `rungs` rungs of one page each.
Context WithHistory(int rungs) {
  std::vector<Turn> turns = {Make(Role::kSystem, {Text("be good")}),
                             Make(Role::kSystem, {Text("be exact")}), User("task")};
  for (size_t i = 0; i < turns.size(); ++i) turns[i].seq = i + 1;
  Context context{.head = ServeAll(turns, false)};
  for (int i = 0; i < rungs; ++i) {
    HistoryMessage message{.rung = "soft", .rung_end = true};
    message.items.emplace_back(
        PlannedPage{.page_id = Sha256Hex(std::to_string(i)), .resolution = "MEDIA_RESOLUTION_LOW"});
    message.items.emplace_back("end of rung " + std::to_string(i));
    context.history.push_back(std::move(message));
  }
  return context;
}

TEST(WireHistory, GeminiHasASystemInstructionAndPricedPages) {
  EXPECT_EQ(Written(WithHistory(1), kGemini),
            R"j({"systemInstruction":{"parts":[{"text":"be good"},{"text":"be exact"}]},)j"
            R"j("contents":[{"role":"user","parts":[{"text":"task"}]},{"role":"user","parts":[)j"
            R"j({"fileData":{"mimeType":"image/png","fileUri":"fovea:page/)j" +
                Sha256Hex("0") +
                R"j("},"mediaResolution":{"level":"MEDIA_RESOLUTION_LOW"}},)j"
                R"j({"text":"end of rung 0"}]}]})j");
}

TEST(WireHistory, VllmNamesPagesAndHasOneSystemMessage) {
  const std::string id = Sha256Hex("0");
  EXPECT_EQ(Written(WithHistory(1), kVllm),
            R"j({"messages":[{"role":"system","content":"be good\n\nbe exact"},)j"
            R"j({"role":"user","content":"task"},{"role":"user","content":[)j"
            R"j({"type":"image_url","image_url":{"url":"fovea:page/)j" +
                id + R"j("},"uuid":")j" + id +
                R"j("},{"type":"text","text":"end of rung 0"}]}]})j");
}

// The rungs whose ends are marked.
std::vector<int> MarkedRungs(int rungs, int max_breakpoints) {
  const auto json = nlohmann::json::parse(
      Written(WithHistory(rungs), kResponses, {.max_breakpoints = max_breakpoints}));
  std::vector<int> marked;
  for (const auto& item : json.at("input")) {
    const auto& last = item.at("content").back();
    if (!last.contains("prompt_cache_breakpoint")) continue;
    marked.push_back(last.at("text").get<std::string>().back() - '0');
  }
  return marked;
}

TEST(WireHistory, ResponsesMarksTheEndsOfRungsWhereTheReaderHasBreakpoints) {
  EXPECT_EQ(MarkedRungs(5, 0), std::vector<int>());
  EXPECT_EQ(MarkedRungs(5, 1), std::vector<int>({4}));
  EXPECT_EQ(MarkedRungs(5, 2), std::vector<int>({0, 4}));
  EXPECT_EQ(MarkedRungs(5, 4), std::vector<int>({0, 1, 4}));
  EXPECT_EQ(MarkedRungs(2, 4), std::vector<int>({0, 1}));
}

TEST(WireHistory, AModelThatGoesOnBehindThePrefixIsSeparated) {
  std::vector<Turn> turns = {Make(Role::kAssistant, {Text("one")}),
                             Make(Role::kAssistant, {Text("two")})};
  turns[0].seq = 1;
  turns[1].seq = 2;
  const Context context{.head = ServeAll({turns[0]}, false), .tail = ServeAll({turns[1]}, false)};
  EXPECT_EQ(Written(context, kGemini),
            R"j({"contents":[{"role":"user","parts":[)j"
            R"j({"text":"[The conversation begins with the assistant.]"}]},)j"
            R"j({"role":"model","parts":[{"text":"one"}]},)j"
            R"j({"role":"user","parts":[{"text":"[The assistant goes on.]"}]},)j"
            R"j({"role":"model","parts":[{"text":"two"}]}]})j");
}

TEST(WireAnthropic, AnErrorIsTextAndSaysSomething) {
  const Turn calls = Make(Role::kAssistant, {Call("a"), Call("b")});
  const Part silent = ToolResultPart{.call_id = "a", .is_error = true};
  const Part seen = ToolResultPart{"b", {Picture()}, true};
  const auto json = nlohmann::json::parse(Written(
      TailOf({User("go"), calls, Make(Role::kTool, {silent, seen})}), PayloadFormat::kAnthropic));
  const auto& content = json.at("messages").back().at("content");
  EXPECT_EQ(content.at(0).at("content"), R"j([{"type":"text","text":"[the call failed]"}])j"_json);
  EXPECT_EQ(content.at(1).at("content"),
            R"j([{"type":"text","text":"[image: image/jpeg, 11 bytes]"}])j"_json);
  EXPECT_EQ(content.at(2).at("type"), "image") << "behind the results";
}

// "final assistant content cannot end with trailing whitespace"
TEST(WireAnthropic, TheLastWordOfAnAssistantIsTrimmed) {
  const Turn says = Make(Role::kAssistant, {Text("one \n\u3000\x1F")});
  const std::string kept = R"("text":"one \n)";
  EXPECT_EQ(Written(TailOf({User("go"), says}), PayloadFormat::kAnthropic).find(kept),
            std::string::npos);
  EXPECT_NE(Written(TailOf({User("go"), says}), PayloadFormat::kAnthropic).find(R"("text":"one")"),
            std::string::npos);
  EXPECT_NE(Written(TailOf({User("go"), says, User("on")}), PayloadFormat::kAnthropic).find(kept),
            std::string::npos);
  EXPECT_NE(Written(TailOf({User("go"), says}), PayloadFormat::kOpenAiChat).find("one \\n"),
            std::string::npos);
}

TEST(WireAnthropic, ATextOfAnyWhiteSpaceIsLeftOut) {
  EXPECT_NE(
      Written(TailOf({User("\u00A0\u2003 \x1C")}), PayloadFormat::kAnthropic).find("[#1: empty]"),
      std::string::npos);
}

TEST(WireBeginnings, ThereIsAlwaysAMessage) {
  std::vector<Turn> turns = {Make(Role::kSystem, {Text("be good")})};
  turns[0].seq = 1;
  const Context nothing;
  const Context system{.head = ServeAll(turns, false)};
  const auto count = [](const Context& context, PayloadFormat format, const char* messages) {
    return nlohmann::json::parse(Written(context, format)).at(messages).size();
  };
  EXPECT_EQ(count(nothing, PayloadFormat::kOpenAiChat, "messages"), 1U);
  EXPECT_EQ(count(nothing, PayloadFormat::kAnthropic, "messages"), 1U);
  EXPECT_EQ(count(nothing, kResponses, "input"), 1U);
  EXPECT_EQ(count(nothing, kGemini, "contents"), 1U);
  EXPECT_EQ(count(system, PayloadFormat::kOpenAiChat, "messages"), 1U);
  EXPECT_EQ(count(system, PayloadFormat::kAnthropic, "messages"), 1U);
  EXPECT_EQ(count(system, kGemini, "contents"), 1U);
  EXPECT_EQ(count(system, kVllm, "messages"), 2U) << "its templates want a user";
}

// The sizes of the steps in which 300 calls go out, or are waited for.
std::vector<size_t> Steps(PayloadFormat format, bool answered) {
  std::vector<Part> calls;
  for (int i = 0; i < 300; ++i) calls.push_back(Call("call_" + std::to_string(i)));
  std::vector<Turn> turns = {User("go"), Make(Role::kAssistant, std::move(calls))};
  if (answered) turns.push_back(Make(Role::kTool, {Result("call_299", "last")}));
  const auto json = nlohmann::json::parse(Written(TailOf(std::move(turns)), format));
  std::vector<size_t> steps;
  for (const auto& message : json.at("messages")) {
    if (message.contains("tool_calls")) steps.push_back(message.at("tool_calls").size());
  }
  return steps;
}

// "array too long. Expected an array with maximum length 128"
TEST(WireGroups, OpenAiTakes128CallsInAMessage) {
  EXPECT_EQ(Steps(PayloadFormat::kOpenAiChat, true), std::vector<size_t>({128, 128, 44}));
  EXPECT_EQ(Steps(PayloadFormat::kOpenAiChat, false), std::vector<size_t>({300}));
  EXPECT_EQ(Steps(kDeepSeek, true), std::vector<size_t>({300}));
}

TEST(WireHistory, ChatHasNoDetailForImagesAsTheyAre) {
  Context context = WithHistory(1);
  for (const char* resolution : {"original", "high"}) {
    std::get<PlannedPage>(context.history[0].items[0]).resolution = resolution;
    const bool stated = std::string(resolution) == "high";
    EXPECT_EQ(Written(context, PayloadFormat::kOpenAiChat).find("\"detail\"") != std::string::npos,
              stated);
    EXPECT_NE(Written(context, kResponses).find("\"detail\":\"" + std::string(resolution)),
              std::string::npos);
  }
}

// An earlier call whose result never came must not pass for one that the client answers.
TEST(WireGroups, OnlyTheNewestMayBeOpen) {
  std::vector<Turn> turns = {User("go"), Make(Role::kAssistant, {Call("outer")}), User("and?"),
                             Make(Role::kAssistant, {Call("inner")})};
  Context context = TailOf(turns);
  for (ServedGroup& group : context.tail) group.open = true;
  for (PayloadFormat format : {PayloadFormat::kOpenAiChat, PayloadFormat::kAnthropic, kResponses,
                               kGemini, kVllm, kDeepSeek}) {
    const std::string written = Written(context, format);
    const std::string note = "[its result had not come when the conversation went on]";
    EXPECT_NE(written.find(note), std::string::npos) << written;
    EXPECT_EQ(written.find(note), written.rfind(note)) << written;
  }
}

TEST(RecallTools, SearchWantsAQueryAndFunctionsAreNotStrict) {
  const auto tools = nlohmann::json::parse(RecallTools(kResponses));
  ASSERT_EQ(tools.size(), 2U);
  for (const auto& tool : tools) {
    EXPECT_EQ(tool.at("type"), "function");
    EXPECT_EQ(tool.at("strict"), false);
  }
  const auto& schema = tools.at(1).at("parameters");
  EXPECT_EQ(schema.at("required"), nlohmann::json({"query"}));
  EXPECT_EQ(schema.at("properties").at("query").at("type"), "string");
  EXPECT_EQ(schema.at("properties").at("limit").at("type"), "integer");
  EXPECT_EQ(nlohmann::json::parse(RecallTools(PayloadFormat::kOpenAiChat)).at(0).at("type"),
            "function");
}

struct ToolsCase {
  const char* name;
  std::optional<PayloadFormat> format;
  const char* first_tool;  // a JSON pointer to the object with recall's name and description
  const char* schema;      // the key of its parameters there
};

class RecallToolsTest : public ::testing::TestWithParam<ToolsCase> {};

TEST_P(RecallToolsTest, HasRecallAndSearch) {
  const ToolsCase& c = GetParam();
  const auto tools = nlohmann::json::parse(RecallTools(c.format));
  ASSERT_TRUE(tools.is_array());
  const auto& recall = tools.at(nlohmann::json::json_pointer(c.first_tool));
  EXPECT_EQ(recall.at("name"), "recall");
  EXPECT_NE(recall.at("description").get<std::string>().find("#57"), std::string::npos);
  const auto& schema = recall.at(c.schema);
  EXPECT_EQ(schema.at("type"), "object");
  EXPECT_EQ(schema.at("required"), nlohmann::json({"seq"}));
  for (const char* parameter : {"seq", "first_byte", "max_bytes"}) {
    EXPECT_EQ(schema.at("properties").at(parameter).at("type"), "integer");
  }
  EXPECT_NE(RecallTools(c.format).find(R"("name":"search")"), std::string::npos);
  EXPECT_EQ(RecallTools(c.format), RecallTools(c.format));
}

INSTANTIATE_TEST_SUITE_P(
    All, RecallToolsTest,
    ::testing::Values(
        ToolsCase{"Native", std::nullopt, "/0", "inputSchema"},
        ToolsCase{"OpenAiChat", PayloadFormat::kOpenAiChat, "/0/function", "parameters"},
        ToolsCase{"Anthropic", PayloadFormat::kAnthropic, "/0", "input_schema"},
        ToolsCase{"Responses", kResponses, "/0", "parameters"},
        ToolsCase{"Gemini", kGemini, "/0/functionDeclarations/0", "parametersJsonSchema"},
        ToolsCase{"Vllm", kVllm, "/0/function", "parameters"},
        ToolsCase{"DeepSeek", kDeepSeek, "/0/function", "parameters"}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace fovea::wire
