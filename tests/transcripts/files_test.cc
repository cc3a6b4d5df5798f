// The files of data/: those that agents made while they talked to a scripted model on loopback,
// reduced to their shape, and small ones by hand for what no such run has. Each is read whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "transcripts/transcript.h"
#include "transcripts/turn_json.h"

namespace fovea::transcripts {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

const char* const kData = FOVEA_SOURCE_DIR "/tests/transcripts/data";

const char* const kGoldens = FOVEA_SOURCE_DIR "/tests/transcripts/goldens";

std::string BytesOfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  EXPECT_TRUE(file.good()) << path;
  return bytes.str();
}

std::string ReadData(const std::string& name) {
  return BytesOfFile(absl::StrCat(kData, "/", name));
}

std::vector<std::string> DataFiles() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kData)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Read {
  absl::Status status;
  std::vector<Transcript> sessions;
  ReadReport report;
};

Read ReadAs(const std::string& bytes, Format format, ReadOptions options = {}) {
  Read read;
  read.status = ReadTranscripts(
      bytes, format, options,
      [&](Transcript transcript) {
        read.sessions.push_back(std::move(transcript));
        return absl::OkStatus();
      },
      &read.report);
  return read;
}

Read ReadFile(const std::string& name) {
  const std::string bytes = ReadData(name);
  const absl::StatusOr<Format> format = DetectFormat(bytes);
  EXPECT_TRUE(format.ok()) << name << ": " << format.status();
  return format.ok() ? ReadAs(bytes, *format) : Read();
}

// The words that the files have in everything that was said: prompts, answers, thoughts, commands
// and their output.
std::set<std::string> Words(const std::string& text) {
  static const std::regex kWord(
      R"((final-word|step)-\d+(-word)?|(alpha|beta|inner|side|first|second|third)-prompt|pondering-[a-z]+ \d+)");
  std::set<std::string> words;
  for (std::sregex_iterator word(text.begin(), text.end(), kWord); word != std::sregex_iterator();
       ++word) {
    words.insert(word->str());
  }
  return words;
}

// Everything that was kept of a file.
std::string Kept(const Read& read) {
  std::string kept;
  for (const Transcript& session : read.sessions) {
    absl::StrAppend(&kept, session.session_id, " ", session.title, " ", session.metadata_json,
                    "\n");
    for (const Turn& turn : session.turns) {
      absl::StrAppend(&kept, DumpJson(TurnToJson(turn)), "\n");
    }
  }
  return kept;
}

class DataFile : public testing::TestWithParam<std::string> {};

TEST_P(DataFile, IsTheFormatOfItsName) {
  const absl::StatusOr<Format> format = DetectFormat(ReadData(GetParam()));
  ASSERT_TRUE(format.ok()) << format.status();
  const std::string name = GetParam().substr(0, GetParam().rfind('-'));
  EXPECT_EQ(InfoOf(*format).name, name);
}

TEST_P(DataFile, IsReadWhole) {
  const Read read = ReadFile(GetParam());
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_FALSE(read.sessions.empty());
  const std::set<std::string> words = Words(ReadData(GetParam()));
  EXPECT_GE(words.size(), 2U);
  EXPECT_EQ(Words(Kept(read)), words);
  EXPECT_THAT(read.report.unknown_keys, IsEmpty());
  for (const Transcript& session : read.sessions) {
    EXPECT_EQ(session.lines.size(), session.turns.size());
    for (const Turn& turn : session.turns) EXPECT_FALSE(turn.parts.empty());
  }
  EXPECT_TRUE(ReadAs(ReadData(GetParam()), *DetectFormat(ReadData(GetParam())), {.strict = true})
                  .status.ok());
}

// goldens/ has what each file becomes: of each session its name, title and metadata, then its
// turns. FOVEA_UPDATE_GOLDENS=1 writes them again; read the difference before you commit it.
TEST_P(DataFile, BecomesTheseSessions) {
  const std::string golden = absl::StrCat(kGoldens, "/", GetParam(), ".txt");
  const std::string kept = Kept(ReadFile(GetParam()));
  if (std::getenv("FOVEA_UPDATE_GOLDENS") != nullptr) std::ofstream(golden) << kept;
  const std::string wanted = BytesOfFile(golden);
  const auto [found, expected] = std::ranges::mismatch(kept, wanted);
  EXPECT_EQ(kept, wanted) << "from line " << 1 + std::count(kept.begin(), found, '\n');
}

