// The gateway's pure parts.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "gateway/answer.h"
#include "gateway/canonical.h"
#include "gateway/conversation.h"
#include "gateway/estimate.h"
#include "gateway/json_span.h"
#include "gateway/models.h"
#include "gateway/recall_tools.h"
#include "gateway/relay.h"
#include "gateway/route.h"
#include "gateway/sse.h"

namespace fovea::gateway {
namespace {

Conversation Read(Wire wire, const std::string& body, const Headers& headers = Headers()) {
  DigestCache digests;
  auto read =
      ReadConversation({.wire = wire, .purpose = Purpose::kGenerate}, headers, body, digests);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? *std::move(read) : Conversation();
}

std::string LastChain(Wire wire, const std::string& messages) {
  const std::string key = wire == Wire::kOpenAiResponses ? "input"
                          : wire == Wire::kGemini        ? "contents"
                                                         : "messages";
  return Read(wire, "{\"model\":\"m\",\"" + key + "\":" + messages + "}").items.back().chain;
}

TEST(JsonSpan, FindsMembersAndRefusesWhatIsAmbiguous) {
  const std::string text = R"( {"a" : [1,{"b":"}"}] ,"c":"\"]" } )";
  const auto members = ScanObject(text);
  ASSERT_TRUE(members.ok()) << members.status();
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ((*members)[0].value.In(text), R"([1,{"b":"}"}])");
  const auto items = ScanArray(text, (*members)[0].value);
  ASSERT_TRUE(items.ok());
  EXPECT_EQ((*items)[1].In(text), R"({"b":"}"})");
  EXPECT_EQ(Replaced(text, (*members)[1].value, "7"), R"( {"a" : [1,{"b":"}"}] ,"c":7 } )");
  for (const char* bad : {"", "[]", "{", R"({"a":1,"a":2})", R"({"a":})", R"({"a":1}x)",
                          R"({"a":1,})", R"({"a)", "{\"a\":\"\\"}) {
    EXPECT_FALSE(ScanObject(bad).ok()) << bad;
  }
  EXPECT_FALSE(ScanObject("{\"a\":" + std::string(600, '[') + std::string(600, ']') + "}").ok());
}

TEST(Route, NoKeyGoesToAnotherVendor) {
  GatewayConfig config;
  config.gemini_upstream = "http://google";
  config.openai_upstream = "http://openai";
  const auto host = [&](const char* method, const char* target) {
    const auto route = RouteOf({.method = method, .target = target}, config);
    return route.ok() ? route->url.substr(0, 13) : "";
  };
  EXPECT_EQ(host("GET", "/v1/models/ft:gpt-4o:acme::abc"), "http://openai");
  EXPECT_EQ(host("POST", "/v1beta/openai/chat/completions"), "http://google");
  EXPECT_EQ(host("GET", "/v1/models?key=k"), "http://google");
  EXPECT_EQ(host("GET", "/v1/models?pageSize=5&key=k"), "http://google");
  EXPECT_EQ(host("POST", "/v1beta/models/m:embedContent"), "http://google");
}

TEST(Canonical, WaysOfWritingMakeNoDifference) {
  const std::string plain = LastChain(Wire::kAnthropic, R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(
      plain,
      LastChain(
          Wire::kAnthropic,
          R"([ {"content":[{"text":"hi","type":"text","cache_control":{"type":"ephemeral"}}],"role":"user"}])"));
  EXPECT_NE(plain, LastChain(Wire::kAnthropic, R"([{"role":"user","content":"hi "}])"));
  EXPECT_NE(plain, LastChain(Wire::kAnthropic, R"([{"role":"assistant","content":"hi"}])"));
  // What the model thought, agents leave out when they send it again.
  const char* const user = R"([{"role":"user","content":"q"},)";
  EXPECT_EQ(
      LastChain(
          Wire::kAnthropic,
          std::string(user) +
              R"({"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"a"}]}])"),
      LastChain(Wire::kAnthropic, std::string(user) + R"({"role":"assistant","content":"a"}])"));
  EXPECT_EQ(
      LastChain(
          Wire::kOpenAiChat,
          std::string(user) +
              R"({"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1, \"b\":2}"}}]}])"),
      LastChain(
          Wire::kOpenAiChat,
          std::string(user) +
              R"({"role":"assistant","content":null,"tool_calls":[{"type":"function","id":"c","function":{"arguments":"{\"b\":2,\"a\":1}","name":"f"}}]}])"));
}

