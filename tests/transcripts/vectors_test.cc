// tests/vectors/messages.jsonl: every message becomes the turns that stand beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "transcripts/anthropic.h"
#include "transcripts/gemini.h"
#include "transcripts/openai_chat.h"
#include "transcripts/openai_responses.h"
#include "transcripts/turn_json.h"

namespace fovea::transcripts {
namespace {

const char* const kFile = FOVEA_SOURCE_DIR "/tests/vectors/messages.jsonl";

std::vector<Json> ReadCases() {
  std::ifstream file(kFile);
  std::vector<Json> cases;
  std::string line;
  while (std::getline(file, line)) {
    absl::StatusOr<Json> json = ParseJson(line);
    EXPECT_TRUE(json.ok()) << json.status() << line;
    if (json.ok()) cases.push_back(*std::move(json));
  }
  return cases;
}

absl::StatusOr<ReadMessage> Read(const Json& vector) {
  const std::string shape = vector["shape"].get<std::string>();
  const Json& message = vector["message"];
  if (shape == "anthropic") return ReadAnthropicMessage(message);
  if (shape == "openai-chat") return ReadOpenAiChatMessage(message);
  if (shape == "openai-responses") return ReadOpenAiResponsesItem(message);
  GeminiReader reader;
  if (vector.contains("before")) {
    for (const Json& before : vector["before"]) EXPECT_TRUE(reader.ReadContent(before).ok());
  }
  return reader.ReadContent(message);
}

// attributes_json -> attributes, at every level.
Json WithAttributes(const Json& json) {
  if (json.is_array()) {
    Json list = Json::array();
    for (const Json& item : json) list.push_back(WithAttributes(item));
    return list;
  }
  if (!json.is_object()) return json;
  Json object = Json::object();
  for (const auto& [name, value] : json.items()) {
    if (name == "attributes_json") {
      object["attributes"] = ParseJson(BytesOf(value).value()).value();
    } else {
      object[name] = WithAttributes(value);
    }
  }
  return object;
}

Json TurnsJson(const ReadMessage& read) {
  Json turns = Json::array();
  for (const Turn& turn : read.turns) turns.push_back(WithAttributes(TurnToJson(turn)));
  return turns;
}

Json UnknownKeys(const ReadMessage& read) {
  Json keys = Json::array();
  for (const std::string& key : read.unknown_keys) keys.push_back(JsonOf(key));
  return keys;
}

// For people: the file as the readers have it now.
void WriteVectors(const std::vector<Json>& cases) {
  std::ofstream file(kFile);
  for (Json vector : cases) {
    const absl::StatusOr<ReadMessage> read = Read(vector);
    if (!vector.contains("error")) {
      if (!read.ok()) vector["refused"] = std::string(read.status().message());
      if (read.ok()) vector["turns"] = TurnsJson(*read);
      if (read.ok() && !read->unknown_keys.empty()) vector["unknown_keys"] = UnknownKeys(*read);
    }
    file << DumpJson(vector) << '\n';
  }
}

TEST(Vectors, MessagesBecomeTheTurnsThatTheyMust) {
  const std::vector<Json> cases = ReadCases();
  ASSERT_GE(cases.size(), 150U);
  if (std::getenv("FOVEA_WRITE_VECTORS") != nullptr) return WriteVectors(cases);
  for (size_t i = 0; i < cases.size(); ++i) {
    const Json& vector = cases[i];
    SCOPED_TRACE(testing::Message() << "line " << i + 1 << ": " << DumpJson(vector["message"]));
    const absl::StatusOr<ReadMessage> read = Read(vector);
    if (vector.contains("error")) {
      const std::string key = vector["error"].get<std::string>();
      EXPECT_FALSE(read.ok());
      EXPECT_TRUE(absl::StartsWith(read.status().message(), key + ":")) << read.status();
      EXPECT_FALSE(vector.contains("turns"));
      continue;
    }
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(DumpJson(TurnsJson(*read), true), DumpJson(vector["turns"], true));
    EXPECT_EQ(UnknownKeys(*read), vector.value("unknown_keys", Json::array()));
  }
}

// Every kind of part stands in the vectors, and each turn comes back from its JSON.
TEST(Vectors, HoldEveryKindOfPart) {
  std::set<std::string> kinds;
  for (const Json& vector : ReadCases()) {
    const absl::StatusOr<ReadMessage> read = Read(vector);
    if (!read.ok()) continue;
    for (const Turn& turn : read->turns) {
      const Json json = TurnToJson(turn);
      const absl::StatusOr<Turn> back = TurnFromJson(json);
      ASSERT_TRUE(back.ok()) << back.status() << DumpJson(json);
      EXPECT_EQ(*back, turn) << DumpJson(json);
      for (const Json& part : json["parts"]) {
        kinds.insert(part.begin().key());
        if (!part.contains("tool_result")) continue;
        if (!part["tool_result"].contains("content")) continue;
        for (const Json& item : part["tool_result"]["content"]) {
          kinds.insert("result." + item.begin().key());
        }
      }
    }
  }
  EXPECT_THAT(kinds, testing::IsSupersetOf({"text", "image", "tool_call", "tool_result", "opaque",
                                            "document", "search_result", "refusal", "audio",
                                            "result.text", "result.image", "result.document",
                                            "result.search_result", "result.tool_reference"}));
}

}  // namespace
}  // namespace fovea::transcripts
