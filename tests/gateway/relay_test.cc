// What the relays make of answers, and where a conversation may be cut.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/conversation.h"
#include "gateway/relay.h"
#include "gateway/truncate.h"

namespace fovea::gateway {
namespace {

// One step: what the user says comes between a call and its result.
std::vector<std::string> InterruptedStep(Wire wire, int i) {
  const std::string id = absl::StrCat("c", i);
  const std::string words(200, 'x');
  switch (wire) {
    case Wire::kAnthropic:
      return {absl::StrCat(R"({"role":"assistant","content":[{"type":"tool_use","id":")", id,
                           R"(","name":"f","input":{}}]})"),
              absl::StrCat(R"({"role":"user","content":")", words, R"("})"),
              absl::StrCat(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":")", id,
                           R"(","content":"r"}]})")};
    case Wire::kOpenAiChat:
      return {absl::StrCat(R"({"role":"assistant","tool_calls":[{"id":")", id,
                           R"(","type":"function","function":{"name":"f","arguments":"{}"}}]})"),
              absl::StrCat(R"({"role":"user","content":")", words, R"("})"),
              absl::StrCat(R"({"role":"tool","tool_call_id":")", id, R"(","content":"r"})")};
    case Wire::kOpenAiResponses:
      return {
          absl::StrCat(R"({"type":"function_call","call_id":")", id,
                       R"(","name":"f","arguments":"{}"})"),
          absl::StrCat(R"({"role":"user","content":")", words, R"("})"),
          R"({"role":"assistant","content":"said between"})",
          absl::StrCat(R"({"type":"function_call_output","call_id":")", id, R"(","output":"r"})")};
    case Wire::kGemini:
      return {R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]})",
              absl::StrCat(R"({"role":"user","parts":[{"text":")", words, R"("}]})"),
              absl::StrCat(
                  R"({"role":"user","parts":[{"function_response":{"name":"f","response":{"o":")",
                  id, R"("}}}]})")};
  }
  return {};
}

TEST(Truncate, NeverCutsBetweenACallAndItsResult) {
  for (const Wire wire :
       {Wire::kAnthropic, Wire::kOpenAiChat, Wire::kOpenAiResponses, Wire::kGemini}) {
    std::vector<std::string> items;
    // Once it begins with words, once with a call.
    for (const bool words_first : {true, false}) {
      if (words_first) items = {UserText(wire, "task")};
      for (int i = words_first ? 0 : 100; items.size() < 40; ++i) {
        const auto step = InterruptedStep(wire, i);
        items.insert(items.end(), step.begin(), step.end());
      }
      const std::string body =
          absl::StrCat("{\"", ArrayKey(wire), "\":[", absl::StrJoin(items, ","), "]}");
      DigestCache digests;
      const auto read =
          ReadConversation({.wire = wire, .purpose = Purpose::kGenerate}, Headers(), body, digests);
      ASSERT_TRUE(read.ok()) << read.status();
      std::set<size_t> sizes;
      for (int64_t most = 50; most < 3'000; most += 10) {
        const auto cut = Truncated(*read, body, most);
        if (!cut.ok()) continue;
        sizes.insert(cut->size());
        const auto sent = transcripts::ParseJson(*cut);
        ASSERT_TRUE(sent.ok());
        int open = 0;
        std::string before;
        for (const auto& item : *sent) {
          const std::string text = transcripts::DumpJson(item);
          const bool call = absl::StrContains(text, "\"tool_use\"") ||
                            absl::StrContains(text, "tool_calls") ||
                            absl::StrContains(text, "\"function_call\"") ||
                            absl::StrContains(text, "functionCall");
          const bool result = absl::StrContains(text, "tool_result") ||
                              absl::StrContains(text, "tool_call_id") ||
                              absl::StrContains(text, "function_call_output") ||
                              absl::StrContains(text, "function_response");
          open += call ? 1 : 0;
          open -= result ? 1 : 0;
          ASSERT_TRUE(open == 0 || open == 1) << WireName(wire) << " " << *cut;
        }
        EXPECT_EQ(open, 0) << WireName(wire) << " " << *cut;
      }
      EXPECT_GT(sizes.size(), 4U) << WireName(wire) << ": it is cut at many places";
      items.clear();
    }
  }
}