TEST(Canonical, ReasoningLeavesAChainAsItIs) {
  const auto read = Read(
      Wire::kOpenAiResponses,
      R"({"model":"m","input":[{"role":"user","content":"q"},{"type":"reasoning","id":"r","encrypted_content":"x"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]})");
  ASSERT_EQ(read.items.size(), 3U);
  EXPECT_EQ(read.items[0].chain, read.items[1].chain);
  EXPECT_NE(read.items[1].chain, read.items[2].chain);
}

TEST(Conversation, AgentsAndSystemItems) {
  const std::string body =
      R"({"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"tools":[{"name":"t"}],"stream":true})";
  const auto read = Read(Wire::kOpenAiChat, body);
  EXPECT_EQ(read.head, 1U);
  EXPECT_TRUE(read.has_tools);
  EXPECT_TRUE(read.stream);
  Headers one, other;
  one.Add("x-claude-code-session-id", "s");
  other.Add("X-Claude-Code-Session-Id", "s");
  EXPECT_EQ(Read(Wire::kAnthropic, body, one).root, Read(Wire::kAnthropic, body, other).root);
  other.Add("x-claude-code-agent-id", "a");
  EXPECT_NE(Read(Wire::kAnthropic, body, one).root, Read(Wire::kAnthropic, body, other).root);
}

// What a stream is split into that comes in pieces of `step` bytes.
struct Split {
  std::string raw;
  std::vector<std::string> data;
  std::string rest;
};

Split SplitBy(size_t step, absl::string_view stream) {
  SseSplitter splitter;
  Split split;
  for (size_t at = 0; at < stream.size(); at += step) {
    EXPECT_TRUE(splitter.Feed(stream.substr(at, step),
                              [&](absl::string_view bytes, absl::string_view text) {
                                split.raw.append(bytes.data(), bytes.size());
                                split.data.emplace_back(text);
                              }));
  }
  split.rest = std::string(splitter.rest());
  return split;
}

TEST(Sse, EventsInAnyPieces) {
  const std::string stream =
      "event: a\ndata: 1\ndata: 2\n\n: ping\n\nevent: b\r\ndata:3\r\n\r\nrest";
  for (size_t step = 1; step <= stream.size(); ++step) {
    const Split split = SplitBy(step, stream);
    EXPECT_EQ(split.raw, stream.substr(0, stream.size() - 4)) << step;
    EXPECT_EQ(split.rest, "rest");
    EXPECT_EQ(split.data, (std::vector<std::string>{"1\n2", "", "3"}));
  }
}

TEST(Sse, LinesMayEndWithCarriageReturnsAlone) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const std::string stream = absl::StrReplaceAll(
        "\xEF\xBB\xBF"
        "data: 1\ndata:2\n\n: ping\n\nevent: b\ndata: 3\n\n",
        {{"\n", end}});
    for (size_t step = 1; step <= stream.size(); ++step) {
      const Split split = SplitBy(step, stream);
      // The last event is there before the stream ends.
      EXPECT_EQ(split.raw, stream) << step;
      EXPECT_EQ(split.data, (std::vector<std::string>{"1\n2", "", "3"})) << step;
    }
  }
  SseSplitter splitter;
  std::vector<std::string> data;
  const SseSplitter::OnEvent take = [&](absl::string_view, absl::string_view text) {
    data.emplace_back(text);
  };
  splitter.Feed("data: 1\n\r", take);
  EXPECT_TRUE(data.empty()) << "an LF may follow";
  splitter.Feed("\ndata: 2", take);
  splitter.End(take);
  splitter.End(take);
  EXPECT_EQ(data, (std::vector<std::string>{"1", "2"}));
}

TEST(Answer, UsageOfEachWire) {
  AnswerReader anthropic(Wire::kAnthropic, false);
  anthropic.Feed(
      R"({"type":"message","content":[{"type":"text","text":"a"}],"usage":{"input_tokens":1,"cache_read_input_tokens":20,"cache_creation_input_tokens":300,"output_tokens":4}})");
  anthropic.End();
  EXPECT_TRUE(anthropic.complete());
  EXPECT_EQ(anthropic.usage().input, 321);
  EXPECT_EQ(anthropic.usage().written, 300);
  AnswerReader chat(Wire::kOpenAiChat, false);
  chat.Feed(
      R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":8}}})");
  chat.End();
  EXPECT_EQ(chat.usage().input, 9);
  EXPECT_EQ(chat.usage().cached, 8);
  EXPECT_EQ(chat.usage().output, 2);
}