// Every result answers a call of the session, and the calls' ids are distinct.
TEST_P(DataFile, KeepsPairs) {
  const Read read = ReadFile(GetParam());
  if (absl::StartsWith(GetParam(), "openai-chat-3")) return;  // a function_call has no id
  for (const Transcript& session : read.sessions) {
    std::multiset<std::string> calls;
    for (const Turn& turn : session.turns) {
      for (const Part& part : turn.parts) {
        if (const auto* call = std::get_if<ToolCallPart>(&part)) calls.insert(call->call_id);
        const auto* opaque = std::get_if<OpaquePart>(&part);
        if (opaque != nullptr && opaque->kind == "openai.local_shell_call") calls.insert("call_s");
        const auto* result = std::get_if<ToolResultPart>(&part);
        if (result != nullptr) {
          EXPECT_EQ(calls.count(result->call_id), 1U) << result->call_id;
        }
      }
    }
  }
}

// What a file that grows has had so far is a beginning of what it has in the end: an import can go
// on where it stopped.
TEST_P(DataFile, GrowsByTurns) {
  const std::string bytes = ReadData(GetParam());
  const absl::StatusOr<Format> format = DetectFormat(bytes);
  ASSERT_TRUE(format.ok());
  const Read whole = ReadAs(bytes, *format);
  if (std::count(bytes.begin(), bytes.end(), '\n') < 3 || whole.sessions.size() > 1 ||
      ReadAs(bytes.substr(0, bytes.find('\n') + 1), *format).sessions.empty()) {
    return;  // not a file that grows, or one with an abandoned branch
  }
  for (size_t end = bytes.find('\n'); end != std::string::npos; end = bytes.find('\n', end + 1)) {
    // Half of the next line is there already.
    const std::string part = bytes.substr(0, std::min(bytes.size(), end + 20));
    const Read read = ReadAs(part, *format, {.live = true});
    for (const Transcript& session : read.sessions) {
      ASSERT_LE(session.turns.size(), whole.sessions[0].turns.size());
      for (size_t i = 0; i < session.turns.size(); ++i) {
        EXPECT_EQ(session.turns[i], whole.sessions[0].turns[i]) << i << " " << end;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DataFile, testing::ValuesIn(DataFiles()), [](const auto& tested) {
  std::string name = tested.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(Data, HasThreeFilesOfEachFormat) {
  std::map<std::string, int> counts;
  for (const std::string& name : DataFiles()) ++counts[name.substr(0, name.rfind('-'))];
  for (const FormatInfo& info : Formats()) EXPECT_GE(counts[info.name], 3) << info.name;
}

// Renames, removes or replaces one member somewhere in the value.
void Mutate(Json& json, std::mt19937& random) {
  std::vector<Json*> containers;
  std::vector<Json*> open = {&json};
  while (!open.empty()) {
    Json* const at = open.back();
    open.pop_back();
    if (!at->is_structured()) continue;
    if (!at->empty()) containers.push_back(at);
    for (Json& inner : *at) open.push_back(&inner);
  }
  if (containers.empty()) return;
  Json& chosen = *containers[random() % containers.size()];
  const size_t index = random() % chosen.size();
  static const std::vector<Json> kValues = {nullptr,        7,    "odd", Json::array(),
                                            Json::object(), true, 1.5};
  if (chosen.is_array()) {
    chosen[index] = kValues[random() % kValues.size()];
    return;
  }
  Json changed = Json::object();
  size_t i = 0;
  const int how = static_cast<int>(random() % 3);
  for (const auto& [name, value] : chosen.items()) {
    if (i++ != index) {
      changed[name] = value;
    } else if (how == 0) {
      changed["x_" + name] = value;
    } else if (how == 1) {
      changed[name] = kValues[random() % kValues.size()];
    }
  }
  chosen = std::move(changed);
}

// What happens to files on disks and between systems: cut off, lines lost or twice, other line
// ends, a byte order mark, a byte that is another.
void MutateText(std::string& text, std::mt19937& random) {
  const auto line = [&] {
    const size_t begin = text.rfind('\n', random() % text.size());
    const size_t first = begin == std::string::npos ? 0 : begin + 1;
    return text.substr(first, text.find('\n', first) - first + 1);
  };
  switch (random() % 6) {
    case 0:
      text.resize(random() % text.size());
      break;
    case 1: {
      const std::string lost = line();
      text.erase(text.find(lost), lost.size());
      break;
    }
    case 2: {
      const std::string twice = line();
      text.insert(text.find(twice), twice);
      break;
    }
    case 3:
      text = absl::StrReplaceAll(text, {{"\n", "\r\n"}});
      break;
    case 4:
      text.insert(0, "\xef\xbb\xbf");
      break;
    default:
      text[random() % text.size()] = static_cast<char>(random());
  }
}

// Words that stand where records are passed over, or that repeat what stands elsewhere.
std::set<std::string> WordsOfAsides(const std::string& bytes, const Read& read) {
  std::set<std::string> words;
  if (!read.report.passed_over.empty()) words = Words(bytes);
  return words;
}

// Of records of a message that a later record of the same id says again: the later one holds.
std::set<std::string> WordsSaidAgain(const std::vector<Json>& records) {
  std::set<std::string> words;
  std::map<std::string, const Json*> last;
  for (const Json& record : records) {
    if (!record.is_object() || !record.contains("id")) continue;
    const Json*& before = last[DumpJson(record["id"])];
    if (before != nullptr) words.merge(Words(DumpJson(*before)));
    before = &record;
  }
  return words;
}

// 200 mutated files here, more with FOVEA_MUTATIONS: an error that names a line, or everything is
// kept.
TEST(Mutations, AreErrorsOrKept) {
  const char* const wish = std::getenv("FOVEA_MUTATIONS");
  const int count = wish == nullptr ? 200 : std::stoi(wish);
  std::mt19937 random(12);
  const std::vector<std::string> names = DataFiles();
  int refused = 0;
  for (int i = 0; i < count; ++i) {
    const std::string& name = names[static_cast<size_t>(i) % names.size()];
    const std::string bytes = ReadData(name);
    const Format format = *DetectFormat(bytes);
    std::vector<Json> records;
    const absl::StatusOr<Json> value = ParseJson(bytes);
    std::istringstream lines(bytes);
    for (std::string line; !value.ok() && std::getline(lines, line);) {
      records.push_back(ParseJson(line).value());
    }
    if (value.ok()) records.push_back(*value);
    Mutate(records[random() % records.size()], random);
    std::string mutated;
    for (const Json& record : records) absl::StrAppend(&mutated, DumpJson(record), "\n");
    const bool in_text = random() % 4 == 0;
    if (in_text) MutateText(mutated, random);
    if (in_text && mutated.find_first_not_of("\r\n\xef\xbb\xbf") == std::string::npos) continue;
    const Read read = ReadAs(mutated, format);
    if (!read.status.ok()) {
      ++refused;
      EXPECT_TRUE(absl::StartsWith(read.status.message(), "line ") ||
                  absl::StrContains(read.status.message(), "it holds no session"))
          << read.status;
      continue;
    }
    const std::set<std::string> kept = Words(Kept(read));
    std::set<std::string> asides = WordsOfAsides(mutated, read);
    if (format == Format::kGeminiCli) asides.merge(WordsSaidAgain(records));
    for (const std::string& word : Words(mutated)) {
      EXPECT_TRUE(kept.count(word) > 0 || asides.count(word) > 0)
          << name << " mutation " << i << " lost " << word;
    }
  }
  EXPECT_GT(refused, count / 20);
  EXPECT_LT(refused, count);
}

TEST(ClaudeCode, TellsBranchesAndAgentsApart) {
  const Read read = ReadFile("claude-code-2.jsonl");
  ASSERT_EQ(read.sessions.size(), 2U);
  const Transcript& abandoned = read.sessions[0];
  const Transcript& session = read.sessions[1];
  EXPECT_EQ(abandoned.session_id, session.session_id + "~1");
  EXPECT_THAT(Words(Kept({.sessions = {abandoned}})), Contains("final-word-4"));
  EXPECT_THAT(Words(Kept({.sessions = {session}})), testing::Not(Contains("final-word-4")));
  EXPECT_EQ(session.title, "Fixing the toy");
  EXPECT_EQ(session.turns[0].agent_id, "");
  EXPECT_EQ(abandoned.turns[3].agent_id, "sidechain-s1");
  EXPECT_EQ(abandoned.turns[5].agent_id, "sidechain-s1");
  EXPECT_EQ(session.turns[0].time_us, 1767323041000000);
}

TEST(ClaudeCode, ASubAgentsFileIsASessionOfItsOwn) {
  const Read read = ReadFile("claude-code-4.jsonl");
  ASSERT_EQ(read.sessions.size(), 1U);
  EXPECT_THAT(read.sessions[0].session_id, HasSubstr(".agent-"));
}

TEST(QwenCode, ARecordThatFollowsAnEarlierOneLeavesABranch) {
  const auto record = [](const char* id, const char* parent, const char* role) {
    return absl::StrFormat(
        R"({"uuid":"%s","parentUuid":"%s","sessionId":"s","type":"user","message":)"
        R"({"role":"%s","parts":[{"text":"says %s"}]}})"
        "\n",
        id, parent, role, id);
  };
  const Read read = ReadAs(absl::StrCat(record("a", "", "user"), record("b", "a", "model"),
                                        record("c", "b", "user"), record("d", "b", "user")),
                           Format::kQwenCode);
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.sessions.size(), 2U);
  EXPECT_EQ(read.sessions[0].session_id, "s~1");
  EXPECT_EQ(read.sessions[0].turns.size(), 3U);
  EXPECT_EQ(read.sessions[1].session_id, "s");
  ASSERT_EQ(read.sessions[1].turns.size(), 3U);
  EXPECT_EQ(read.sessions[1].turns[2].parts, std::vector<Part>{TextPart{"says d"}});
}

// Blocks of LangChain's own, in a message of this type.
std::vector<Part> LangChainParts(const std::string& type, const std::string& blocks,
                                 const std::string& more = "") {
  const Read read = ReadAs(
      absl::StrCat(R"([{"type":")", type, R"(","data":{"content":[)", blocks, "]", more, "}}]"),
      Format::kLangChain);
  EXPECT_TRUE(read.status.ok()) << read.status;
  if (read.sessions.size() != 1 || read.sessions[0].turns.size() != 1) return {};
  return read.sessions[0].turns[0].parts;
}

// What an API answers is a session of its own among others.
TEST(OpenAiChat, AnAnswerOfTheApiIsASession) {
  const Read read = ReadAs(R"([{"choices":[{"message":{"role":"assistant","content":"one"}}]},)"
                           R"({"messages":[{"role":"user","content":"two"}]}])",
                           Format::kOpenAiChat);
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.sessions.size(), 2U);
  EXPECT_EQ(read.sessions[0].turns.at(0).parts, std::vector<Part>{TextPart{"one"}});
  EXPECT_EQ(read.sessions[1].turns.at(0).parts, std::vector<Part>{TextPart{"two"}});
}

TEST(LangChain, FilesAndImagesAreDecodedAndTheRestIsKeptWhole) {
  EXPECT_EQ(LangChainParts("human", R"({"type":"file","mime_type":"application/pdf","base64":)"
                                    R"("JVBERg=="})"),
            (std::vector<Part>{DocumentPart{.media_type = "application/pdf", .data = "%PDF"}}));
  EXPECT_EQ(LangChainParts("human", R"({"type":"image","mime_type":"image/png","data":"UE5H"})"),
            (std::vector<Part>{ImagePart{"image/png", "PNG"}}));
  const std::string audio = R"({"type":"audio","mime_type":"audio/wav","base64":"UklGRg=="})";
  EXPECT_EQ(LangChainParts("human", audio),
            (std::vector<Part>{OpaquePart{"langchain.audio", audio}}));
  const std::string linked = R"({"type":"image","url":"https://x.y/a.png"})";
  EXPECT_EQ(LangChainParts("human", linked),
            (std::vector<Part>{OpaquePart{"langchain.image", linked}}));
}

TEST(LangChain, ACallThatStandsTwiceIsReadOnce) {
  const std::string block = R"({"type":"tool_use","id":"c","name":"ls","input":{}})";
  EXPECT_EQ(LangChainParts("ai", block, R"(,"tool_calls":[{"id":"c","name":"ls","args":{}}])"),
            (std::vector<Part>{ToolCallPart{"c", "ls", "{}"}}));
  EXPECT_EQ(LangChainParts("ai", block),
            (std::vector<Part>{OpaquePart{"langchain.tool_use", block}}));
}

TEST(LangChain, ThoughtsAreOfTheirProvider) {
  EXPECT_EQ(LangChainParts("ai", R"({"type":"thinking","thinking":"hm","index":0})"),
            (std::vector<Part>{
                OpaquePart{"anthropic.thinking", R"({"type":"thinking","thinking":"hm"})"}}));
  EXPECT_EQ(
      LangChainParts("ai", R"({"type":"reasoning","summary":[],"index":0})"),
      (std::vector<Part>{OpaquePart{"openai.reasoning", R"({"type":"reasoning","summary":[]})"}}));
}

TEST(Pi, AResultsTextIsTextAndWhatIsUnknownIsKept) {
  const Read read = ReadAs(
      R"({"type":"session","version":3,"id":"s","timestamp":"2026-01-01T00:00:00.000Z","cwd":"/"})"
      "\n"
      R"({"type":"message","id":"1","parentId":null,"timestamp":"2026-01-01T00:00:00.000Z",)"
      R"("message":{"role":"toolResult","toolCallId":"c","toolName":"bash","isError":false,)"
      R"("content":[{"type":"text","text":"out"},{"type":"odd","x":1},)"
      R"({"type":"text","text":"more","textSignature":"t"}]}})"
      "\n",
      Format::kPi);
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.sessions.size(), 1U);
  ASSERT_EQ(read.sessions[0].turns.size(), 1U);
  const auto& result = std::get<ToolResultPart>(read.sessions[0].turns[0].parts.at(0));
  EXPECT_THAT(result.content,
              ElementsAre(TextPart{"out"}, TextPart{R"({"type":"odd","x":1})"},
                          TextPart{R"({"type":"text","text":"more","textSignature":"t"})"}));
}

TEST(Codex, KeepsModelUsageAndCompaction) {
  const Read read = ReadFile("codex-3.jsonl");
  ASSERT_EQ(read.sessions.size(), 1U);
  const std::string kept = Kept(read);
  EXPECT_THAT(kept, HasSubstr(R"(\"model\":\"gpt-x\")"));
  EXPECT_THAT(kept, HasSubstr(R"(\"usage\":{\"input_tokens\":10)"));
  EXPECT_THAT(kept, HasSubstr("openai.compaction"));
  EXPECT_THAT(kept, HasSubstr(R"("phase":"final_answer")"));
  EXPECT_THAT(read.report.passed_over, Contains(Key("event_msg user_message")));
}

TEST(Strict, AnUnknownKeyIsAnErrorWithItsLine) {
  const std::string bytes = R"({"session_id":"a","turns":[{"role":"user","text":"hi","mood":1}]})";
  EXPECT_EQ(ReadAs("\n" + bytes, Format::kFovea, {.strict = true}).status.message(),
            "line 2: turns[0].mood: unknown");
  const Read read = ReadAs(bytes, Format::kFovea);
  EXPECT_THAT(read.report.unknown_keys, ElementsAre(std::pair("turns[].mood", 1U)));
  EXPECT_EQ(read.sessions[0].turns[0].attributes_json, R"({"mood":1})");
}

TEST(Errors, NameLineAndKey) {
  const auto error = [](const std::string& bytes, Format format) {
    return std::string(ReadAs(bytes, format).status.message());
  };
  EXPECT_EQ(
      error("{\"role\":\"user\",\"content\":\"a\"}\n{\"role\":\"user\"}\n", Format::kOpenAiChat),
      "line 2: content: it holds nothing");
  EXPECT_EQ(error(R"({"messages":[{"role":"user","body":"a"}]})", Format::kOpenAiChat),
            "line 1: messages[0].content: it holds nothing; unknown: body");
  EXPECT_EQ(error("{\"type\":\"user\",\"message\":{\"role\":\"user\"}}", Format::kClaudeCode),
            "line 1: message.content: it holds nothing");
  EXPECT_EQ(error("{\"sessionId\":\"a\",\"projectHash\":\"b\"}\n{\"id\":\"1\",\"type\":\"user\"}",
                  Format::kGeminiCli),
            "line 2: content: it holds nothing");
  EXPECT_EQ(error("", Format::kPi), "it holds no session");
  EXPECT_EQ(error("{}\n{", Format::kShareGpt), "line 1: conversations: must be a list");
}

TEST(Detect, SaysWhichKindsThereAre) {
  for (const char* bytes : {"", "[]", "{}", "not JSON", "[[[]]]", R"({"a":1})", "7"}) {
    const absl::StatusOr<Format> format = DetectFormat(bytes);
    ASSERT_FALSE(format.ok()) << bytes;
    EXPECT_THAT(std::string(format.status().message()),
                HasSubstr("claude-code (Claude Code), codex"));
    EXPECT_THAT(std::string(format.status().message()), HasSubstr("fovea (Fovea's own)"));
  }
}

// What a file of theirs may begin with, or hold alone, before the first message.
TEST(Detect, KnowsLinesThatAreNoMessages) {
  const std::vector<std::pair<Format, std::string>> lines = {
      {Format::kQwenCode, R"({"sessionId":"a","type":"system","systemPayload":{}})"},
      {Format::kQwenCode, R"({"sessionId":"a","type":"tool_result"})"},
      {Format::kQwenCode, R"({"sessionId":"a","type":"user","message":{"parts":[]}})"},
      {Format::kClaudeCode, R"({"sessionId":"a","type":"user","message":{"content":[]}})"},
      {Format::kClaudeCode, R"({"type":"file-history-snapshot","messageId":"a"})"},
      {Format::kClaudeCode, R"({"type":"summary","summary":"a","leafUuid":"b"})"},
      {Format::kGeminiCli, R"({"sessionId":"a","projectHash":"b"})"},
      {Format::kGeminiCli, R"({"$set":{}})"},
      {Format::kGeminiCli, R"({"$rewindTo":"a"})"},
      {Format::kCodex, R"({"timestamp":"t","type":"event_msg","payload":{}})"},
      {Format::kCodex, R"({"timestamp":"t","type":"turn_context","payload":{}})"},
      {Format::kCodex, R"({"record_type":"state"})"},
      {Format::kCodex, R"({"id":"a","timestamp":"t","instructions":null})"},
      {Format::kPi, R"({"type":"session","cwd":"/"})"}};
  for (const auto& [expected, line] : lines) {
    const absl::StatusOr<Format> format = DetectFormat(line);
    ASSERT_TRUE(format.ok()) << line << format.status();
    EXPECT_EQ(*format, expected) << line;
  }
  for (const char* line :
       {R"({"sessionId":"a","type":"system"})", R"({"type":"summary"})", R"({"type":"session"})",
        R"({"timestamp":"t","type":"other","payload":{}})", R"({"sessionId":"a"})",
        R"({"id":"a","timestamp":"t","instructions":null,"output":1})"}) {
    EXPECT_FALSE(DetectFormat(line).ok()) << line;
  }
}

TEST(Detect, ReadsNestedListsWithoutRecursion) {
  const std::string deep = std::string(900, '[') + std::string(900, ']');
  EXPECT_FALSE(DetectFormat(deep).ok());
  EXPECT_FALSE(DetectFormat(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace fovea::transcripts