TEST(ChatCalls, AnIdMayComeBehindTheName) {
  const auto relay = Relay::Create(Wire::kOpenAiChat, true);
  relay->BeginRound();
  std::string out;
  for (const char* call :
       {R"({"index":0,"type":"function","function":{"name":"read"}})",
        R"({"index":0,"id":"v1","function":{"name":"read","arguments":"{}"}})"}) {
    relay->Feed(
        absl::StrCat(R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[)", call, "]}}]}\n\n"),
        &out);
  }
  EXPECT_FALSE(absl::StrContains(out, "\"index\":1")) << out;
}

TEST(ChatCalls, AreToldApartWithoutNumbers) {
  const std::string recall =
      R"({"id":"c1","type":"function","function":{"name":"recall","arguments":"{\"seq\""}})";
  const std::string read =
      R"({"id":"c2","type":"function","function":{"name":"read","arguments":"{\"pa"}})";
  const std::string bash =
      R"({"id":"c3","type":"function","function":{"name":"bash","arguments":"{}"}})";
  const std::string more = R"({"function":{"arguments":"th\":1}"}})";
  for (const bool numbered : {false, true}) {
    for (const bool together : {false, true}) {
      // Numbered: each has the same.
      const auto with = [&](const std::string& call) {
        return numbered ? absl::StrCat(R"({"index":0,)", call.substr(1)) : call;
      };
      const auto chunk = [](const std::string& calls) {
        return absl::StrCat(R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[)", calls,
                            "]}}]}\n\n");
      };
      std::string stream = chunk(with(recall));
      stream += chunk(with(R"({"function":{"arguments":":3}"}})"));
      stream += together ? chunk(absl::StrCat(with(read), ",", with(more), ",", with(bash)))
                         : chunk(with(read)) + chunk(with(more)) + chunk(with(bash));
      stream +=
          "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
      const auto relay = Relay::Create(Wire::kOpenAiChat, true);
      relay->BeginRound();
      std::string out;
      relay->Feed(stream, &out);
      relay->EndRound(&out);
      EXPECT_FALSE(absl::StrContains(out, "recall")) << out;
      EXPECT_TRUE(absl::StrContains(out, "c2") && absl::StrContains(out, "c3")) << out;
      EXPECT_FALSE(relay->goes_on());
      ASSERT_EQ(relay->calls().size(), 1U);
      EXPECT_EQ(relay->calls()[0].arguments, R"({"seq":3})");
      const auto visible = relay->visible();
      ASSERT_EQ(visible.size(), 1U);
      ASSERT_EQ(visible[0]["tool_calls"].size(), 2U);
      EXPECT_EQ(visible[0]["tool_calls"][0]["function"]["arguments"], R"({"path":1})");
      EXPECT_EQ(absl::StrContains(out, "\"index\":1"), numbered) << out;
    }
  }
}

TEST(Relay, OfAnAnswerThatWasCutOffNoCallIsKept) {
  const auto relay = Relay::Create(Wire::kOpenAiResponses, true);
  relay->BeginRound();
  std::string stream;
  for (const char* item :
       {R"({"type":"message","role":"assistant","content":[]})",
        R"({"type":"reasoning","id":"rs"})",
        R"({"type":"function_call","call_id":"c","name":"recall","arguments":"{\"se"})"}) {
    for (const char* type : {"added", "done"}) {
      absl::StrAppend(&stream, R"(data: {"type":"response.output_item.)", type,
                      R"(","output_index":0,"item":)", item, "}\n\n");
    }
  }
  absl::StrAppend(&stream, R"(data: {"type":"response.incomplete","response":{"output":[]}})",
                  "\n\n");
  std::string out;
  relay->Feed(stream, &out);
  EXPECT_FALSE(relay->goes_on());
  EXPECT_TRUE(relay->ends());
  EXPECT_TRUE(relay->calls().empty());
  EXPECT_EQ(relay->visible().size(), 2U);
  EXPECT_EQ(relay->said().size(), 1U) << "thoughts that led to the call alone are the agent's";
}

TEST(Relay, AFailureIsSaidInWholeCharacters) {
  for (size_t before = 496; before <= 501; ++before) {
    std::string body(before, 'x');
    for (int i = 0; i < 100; ++i) body += "\xE6\xBC\xA2";
    for (const Wire wire :
         {Wire::kAnthropic, Wire::kOpenAiChat, Wire::kOpenAiResponses, Wire::kGemini}) {
      const auto relay = Relay::Create(wire, true);
      relay->BeginRound();
      const std::string event = relay->Failure(500, body);
      EXPECT_FALSE(absl::StrContains(event, "\xEF\xBF\xBD")) << event;
      EXPECT_TRUE(absl::StrContains(event, std::string(490, 'x')));
    }
  }
}

}  // namespace
}  // namespace fovea::gateway
