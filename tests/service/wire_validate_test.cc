// The validators refuse what the writers never make.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

Block TextOf(std::string text) { return {.kind = Block::Kind::kText, .text = std::move(text)}; }
Block CallOf(std::string id) {
  return {.kind = Block::Kind::kCall, .text = "{}", .id = std::move(id), .name = "bash"};
}
Block ResultOf(std::string id) {
  return {.kind = Block::Kind::kResult, .id = std::move(id), .content = {TextOf("x")}};
}

struct BrokenCase {
  const char* name;
  std::vector<Message> openai;
  std::vector<Message> anthropic;
};

std::vector<BrokenCase> BrokenCases() {
  const Message user{Role::kUser, {TextOf("u")}};
  const Message calls{Role::kAssistant, {CallOf("a"), CallOf("b")}};
  return {
      {"NoResult", {user, calls, user}, {user, calls, user}},
      {"OneResultMissing",
       {user, calls, {Role::kTool, {ResultOf("a")}}, user},
       {user, calls, {Role::kUser, {ResultOf("a")}}}},
      {"OneResultMissingAtTheEnd",
       {user, calls, {Role::kTool, {ResultOf("a")}}},
       {user, calls, {Role::kUser, {ResultOf("a")}}}},
      {"WrongOrder",
       {user, calls, {Role::kTool, {ResultOf("b")}}, {Role::kTool, {ResultOf("a")}}},
       {user, calls, {Role::kUser, {ResultOf("b"), ResultOf("a")}}}},
      {"ResultWithoutCall",
       {user, {Role::kTool, {ResultOf("a")}}},
       {user, {Role::kUser, {ResultOf("a")}}}},
      {"ResultsNotFirst",
       {user, calls, user, {Role::kTool, {ResultOf("a")}}, {Role::kTool, {ResultOf("b")}}},
       {user, calls, {Role::kUser, {TextOf("t"), ResultOf("a"), ResultOf("b")}}}},
      {"EmptyText", {{Role::kUser, {TextOf("")}}}, {{Role::kUser, {TextOf(" \n")}}}},
      {"EmptyMessage", {{Role::kUser, {}}}, {{Role::kUser, {}}}},
      {"SameIdTwice",
       {user, {Role::kAssistant, {CallOf("a"), CallOf("a")}}},
       {user, {Role::kAssistant, {CallOf("a"), CallOf("a")}}}},
      {"NotUtf8", {{Role::kUser, {TextOf("\xFF")}}}, {{Role::kUser, {TextOf("\xFF")}}}},
      {"ImageOfTheAssistant",
       {user, {Role::kAssistant, {{.kind = Block::Kind::kImage}}}},
       {user, {Role::kAssistant, {{.kind = Block::Kind::kImage}}}}},
      {"AssistantFirstOrRoleTool",
       {{Role::kTool, {TextOf("t")}}},
       {{Role::kAssistant, {TextOf("t")}}}},
      {"BadId",
       {user, {Role::kAssistant, {CallOf("")}}},
       {user, {Role::kAssistant, {CallOf("a b")}}}},
  };
}

class ValidatorTest : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(ValidatorTest, RefusesInPrefixAndTail) {
  const BrokenCase& c = GetParam();
  EXPECT_EQ(ValidateOpenAiChat(c.openai, {}).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ValidateOpenAiChat({}, c.openai).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ValidateAnthropicMessages(c.anthropic, {}).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ValidateAnthropicMessages({}, c.anthropic).code(), absl::StatusCode::kInternal);
}

INSTANTIATE_TEST_SUITE_P(All, ValidatorTest, ::testing::ValuesIn(BrokenCases()),
                         [](const auto& each) { return std::string(each.param.name); });

Block RawOf(std::string name, std::string id = "") {
  return {.kind = Block::Kind::kRaw, .text = "{}", .id = std::move(id), .name = std::move(name)};
}
// Of a tool of Anthropic's own: its call, or its result.
Block ServerOf(bool call) {
  Block block = RawOf(call ? "server_tool_use" : "web_search_tool_result");
  block.text = call ? R"({"id":"s"})" : R"({"tool_use_id":"s"})";
  return block;
}
Block ItemOf(std::string type) {
  Block block = RawOf(std::move(type));
  block.text = R"({"call_id":"x"})";
  return block;
}
Block MarkedOf(Block block) {
  block.breakpoint = true;
  return block;
}
Block NamedResultOf(std::string id, std::string name) {
  Block block = ResultOf(std::move(id));
  block.name = std::move(name);
  return block;
}

using Validator = absl::Status (*)(const std::vector<Message>&, const std::vector<Message>&);

struct OneCase {
  const char* name;
  Validator validate;
  std::vector<Message> fine;
  std::vector<Message> broken;
};

