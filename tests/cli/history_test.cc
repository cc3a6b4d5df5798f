#include "cli/history.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"

namespace fovea::cli {
namespace {

v1::Turn TurnFrom(const std::string& text) {
  v1::Turn turn;
  if (!google::protobuf::TextFormat::ParseFromString(text, &turn)) ADD_FAILURE() << text;
  return turn;
}

struct Case {
  std::string name;
  std::string json;
  std::string turn;        // in the text format
  std::string json_again;  // what HistoryTurn makes of the turn; empty: `json`
};

class MapTurn : public testing::TestWithParam<Case> {};

TEST_P(MapTurn, Parses) {
  const auto turn = ParseHistoryTurn(ParseJson(GetParam().json).value());
  ASSERT_TRUE(turn.ok()) << turn.status();
  EXPECT_EQ(turn->DebugString(), TurnFrom(GetParam().turn).DebugString());
}

TEST_P(MapTurn, ComesBack) {
  const v1::Turn turn = TurnFrom(GetParam().turn);
  const Json json = HistoryTurn(turn);
  EXPECT_EQ(DumpJson(json),
            GetParam().json_again.empty() ? GetParam().json : GetParam().json_again);
  EXPECT_EQ(ParseHistoryTurn(json).value().DebugString(), turn.DebugString());
}

INSTANTIATE_TEST_SUITE_P(
    All, MapTurn,
    testing::Values(
        Case{"User", R"({"role":"user","text":"hi"})",
             R"(role: ROLE_USER parts { text { text: "hi" } })"},
        Case{"EmptyText", R"({"role":"user","text":""})", R"(role: ROLE_USER parts { text {} })"},
        Case{"NoText", R"({"role":"system"})", R"(role: ROLE_SYSTEM parts { text {} })",
             R"({"role":"system","text":""})"},
        Case{"NullText", R"({"role":"user","text":null})", R"(role: ROLE_USER parts { text {} })",
             R"({"role":"user","text":""})"},
        Case{"Time", R"({"role":"user","time_us":1700000000000001,"text":"hi"})",
             R"(role: ROLE_USER time_us: 1700000000000001 parts { text { text: "hi" } })"},
        Case{"LoneHalf", R"({"role":"user","text":"a\ud83d"})",
             R"(role: ROLE_USER parts { text { text: "a\355\240\275" } })"},
        Case{"Result", R"({"role":"tool","tool_call_id":"c1","text":"out"})",
             R"(role: ROLE_TOOL
                parts { tool_result { call_id: "c1" content { text { text: "out" } } } })"},
        Case{"OrphanResult", R"({"role":"tool","text":"out"})",
             R"(role: ROLE_TOOL parts { tool_result { content { text { text: "out" } } } })"},
        Case{"NullCallId", R"({"role":"tool","tool_call_id":null,"text":"out"})",
             R"(role: ROLE_TOOL parts { tool_result { content { text { text: "out" } } } })",
             R"({"role":"tool","text":"out"})"},
        Case{"EmptyResult", R"({"role":"tool","tool_call_id":"c1","text":""})",
             R"(role: ROLE_TOOL parts { tool_result { call_id: "c1" } })"},
        Case{"ErrorResult", R"({"role":"tool","is_error":true,"text":"out"})",
             R"(role: ROLE_TOOL
                parts { tool_result { content { text { text: "out" } } is_error: true } })"},
        Case{"NoErrorResult", R"({"role":"tool","is_error":false,"text":"out"})",
             R"(role: ROLE_TOOL parts { tool_result { content { text { text: "out" } } } })",
             R"({"role":"tool","text":"out"})"},
        Case{
            "Calls",
            R"({"role":"assistant","text":"so","tool_calls":[{"id":"a","name":"ls","args":"{ \"x\":1 }"},{"id":"b","name":"cat","args":""}]})",
            R"(role: ROLE_ASSISTANT parts { text { text: "so" } }
                parts { tool_call { call_id: "a" name: "ls" arguments_json: "{ \"x\":1 }" } }
                parts { tool_call { call_id: "b" name: "cat" } })"},
        Case{"CallWithoutText",
             R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":"{}"}]})",
             R"(role: ROLE_ASSISTANT
                parts { tool_call { call_id: "a" name: "ls" arguments_json: "{}" } })"},
        Case{
            "ArgsNull",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":null}]})",
            R"(role: ROLE_ASSISTANT
                parts { tool_call { call_id: "a" name: "ls" arguments_json: "null" } })",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":"null"}]})"},
        Case{"ArgsMissing",
             R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls"}]})",
             R"(role: ROLE_ASSISTANT parts { tool_call { call_id: "a" name: "ls" } })",
             R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":""}]})"},
        Case{
            "ArgsObject",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":{"z":[1,2.5],"a":"\ud800"}}]})",
            R"(role: ROLE_ASSISTANT
                parts { tool_call { call_id: "a" name: "ls"
                                    arguments_json: "{\"z\":[1,2.5],\"a\":\"\\ud800\"}" } })",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":"{\"z\":[1,2.5],\"a\":\"\\ud800\"}"}]})"},
        Case{"NumberAsId",
             R"({"role":"assistant","text":"","tool_calls":[{"id":7,"name":"ls","args":""}]})",
             R"(role: ROLE_ASSISTANT parts { tool_call { call_id: "7" name: "ls" } })",
             R"({"role":"assistant","text":"","tool_calls":[{"id":"7","name":"ls","args":""}]})"},
        Case{"NullCalls", R"({"role":"assistant","text":"x","tool_calls":null})",
             R"(role: ROLE_ASSISTANT parts { text { text: "x" } })",
             R"({"role":"assistant","text":"x"})"},
        Case{"UnknownKeys", R"({"role":"user","text":"hi","compaction":true,"n":{"b":1,"a":[]}})",
             R"(role: ROLE_USER parts { text { text: "hi" } }
                attributes_json: "{\"compaction\":true,\"n\":{\"b\":1,\"a\":[]}}")"},
        Case{
            "UnknownKeysOfACall",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":"","type":"function"}]})",
            R"(role: ROLE_ASSISTANT parts { tool_call { call_id: "a" name: "ls" } }
                attributes_json: "{\"tool_calls\":[{\"type\":\"function\"}]}")"},
        Case{"CallsOfAUser", R"({"role":"user","text":"hi","tool_calls":[{"id":"a"}]})",
             R"(role: ROLE_USER parts { text { text: "hi" } }
                attributes_json: "{\"tool_calls\":[{\"id\":\"a\"}]}")"},
        Case{"OtherRoleName", R"({"role":"developer","text":"hi"})",
             R"(role: ROLE_SYSTEM parts { text { text: "hi" } }
                attributes_json: "{\"role\":\"developer\"}")"},
        Case{"Bytes", R"({"role":"tool","text":{"base64":"/w=="}})",
             R"(role: ROLE_TOOL parts { tool_result { content { text { text: "\377" } } } })"},
        Case{
            "Whole",
            R"({"role":"user","fovea_turn":{"role":"user","time_us":0,"parts":[{"image":{"media_type":"image/png","data":{"base64":"/w=="}}}],"attributes_json":""}})",
            R"(role: ROLE_USER parts { image { media_type: "image/png" data: "\377" } })",
            R"({"role":"user","fovea_turn":{"seq":0,"role":"user","time_us":0,"parts":[{"image":{"media_type":"image/png","data":{"base64":"/w=="}}}],"attributes_json":""}})"},
        Case{
            "TwoTexts",
            R"({"role":"user","fovea_turn":{"role":"user","parts":[{"text":{"text":"a"}},{"text":{"text":"b"}}]}})",
            R"(role: ROLE_USER parts { text { text: "a" } } parts { text { text: "b" } })",
            R"({"role":"user","fovea_turn":{"seq":0,"role":"user","time_us":0,"parts":[{"text":{"text":"a"}},{"text":{"text":"b"}}],"attributes_json":""}})"}),
    [](const auto& tested) { return tested.param.name; });

