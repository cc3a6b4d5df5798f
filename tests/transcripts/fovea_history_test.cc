#include "transcripts/fovea_history.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "transcripts/transcript.h"
#include "transcripts/turn_json.h"

namespace fovea::transcripts {
namespace {

struct Case {
  std::string name;
  std::string json;
  std::string turn;        // as TurnToJson writes it
  std::string json_again;  // what HistoryTurn makes of the turn; empty: `json`
};

class MapTurn : public testing::TestWithParam<Case> {};

TEST_P(MapTurn, Parses) {
  const auto read = ReadHistoryTurn(ParseJson(GetParam().json).value());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->turns.size(), 1U);
  EXPECT_EQ(DumpJson(TurnToJson(read->turns[0])), GetParam().turn);
}

TEST_P(MapTurn, ComesBack) {
  const Turn turn = TurnFromJson(ParseJson(GetParam().turn).value()).value();
  const Json json = HistoryTurn(turn);
  EXPECT_EQ(DumpJson(json),
            GetParam().json_again.empty() ? GetParam().json : GetParam().json_again);
  EXPECT_EQ(ReadHistoryTurn(json).value().turns.front(), turn);
}

INSTANTIATE_TEST_SUITE_P(
    All, MapTurn,
    testing::Values(
        Case{"User", R"({"role":"user","text":"hi"})",
             R"({"role":"user","parts":[{"text":{"text":"hi"}}]})"},
        Case{"EmptyText", R"({"role":"user","text":""})",
             R"({"role":"user","parts":[{"text":{}}]})"},
        Case{"Time", R"({"role":"user","time_us":1700000000000001,"text":"hi"})",
             R"({"role":"user","time_us":1700000000000001,"parts":[{"text":{"text":"hi"}}]})"},
        Case{"Agent", R"({"role":"user","agent_id":"sub","text":"hi"})",
             R"({"role":"user","parts":[{"text":{"text":"hi"}}],"agent_id":"sub"})"},
        Case{"LoneHalf", R"({"role":"user","text":"a\ud83d"})",
             R"({"role":"user","parts":[{"text":{"text":"a\ud83d"}}]})"},
        Case{
            "Result", R"({"role":"tool","tool_call_id":"c1","text":"out"})",
            R"({"role":"tool","parts":[{"tool_result":{"call_id":"c1","content":[{"text":{"text":"out"}}]}}]})"},
        Case{"OrphanResult", R"({"role":"tool","text":"out"})",
             R"({"role":"tool","parts":[{"tool_result":{"content":[{"text":{"text":"out"}}]}}]})"},
        Case{"NullCallId", R"({"role":"tool","tool_call_id":null,"text":"out"})",
             R"({"role":"tool","parts":[{"tool_result":{"content":[{"text":{"text":"out"}}]}}]})",
             R"({"role":"tool","text":"out"})"},
        Case{"EmptyResult", R"({"role":"tool","tool_call_id":"c1","text":""})",
             R"({"role":"tool","parts":[{"tool_result":{"call_id":"c1"}}]})"},
        Case{
            "ErrorResult", R"({"role":"tool","is_error":true,"text":"out"})",
            R"({"role":"tool","parts":[{"tool_result":{"content":[{"text":{"text":"out"}}],"is_error":true}}]})"},
        Case{
            "Calls",
            R"({"role":"assistant","text":"so","tool_calls":[{"id":"a","name":"ls","args":"{ \"x\":1 }"},{"id":"b","name":"cat","args":""}]})",
            R"({"role":"assistant","parts":[{"text":{"text":"so"}},{"tool_call":{"call_id":"a","name":"ls","arguments_json":"{ \"x\":1 }"}},{"tool_call":{"call_id":"b","name":"cat"}}]})"},
        Case{
            "CallWithoutText",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":"{}"}]})",
            R"({"role":"assistant","parts":[{"tool_call":{"call_id":"a","name":"ls","arguments_json":"{}"}}]})"},
        Case{
            "ArgsNull",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":null}]})",
            R"({"role":"assistant","parts":[{"tool_call":{"call_id":"a","name":"ls","arguments_json":"null"}}]})",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"a","name":"ls","args":"null"}]})"},
        Case{
            "ArgsObject",
            R"({"role":"assistant","text":"","tool_calls":[{"id":7,"name":"ls","args":{"z":[1,2.50],"a":"\ud800"}}]})",
            R"({"role":"assistant","parts":[{"tool_call":{"call_id":"7","name":"ls","arguments_json":"{\"z\":[1,2.50],\"a\":\"\\ud800\"}"}}]})",
            R"({"role":"assistant","text":"","tool_calls":[{"id":"7","name":"ls","args":"{\"z\":[1,2.50],\"a\":\"\\ud800\"}"}]})"},
        Case{"NullCalls", R"({"role":"assistant","text":"x","tool_calls":null})",
             R"({"role":"assistant","parts":[{"text":{"text":"x"}}]})",
             R"({"role":"assistant","text":"x"})"},
        Case{
            "UnknownKeys", R"({"role":"user","text":"hi","compaction":true,"n":{"b":1,"a":[]}})",
            R"({"role":"user","parts":[{"text":{"text":"hi"}}],"attributes_json":"{\"compaction\":true,\"n\":{\"b\":1,\"a\":[]}}"})"},
        Case{
            "OtherRoleName", R"({"role":"developer","text":"hi"})",
            R"({"role":"system","parts":[{"text":{"text":"hi"}}],"attributes_json":"{\"role\":\"developer\"}"})"},
        Case{
            "Bytes", R"({"role":"tool","text":{"base64":"/w=="}})",
            R"({"role":"tool","parts":[{"tool_result":{"content":[{"text":{"text":{"base64":"/w=="}}}]}}]})"},
        Case{
            "Refusal", R"({"role":"assistant","text":null,"refusal":"I cannot."})",
            R"({"role":"assistant","parts":[{"refusal":{"text":"I cannot."}}]})",
            R"({"role":"assistant","fovea_turn":{"role":"assistant","parts":[{"refusal":{"text":"I cannot."}}]}})"},
        Case{"Content", R"({"role":"user","content":"hello"})",
             R"({"role":"user","parts":[{"text":{"text":"hello"}}]})",
             R"({"role":"user","text":"hello"})"},
        Case{
            "OpenAiCall",
            R"({"role":"assistant","content":"hi","tool_calls":[{"id":"c1","type":"function","function":{"name":"ls","arguments":"{}"}}]})",
            R"({"role":"assistant","parts":[{"text":{"text":"hi"}},{"tool_call":{"call_id":"c1","name":"ls","arguments_json":"{}"}}]})",
            R"({"role":"assistant","text":"hi","tool_calls":[{"id":"c1","name":"ls","args":"{}"}]})"},
        Case{
            "Whole",
            R"({"role":"user","fovea_turn":{"seq":0,"role":"user","time_us":0,"parts":[{"image":{"media_type":"image/png","data":{"base64":"/w=="}}}],"attributes_json":""}})",
            R"({"role":"user","parts":[{"image":{"media_type":"image/png","data":{"base64":"/w=="}}}]})",
            R"({"role":"user","fovea_turn":{"role":"user","parts":[{"image":{"media_type":"image/png","data":{"base64":"/w=="}}}]}})"},
        Case{
            "TwoTexts",
            R"({"role":"user","fovea_turn":{"role":"user","parts":[{"text":{"text":"a"}},{"text":{"text":"b"}}]}})",
            R"({"role":"user","parts":[{"text":{"text":"a"}},{"text":{"text":"b"}}]})"}),
    [](const auto& tested) { return tested.param.name; });