TEST(Relay, WholeAnswersLoseOnlyOurCalls) {
  const auto relay = Relay::Create(Wire::kAnthropic, false);
  relay->BeginRound();
  std::string out;
  relay->Feed(
      R"({"type":"message","content":[{"type":"text","text":"look"},{"type":"tool_use","id":"1","name":"recall","input":{"seq":2}}],"stop_reason":"tool_use","usage":{"input_tokens":5,"output_tokens":3}})",
      &out);
  relay->EndRound(&out);
  EXPECT_EQ(out, "");
  ASSERT_TRUE(relay->goes_on());
  ASSERT_EQ(relay->calls().size(), 1U);
  EXPECT_EQ(relay->calls()[0].arguments, R"({"seq":2})");
  relay->BeginRound();
  relay->Feed(
      R"({"type":"message","content":[{"type":"text","text":"done"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":4}})",
      &out);
  relay->EndRound(&out);
  EXPECT_FALSE(relay->goes_on());
  EXPECT_EQ(
      out,
      R"({"type":"message","content":[{"type":"text","text":"look"},{"type":"text","text":"done"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":7}})");
  EXPECT_EQ(relay->usage().input, 14);
}

TEST(Relay, WhatIsNotOursPassesByteForByte) {
  const std::string body =
      " {\"type\":\"message\", "
      "\"content\":[{\"type\":\"tool_use\",\"id\":\"1\",\"name\":\"read\",\"input\":{}}]}\n";
  for (const Wire wire :
       {Wire::kAnthropic, Wire::kOpenAiChat, Wire::kOpenAiResponses, Wire::kGemini}) {
    const auto relay = Relay::Create(wire, false);
    relay->BeginRound();
    std::string out;
    relay->Feed(body, &out);
    relay->EndRound(&out);
    EXPECT_EQ(out, body) << WireName(wire);
  }
}

TEST(Relay, AChatStreamGoesOnBehindOurCallAsOne) {
  const auto relay = Relay::Create(Wire::kOpenAiChat, true);
  std::string out;
  const auto round = [&](const std::vector<std::string>& events) {
    relay->BeginRound();
    for (const std::string& event : events) relay->Feed("data: " + event + "\n\n", &out);
    relay->EndRound(&out);
  };
  const std::string look = R"({"choices":[{"index":0,"delta":{"content":"look"}}]})";
  round(
      {look,
       R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"recall","arguments":"{}"}}]}}]})",
       R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})",
       R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}})",
       "[DONE]"});
  EXPECT_EQ(out, "data: " + look + "\n\n");
  ASSERT_TRUE(relay->goes_on());
  ASSERT_EQ(relay->calls().size(), 1U);
  out.clear();
  const std::string stop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
  round({R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"done"}}]})", stop,
         R"({"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":4,"total_tokens":24}})",
         "[DONE]"});
  EXPECT_FALSE(relay->goes_on());
  EXPECT_EQ(
      out,
      R"(data: {"choices":[{"index":0,"delta":{"content":"done"}}]})"
      "\n\ndata: " +
          stop +
          "\n\n"
          R"(data: {"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":7,"total_tokens":27}})"
          "\n\ndata: [DONE]\n\n");
}

TEST(Relay, WhatIsNoAnswerKeepsACallOfThatName) {
  const std::string block = R"([{"type":"tool_use","id":"1","name":"recall","input":{}}])";
  const std::string item =
      R"([{"type":"function_call","call_id":"1","name":"recall","arguments":"{}"}])";
  const std::string call = R"([{"id":"1","function":{"name":"recall","arguments":"{}"}}])";
  for (const auto& [wire, body] :
       {std::pair(Wire::kAnthropic, R"({"type":"batch","content":)" + block + "}"),
        std::pair(Wire::kOpenAiResponses, R"({"object":"batch","output":)" + item + "}"),
        std::pair(Wire::kOpenAiChat, R"({"object":"response","output":)" + call + "}"),
        std::pair(Wire::kOpenAiChat, R"({"type":"message","content":)" + call + "}"),
        std::pair(Wire::kGemini, R"({"choices":[{"message":{"tool_calls":)" + call + "}}]}")}) {
    const auto relay = Relay::Create(wire, false);
    relay->BeginRound();
    std::string out;
    relay->Feed(body, &out);
    relay->EndRound(&out);
    EXPECT_EQ(out, body);
    EXPECT_FALSE(relay->goes_on());
  }
}

