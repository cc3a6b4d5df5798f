// The files of tests/transcripts/data through the command line and a server: every text is found by
// search, every byte comes back by turn, and the contexts of what was read are accepted by the
// checkers of each API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/app.h"
#include "cli/formats/console.h"
#include "cli/formats/json.h"
#include "core/log/recall_text.h"
#include "tests/service/payload_check.h"
#include "tests/service/server_fixture.h"
#include "transcripts/transcript.h"

namespace fovea::cli {
namespace {

using ::fovea::testing::Client;
using ::fovea::testing::ServerFixture;
using ::fovea::testing::ViewOf;
using ::testing::IsEmpty;

const char* const kData = FOVEA_SOURCE_DIR "/tests/transcripts/data";

std::vector<std::string> DataFiles() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kData)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

struct Said {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// A word from the middle of the text; "" if it has none of three letters.
std::string MiddleOf(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : absl::StrCat(text, " ")) {
    // Beside other letters than these a word may be part of a longer one.
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || static_cast<signed char>(c) < 0) {
      word += c;
      continue;
    }
    const bool plain = std::all_of(
        word.begin(), word.end(), [](char letter) { return static_cast<signed char>(letter) > 0; });
    if (plain && word.size() > 2) words.push_back(word);
    word.clear();
  }
  return words.empty() ? "" : words[words.size() / 2];
}

// As protobuf's JSON has it: 64 bits are a string.
uint64_t NumberOf(const Json& json) {
  uint64_t number = 0;
  const std::string text = json.is_string() ? json.get<std::string>() : json.dump();
  EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
  return number;
}

class RealTranscripts : public ::testing::TestWithParam<std::string> {
 protected:
  Said Run(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    Console console{.out = out, .err = err};
    arguments.insert(arguments.begin(), {"--server", server().address()});
    Said said;
    said.exit_code = RunFovea(std::move(arguments), console);
    said.out = out.str();
    said.err = err.str();
    return said;
  }

  // One server for all files.
  static ServerFixture& server() {
    static auto* const kServer = new ServerFixture();
    return *kServer;
  }

  std::vector<transcripts::Transcript> Expected() {
    const std::string bytes = ReadAll(absl::StrCat(kData, "/", GetParam()));
    std::vector<transcripts::Transcript> sessions;
    transcripts::ReadReport report;
    const auto format = transcripts::DetectFormat(bytes);
    EXPECT_TRUE(format.ok()) << format.status();
    if (!format.ok()) return sessions;
    const absl::Status status = transcripts::ReadTranscripts(
        bytes, *format, {},
        [&](transcripts::Transcript transcript) {
          sessions.push_back(std::move(transcript));
          return absl::OkStatus();
        },
        &report);
    EXPECT_TRUE(status.ok()) << status;
    return sessions;
  }

  // What a search says once the index, which follows the log, has all turns of the session.
  Json Search(const std::string& id, const std::string& words, size_t turns) {
    const absl::Time end = absl::Now() + absl::Minutes(1);
    while (true) {
      const Said found = Run({"search", id, words, "--limit", "200", "--json"});
      EXPECT_EQ(found.exit_code, 0) << found.err;
      const auto answer = ParseJson(found.out);
      if (!answer.ok()) return Json::object();
      if (NumberOf((*answer)["indexed_through_seq"]) >= turns) return *answer;
      EXPECT_LT(absl::Now(), end) << id << " is not indexed";
      if (absl::Now() >= end) return *answer;
    }
  }
};

TEST_P(RealTranscripts, AreFoundAndComeBackWhole) {
  const Said imported = Run({"import", absl::StrCat(kData, "/", GetParam()), "--json"});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  const Json report = ParseJson(imported.out).value();
  const std::vector<transcripts::Transcript> sessions = Expected();
  ASSERT_EQ(report["imported"].size(), sessions.size());
  int searched = 0;
  for (size_t i = 0; i < sessions.size(); ++i) {
    const auto id = report["imported"][i]["session_id"].get<std::string>();
    for (size_t t = 0; t < sessions[i].turns.size(); ++t) {
      SCOPED_TRACE(absl::StrCat(id, " #", t + 1));
      Turn turn = sessions[i].turns[t];
      turn.seq = t + 1;
      const std::string expected = RecallTextOf(turn).text;
      const std::string seq = absl::StrCat("#", t + 1);
      ASSERT_EQ(Run({"turn", id, seq}).out, expected);
      const std::string words = MiddleOf(expected);
      if (words.empty()) continue;
      ++searched;
      bool among = false;
      const Json answer = Search(id, words, sessions[i].turns.size());
      for (const Json& hit : answer.value("hits", Json::array())) {
        among = among || NumberOf(hit["seq"]) == t + 1;
      }
      EXPECT_TRUE(among) << words << " is not found";
    }
  }
  EXPECT_GT(searched, 1);
  // And once more: nothing is new.
  EXPECT_EQ(ParseJson(Run({"import", absl::StrCat(kData, "/", GetParam()), "--json"}).out)
                .value()["turns"],
            0);
}

struct Api {
  v1::WireFormat format;
  const char* reader;
  std::vector<std::string> (*problems)(const nlohmann::json& payload);
};
const Api kApis[] = {{v1::WIRE_FORMAT_ANTHROPIC, "claude", testing::AnthropicProblems},
                     {v1::WIRE_FORMAT_OPENAI_CHAT, "gpt-4o", testing::OpenAiChatProblems},
                     {v1::WIRE_FORMAT_OPENAI_RESPONSES, "gpt-5.6", testing::ResponsesProblems},
                     {v1::WIRE_FORMAT_GEMINI, "gemini-3", testing::GeminiProblems},
                     {v1::WIRE_FORMAT_VLLM, "qwen3-vl", testing::VllmProblems},
                     {v1::WIRE_FORMAT_DEEPSEEK, "deepseek-flash", testing::DeepSeekProblems}};

// The agent's own API among them.
TEST_P(RealTranscripts, GiveContextsThatEveryApiTakes) {
  const Said imported = Run({"import", absl::StrCat(kData, "/", GetParam()), "--json"});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  Client client = server().MakeClient();
  const Json report = ParseJson(imported.out).value();
  for (const Json& session : report["imported"]) {
    const auto id = session["session_id"].get<std::string>();
    if (session["turns"] == 0) continue;
    for (const Api& api : kApis) {
      for (const int64_t budget : {2'000, 64'000}) {
        v1::BuildContextRequest request = ViewOf(id, budget, api.format);
        request.mutable_view()->set_reader(api.reader);
        v1::BuildContextResponse response;
        const grpc::Status status = client.Build(request, &response);
        if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED && budget == 2'000)
          continue;
        ASSERT_TRUE(status.ok()) << id << ": " << status.error_message();
        EXPECT_THAT(api.problems(nlohmann::json::parse(response.payload())), IsEmpty())
            << id << " as " << v1::WireFormat_Name(api.format);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RealTranscripts, ::testing::ValuesIn(DataFiles()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           for (char& c : name) {
                             c = absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace fovea::cli
