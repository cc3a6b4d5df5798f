#include "transcripts/turn_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fovea::transcripts {
namespace {

TEST(TurnJson, KeepsEveryFieldAndByte) {
  Turn turn{.role = Role::kAssistant, .time_us = 1'700'000'000'000'001};
  turn.attributes_json = R"({"id":"m"})";
  turn.agent_id = "sub-1";
  turn.parts = {TextPart{.text = std::string("a\0\xff", 3), .phase = "commentary"}, TextPart{},
                ToolCallPart{.call_id = "c", .name = "n", .arguments_json = "x", .custom = true},
                ToolResultPart{.call_id = "c", .is_error = true},
                AudioPart{.media_type = "audio/wav", .data = "d", .transcript = "t", .id = "i"}};
  const absl::StatusOr<Turn> back = TurnFromJson(ParseJson(DumpJson(TurnToJson(turn))).value());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, turn);
}

TEST(TurnJson, TakesDefaultsThatAreWrittenOut) {
  const absl::StatusOr<Turn> turn =
      TurnFromJson(ParseJson(R"({"seq":7,"role":"tool","time_us":0,"attributes_json":"","parts":[
                  {"tool_result":{"call_id":"c","content":[],"is_error":false}}]})")
                       .value());
  ASSERT_TRUE(turn.ok()) << turn.status();
  EXPECT_EQ(turn->seq, 0U);
  EXPECT_EQ(turn->parts, (std::vector<Part>{ToolResultPart{.call_id = "c"}}));
}

TEST(TurnJson, ErrorsNameTheField) {
  const auto error = [](const char* json) {
    return std::string(TurnFromJson(ParseJson(json).value()).status().message());
  };
  EXPECT_EQ(error(R"({"role":"robot"})"), "role: must be system, user, assistant or tool");
  EXPECT_EQ(error(R"({"role":"user","mood":"good"})"), "mood: unknown");
  EXPECT_EQ(error(R"({"role":"user","parts":[{"text":{"text":5}}]})"),
            R"(parts[0].text.text: must be a string or {"base64": "..."})");
  EXPECT_EQ(error(R"({"role":"user","parts":[{"text":{"text":"a","size":1}}]})"),
            "parts[0].text.size: unknown");
  EXPECT_EQ(error(R"({"role":"user","parts":[{"sketch":{}}]})"), "parts[0].sketch: unknown");
  EXPECT_EQ(error(R"({"role":"user","parts":[{"tool_reference":{"tool_name":"a"}}]})"),
            "parts[0].tool_reference: stands in results only");
  EXPECT_EQ(error(R"({"role":"user","parts":["text"]})"),
            "parts[0]: must be an object with one field");
  EXPECT_EQ(error(R"({"role":"tool","parts":[{"tool_result":{"content":[{"audio":{}}]}}]})"),
            "parts[0].tool_result.content[0].audio: unknown");
}

}  // namespace
}  // namespace fovea::transcripts