std::vector<OneCase> OneCases() {
  const Message user{Role::kUser, {TextOf("u")}};
  const Message system{Role::kSystem, {TextOf("s")}};
  const Message says{Role::kAssistant, {TextOf("t")}};
  const Message calls{Role::kAssistant, {CallOf("a"), CallOf("b")}};
  const Message no_object{
      Role::kAssistant, {{.kind = Block::Kind::kCall, .text = "oops", .id = "a", .name = "bash"}}};
  const auto named = [](const char* name) {
    return Message{Role::kAssistant,
                   {{.kind = Block::Kind::kCall, .text = "{}", .id = "a", .name = name}}};
  };
  const Message one{Role::kTool, {ResultOf("a")}};
  const Message two{Role::kTool, {ResultOf("b")}};
  const Message both{Role::kUser, {NamedResultOf("a", "bash"), NamedResultOf("b", "bash")}};
  const Message marked{Role::kUser, {MarkedOf(TextOf("u"))}};
  return {
      {"ResponsesOutputMissing",
       ValidateOpenAiResponses,
       {user, calls, one, two},
       {user, calls, one}},
      {"ResponsesOutputOrder", ValidateOpenAiResponses, {user, calls}, {user, calls, two, one}},
      {"ResponsesUserBeforeOutput", ValidateOpenAiResponses, {calls}, {calls, user}},
      {"ResponsesReasoningLast",
       ValidateOpenAiResponses,
       {{Role::kAssistant, {RawOf("reasoning"), TextOf("t")}}},
       {{Role::kAssistant, {TextOf("t"), RawOf("reasoning")}}}},
      {"ResponsesItemTwice",
       ValidateOpenAiResponses,
       {{Role::kAssistant, {RawOf("compaction", "x"), RawOf("compaction", "y")}}},
       {{Role::kAssistant, {RawOf("compaction", "x"), RawOf("compaction", "x")}}}},
      {"ResponsesFiveBreakpoints",
       ValidateOpenAiResponses,
       {marked, marked, marked, marked},
       {marked, marked, marked, marked, marked}},
      {"ResponsesMarkedAssistant",
       ValidateOpenAiResponses,
       {marked},
       {{Role::kAssistant, {MarkedOf(TextOf("t"))}}}},
      {"ResponsesLongId",
       ValidateOpenAiResponses,
       {{Role::kAssistant, {CallOf(std::string(64, 'a'))}}},
       {{Role::kAssistant, {CallOf(std::string(65, 'a'))}}}},
      {"GeminiModelFirst", ValidateGemini, {user, says}, {says}},
      {"GeminiModelTwice", ValidateGemini, {user, says, user, says}, {user, says, says}},
      {"GeminiSystemLater", ValidateGemini, {system, user}, {user, system}},
      {"GeminiResponsesMissing", ValidateGemini, {user, calls, both}, {user, calls, user}},
      {"GeminiOtherName",
       ValidateGemini,
       {user, calls, both},
       {user, calls, {Role::kUser, {NamedResultOf("a", "bash"), NamedResultOf("b", "sh")}}}},
      {"GeminiResponseForNothing", ValidateGemini, {user}, {user, both}},
      {"GeminiArguments", ValidateGemini, {user, calls}, {user, no_object}},
      {"GeminiNameBeginsWithTheLastDigit",
       ValidateGemini,
       {user, named("_9")},
       {user, named("9_")}},
      {"GeminiNameBeginsWithTheFirstDigit",
       ValidateGemini,
       {user, named("a0")},
       {user, named("0a")}},
      {"GeminiNameBeginsWithAColon", ValidateGemini, {user, named("a:b.c")}, {user, named(":b")}},
      {"GeminiBreakpoint", ValidateGemini, {user}, {marked}},
      {"VllmSystemLater", ValidateVllmChat, {system, user}, {system, user, system}},
      {"VllmNoUser", ValidateVllmChat, {system, user, says}, {system, says}},
      {"VllmArguments", ValidateVllmChat, {user, calls}, {user, no_object}},
      {"DeepSeekArguments", ValidateDeepSeekChat, {user, calls}, {user, no_object}},
      {"DeepSeekReasoningAlone",
       ValidateDeepSeekChat,
       {{Role::kAssistant, {RawOf("reasoning_content"), TextOf("t")}}},
       {{Role::kAssistant, {RawOf("reasoning_content")}}}},
      {"OpenAiChatReasoning",
       ValidateOpenAiChat,
       {{Role::kAssistant, {RawOf("reasoning_content"), TextOf("t")}}},
       {{Role::kAssistant, {RawOf("thinking"), TextOf("t")}}}},
      {"AnthropicThinkingLast",
       ValidateAnthropicMessages,
       {user, {Role::kAssistant, {TextOf("a"), RawOf("thinking"), TextOf("t")}}},
       {user, {Role::kAssistant, {TextOf("t"), RawOf("thinking")}}}},
      {"AnthropicServerResultAlone",
       ValidateAnthropicMessages,
       {user, {Role::kAssistant, {ServerOf(true), TextOf("x"), ServerOf(false), TextOf("t")}}},
       {user, {Role::kAssistant, {ServerOf(false), TextOf("t")}}}},
      {"AnthropicServerCallAlone",
       ValidateAnthropicMessages,
       {user, {Role::kAssistant, {TextOf("t"), ServerOf(true)}}},
       {user, {Role::kAssistant, {TextOf("t"), ServerOf(true)}}, user}},
      {"ResponsesItemWithoutOutput",
       ValidateOpenAiResponses,
       {user,
        {Role::kAssistant, {ItemOf("custom_tool_call")}},
        {Role::kUser, {ItemOf("custom_tool_call_output")}}},
       {user, {Role::kAssistant, {ItemOf("custom_tool_call")}}, user}},
      {"ResponsesOutputWithoutItem",
       ValidateOpenAiResponses,
       {user},
       {user, {Role::kUser, {ItemOf("custom_tool_call_output")}}}},
  };
}

class OneValidatorTest : public ::testing::TestWithParam<OneCase> {};

TEST_P(OneValidatorTest, TellsFineFromBroken) {
  const OneCase& c = GetParam();
  EXPECT_EQ(c.validate(c.fine, {}), absl::OkStatus());
  EXPECT_EQ(c.validate({}, c.fine), absl::OkStatus());
  EXPECT_EQ(c.validate(c.broken, {}).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(c.validate({}, c.broken).code(), absl::StatusCode::kInternal);
}

INSTANTIATE_TEST_SUITE_P(All, OneValidatorTest, ::testing::ValuesIn(OneCases()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace fovea::wire