struct BadCase {
  std::string name;
  std::string line;
  std::string message;
};

class RefuseLine : public testing::TestWithParam<BadCase> {};

TEST_P(RefuseLine, NamesTheTurn) {
  const auto history = ParseHistory(GetParam().line);
  EXPECT_EQ(history.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(history.status().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, RefuseLine,
    testing::Values(
        BadCase{"NoJson", "{", "not valid JSON in UTF-8"},
        BadCase{"NoTurns", R"({"session_id":"x"})", "not a session: it has no list of turns"},
        BadCase{"List", "[]", "not a session: it has no list of turns"},
        BadCase{"NoRole", R"({"turns":[{"role":"user"},{"text":"x"}]})", "turn 2: it has no role"},
        BadCase{"OddRole", R"({"turns":[{"role":"robot"}]})",
                "turn 1: its role is robot, not system, user, assistant or tool"},
        BadCase{"OddTurn", R"({"turns":[7]})", "turn 1: it is not an object"},
        BadCase{"OddText", R"({"turns":[{"role":"user","text":["x"]}]})",
                "turn 1: its text is not a string"},
        BadCase{"OddCall", R"({"turns":[{"role":"assistant","tool_calls":["x"]}]})",
                "turn 1: a tool call is not an object"},
        BadCase{"OddWhole", R"({"turns":[{"fovea_turn":{"time_us":"x"}}]})",
                "turn 1: wrong value for fovea.v1.Turn.time_us"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ParseHistory, KeepsUnknownKeysAsMetadata) {
  const auto history = ParseHistory(
      R"({"source":"s","session_id":"x","title":"T","turns":[],"lang":"de","qa":[{"a":1}]})");
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->session_id, "x");
  EXPECT_EQ(history->title, "T");
  EXPECT_EQ(history->metadata_json, R"({"source":"s","lang":"de","qa":[{"a":1}]})");
}

// A server may check that metadata is JSON with a parser that refuses halves of surrogate pairs.
TEST(ParseHistory, MetadataIsStrictJsonAndComesBack) {
  const std::string line = R"({"session_id":"x","k":"\ud800","turns":[]})";
  const auto history = ParseHistory(line);
  ASSERT_TRUE(history.ok());
  EXPECT_TRUE(Json::accept(history->metadata_json)) << history->metadata_json;
  v1::Session session;
  session.set_session_id("x");
  session.set_metadata_json(history->metadata_json);
  EXPECT_EQ(DumpJson(HistoryHead(session)), R"({"session_id":"x","k":"\ud800"})");
}

}  // namespace
}  // namespace fovea::cli