struct BadCase {
  std::string name;
  std::string line;
  std::string message;
};

class RefuseLine : public testing::TestWithParam<BadCase> {};

absl::Status ReadLine(const std::string& line, Transcript* first) {
  ReadReport report;
  return ReadTranscripts(
      line, Format::kFovea, {},
      [&](Transcript transcript) {
        *first = std::move(transcript);
        return absl::OkStatus();
      },
      &report);
}

TEST_P(RefuseLine, NamesTheKey) {
  Transcript read;
  const absl::Status status = ReadLine(GetParam().line, &read);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "line 1: " + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, RefuseLine,
    testing::Values(
        BadCase{"NoJson", "{", "not valid JSON in UTF-8"},
        BadCase{"NoTurns", R"({"session_id":"x"})", "turns: must be a list"},
        BadCase{"NoRole", R"({"turns":[{"role":"user","text":""},{"text":"x"}]})",
                "turns[1].role: is missing"},
        BadCase{"OddRole", R"({"turns":[{"role":"robot"}]})",
                "turns[0].role: is \"robot\", not system, user, assistant or tool"},
        BadCase{"OddTurn", R"({"turns":[7]})", "turns[0].a turn must be an object"},
        BadCase{"OddText", R"({"turns":[{"role":"user","text":["x"]}]})",
                "turns[0].text: must be a string"},
        BadCase{"NoText", R"({"turns":[{"role":"user"}]})", "turns[0].text: it holds nothing"},
        BadCase{"NullText", R"({"turns":[{"role":"assistant","text":null,"reply":"x"}]})",
                "turns[0].text: it holds nothing; unknown: reply"},
        BadCase{"EmptyContent", R"({"turns":[{"role":"tool","output":"x"}]})",
                "turns[0].text: it holds nothing; unknown: output"},
        BadCase{"OddCall", R"({"turns":[{"role":"assistant","tool_calls":["x"]}]})",
                "turns[0].tool_calls[0]: must be an object"},
        BadCase{"OddWhole", R"({"turns":[{"fovea_turn":{"role":"user","time_us":"x"}}]})",
                "turns[0].fovea_turn.time_us: must be a whole number"}),
    [](const auto& tested) { return tested.param.name; });

TEST(FoveaHistory, KeepsUnknownKeysAsMetadata) {
  Transcript read;
  ASSERT_TRUE(
      ReadLine(
          R"({"source":"s","session_id":"x","title":"T","turns":[],"lang":"de","qa":[{"a":1}]})",
          &read)
          .ok());
  EXPECT_EQ(read.session_id, "x");
  EXPECT_EQ(read.title, "T");
  EXPECT_EQ(read.metadata_json, R"({"source":"s","lang":"de","qa":[{"a":1}]})");
}

// A server may check that metadata is JSON with a parser that refuses halves of surrogate pairs.
TEST(FoveaHistory, MetadataIsStrictJsonAndComesBack) {
  Transcript read;
  ASSERT_TRUE(ReadLine(R"({"session_id":"x","k":"\ud800","turns":[]})", &read).ok());
  EXPECT_TRUE(Json::accept(read.metadata_json)) << read.metadata_json;
  EXPECT_EQ(DumpJson(HistoryHead("x", "", read.metadata_json)),
            R"({"session_id":"x","k":"\ud800"})");
}

}  // namespace
}  // namespace fovea::transcripts