TEST(RecallTools, StandBehindTheAgents) {
  EXPECT_EQ(*WithRecallTools(Wire::kAnthropic, R"({"a":1,"tools":[{"name":"x"}],"b":2})",
                             R"([{"name":"recall"},{"name":"search"}])"),
            R"({"a":1,"tools":[{"name":"x"},{"name":"recall"},{"name":"search"}],"b":2})");
  EXPECT_EQ(
      *WithRecallTools(Wire::kGemini,
                       R"({"tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"x"}]}]})",
                       R"([{"functionDeclarations":[{"name":"recall"}]}])"),
      R"({"tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"x"},{"name":"recall"}]}]})");
  EXPECT_FALSE(
      WithRecallTools(Wire::kAnthropic, R"({"tools":[{"name":"recall"}]})", "[{}]").has_value());
  EXPECT_FALSE(WithRecallTools(Wire::kAnthropic, R"({"tools":[]})", "[{}]").has_value());
  // Names of tools alone count, wherever they stand and however they are written.
  EXPECT_TRUE(WithRecallTools(Wire::kAnthropic,
                              R"({"tools":[{"name":"x","input_schema":{"search":"recall"}}]})",
                              "[{}]")
                  .has_value());
  for (const char* tool :
       {R"({"name":"rec\u0061ll"})", R"({"type":"function","function":{"name":"search"}})",
        R"({"type":"namespace","name":"x","tools":[{"name":"search"}]})"}) {
    EXPECT_FALSE(
        WithRecallTools(Wire::kOpenAiChat, absl::StrCat(R"({"tools":[)", tool, "]}"), "[{}]")
            .has_value())
        << tool;
  }
  EXPECT_FALSE(
      WithRecallTools(Wire::kOpenAiChat, R"({"n":2,"tools":[{"name":"x"}]})", "[{}]").has_value());
  EXPECT_EQ(WithoutRecallTools(Wire::kAnthropic,
                               R"({"tools":[{"name":"x"},{"name":"recall"},{"name":"search"}]})"),
            R"({"tools":[{"name":"x"}]})");
  EXPECT_EQ(
      WithoutRecallTools(
          Wire::kGemini,
          R"({"tools":[{"functionDeclarations":[{"name":"x"},{"name":"recall"}]},{"y":{}}]})"),
      R"({"tools":[{"functionDeclarations":[{"name":"x"}]},{"y":{}}]})");
  EXPECT_FALSE(WithRecallTools(Wire::kAnthropic, R"({"tools":"none"})", "[{}]").has_value());
}

TEST(Estimate, PicturesAndRewrites) {
  EXPECT_EQ(EstimateTokens(std::string(400, 'x')), 100);
  EXPECT_EQ(EstimateTokens("{\"data\":\"" + std::string(100'000, 'A') + "\"}"), 1600 + 2);
  EXPECT_TRUE(RewritePays({.now_tokens = 100, .served_tokens = 90, .cold = true}));
  EXPECT_FALSE(RewritePays({.now_tokens = 100, .served_tokens = 100, .cold = true}));
  EXPECT_FALSE(RewritePays({.now_tokens = 100'000, .served_tokens = 95'000}));
  EXPECT_TRUE(RewritePays({.now_tokens = 100'000, .served_tokens = 20'000}));
}

TEST(Route, JoinsAndNames) {
  EXPECT_EQ(JoinUrl("https://host/v1", "/v1/messages?beta=true"),
            "https://host/v1/messages?beta=true");
  EXPECT_EQ(JoinUrl("https://host/a/v1/", "/v1x/messages"), "https://host/a/v1/v1x/messages");
  EXPECT_EQ(FactsOf("anthropic/claude-opus-4-8", false).reader, "claude");
  EXPECT_EQ(FactsOf("claude-sonnet-4-5-20250929", false).reader, "claude-standard");
  EXPECT_EQ(FactsOf("nobody", false).reader, "");
}

}  // namespace
}  // namespace fovea::gateway
