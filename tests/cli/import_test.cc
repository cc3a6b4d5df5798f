#include "cli/verbs/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/formats/json.h"
#include "cli/verbs/import_target.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A session of `count` turns "0", "1", ...
std::string Line(const std::string& id, int count) {
  std::string line = R"({"session_id":")" + id + R"(","turns":[)";
  for (int i = 0; i < count; ++i) {
    line += (i > 0 ? "," : "") + (R"({"role":"user","text":")" + std::to_string(i) + "\"}");
  }
  return line + "]}\n";
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

class Import : public testing::Test {
 protected:
  std::string File(const std::string& text) {
    WriteText(folder_.Path("in.jsonl"), text);
    return folder_.Path("in.jsonl");
  }

  FakeServer server_;
  TemporaryDirectory folder_;
};

TEST_F(Import, PrintsSessionsInTheFilesOrder) {
  const Ran ran = RunCli(server_, {"import", File(Line("b", 2) + "\n" + Line("a", 3)), "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json json = ParseJson(ran.out).value();
  EXPECT_EQ(json["sessions"], Json({"b", "a"}));
  EXPECT_EQ(json["turns"], 5);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 3U);
  EXPECT_EQ(server_.sessions.stored["a"].turns[2].parts(0).text().text(), "2");
}

TEST_F(Import, ReadsGzip) {
  WriteGzip(folder_.Path("in.gz"), Line("a", 3));
  EXPECT_EQ(RunCli(server_, {"import", folder_.Path("in.gz")}).exit_code, 0);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 3U);
}

TEST_F(Import, AppendsInBatches) {
  ASSERT_EQ(RunCli(server_, {"import", File(Line("a", 600))}).exit_code, 0);
  EXPECT_THAT(server_.sessions.append_sizes, ElementsAre(256, 256, 88));
}

TEST_F(Import, BatchesAreBoundedInBytes) {
  const std::string big(5 << 20, 'x');
  std::string line = R"({"session_id":"a","turns":[)";
  for (int i = 0; i < 3; ++i)
    line += (i > 0 ? "," : "") + (R"({"role":"user","text":")" + big + "\"}");
  ASSERT_EQ(RunCli(server_, {"import", File(line + "]}")}).exit_code, 0);
  EXPECT_THAT(server_.sessions.append_sizes, ElementsAre(1, 1, 1));
}

TEST_F(Import, TurnByTurnWithAcknowledgements) {
  const Ran ran =
      RunCli(server_, {"import", File(Line("a", 3)), "--turn-by-turn", "--acks", "--json"});
  EXPECT_THAT(server_.sessions.append_sizes, ElementsAre(1, 1, 1));
  const std::vector<std::string> lines = Lines(ran.out);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], R"({"session":"a","first_seq":1,"last_seq":1})");
  EXPECT_EQ(lines[2], R"({"session":"a","first_seq":3,"last_seq":3})");
  EXPECT_EQ(ParseJson(lines[3]).value()["sessions"], Json({"a"}));
}

TEST_F(Import, TakenIdsGetASuffix) {
  const std::string file = File(Line("a", 1) + Line("a", 2) + Line("a-2", 3));
  const Ran first = RunCli(server_, {"import", file, "--json"});
  EXPECT_EQ(ParseJson(first.out).value()["sessions"], Json({"a", "a-2", "a-2-2"}));
  EXPECT_EQ(server_.sessions.stored["a-2"].turns.size(), 2U);
  // Importing twice adds nothing.
  const Ran second = RunCli(server_, {"import", file, "--json"});
  EXPECT_EQ(ParseJson(second.out).value()["sessions"], Json({"a", "a-2", "a-2-2"}));
  EXPECT_EQ(ParseJson(second.out).value()["turns"], 0);
  EXPECT_EQ(server_.sessions.stored.size(), 3U);
  // Another session of the same id is a copy.
  const std::string other = R"({"session_id":"a","turns":[{"role":"user","text":"x"}]})";
  const Ran third = RunCli(server_, {"import", File(other), "--json"});
  EXPECT_EQ(ParseJson(third.out).value()["imported"][0]["renamed"], true);
  EXPECT_THAT(RunCli(server_, {"import", File(other)}).out,
              HasSubstr("a-3  1 turns of fovea, 1 of them there already  (in the file: \"a\")"));
}

TEST_F(Import, ASessionThatGrowsGetsWhatIsNew) {
  ASSERT_EQ(RunCli(server_, {"import", File(Line("a", 3))}).exit_code, 0);
  const Ran more = RunCli(server_, {"import", File(Line("a", 5)), "--json"});
  EXPECT_EQ(ParseJson(more.out).value()["turns"], 2);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 5U);
  EXPECT_EQ(server_.sessions.stored.size(), 1U);
}

TEST_F(Import, TellsTheFormatAndWhatItFound) {
  const std::string file = folder_.Path("chat.json");
  WriteText(file, R"([{"role":"user","content":"hi","mood":"good"},
                      {"role":"assistant","content":"hello"}])");
  const Ran ran = RunCli(server_, {"import", file});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("chat-1  2 turns of openai-chat"));
  EXPECT_THAT(ran.out, HasSubstr("unknown keys, kept in attributes: [].mood (chat, line 1)"));
  EXPECT_EQ(server_.sessions.stored["chat-1"].turns[0].attributes_json(), R"({"mood":"good"})");
  const Ran strict = RunCli(server_, {"import", file, "--strict"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_THAT(strict.err, HasSubstr("line 1: [0].mood: unknown"));
}

TEST_F(Import, ADryRunAppendsNothing) {
  const Ran ran = RunCli(server_, {"import", File(Line("a", 3)), "--dry-run", "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ParseJson(ran.out).value()["imported"][0]["turns"], 3);
  EXPECT_TRUE(server_.sessions.stored.empty());
}

TEST_F(Import, ReadsAFolder) {
  std::filesystem::create_directories(folder_.Path("deep/er"));
  WriteText(folder_.Path("deep/one.jsonl"), Line("one", 1));
  WriteText(folder_.Path("deep/er/two.jsonl"), Line("two", 2));
  WriteText(folder_.Path("deep/settings.json"), R"({"theme":"dark"})");
  WriteText(folder_.Path("deep/notes.txt"), "no session");
  const Ran ran = RunCli(server_, {"import", folder_.Path("deep")});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(server_.sessions.stored.size(), 2U);
  EXPECT_EQ(server_.sessions.stored["two"].turns.size(), 2U);
  EXPECT_THAT(ran.out, HasSubstr("1 files of no known kind, such as"));
}

// One bad file among many keeps none of the others from being imported.
TEST_F(Import, AFolderGoesOnBehindAFileThatCannotBeRead) {
  std::filesystem::create_directories(folder_.Path("mixed"));
  WriteText(folder_.Path("mixed/a.jsonl"), R"({"turns":[{"role":"user","body":"x"}]})");
  WriteText(folder_.Path("mixed/b.jsonl"), Line("b", 2));
  WriteText(folder_.Path("mixed/c.jsonl"), Line("c", 1) + R"({"session_id":"d","tur)");
  WriteText(folder_.Path("mixed/e.jsonl"), Line("e", 3));
  std::filesystem::create_directory_symlink("..", folder_.Path("mixed/loop"));
  std::filesystem::create_symlink("self.jsonl", folder_.Path("mixed/self.jsonl"));
  const Ran ran = RunCli(server_, {"import", folder_.Path("mixed")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("a.jsonl, line 1: turns[0].text: it holds nothing"));
  EXPECT_THAT(ran.err, HasSubstr("and 1 more files were not read whole"));
  EXPECT_THAT(ran.out, HasSubstr("not read whole: "));
  EXPECT_THAT(ran.out, HasSubstr("c.jsonl, line 2: is cut off in the middle"));
  EXPECT_EQ(server_.sessions.stored.size(), 3U);
  EXPECT_EQ(server_.sessions.stored["e"].turns.size(), 3U);
  const Ran again = RunCli(server_, {"import", folder_.Path("mixed"), "--json"});
  EXPECT_EQ(again.exit_code, 1);
  const Json json = ParseJson(again.out).value();
  EXPECT_EQ(json["problems"].size(), 2U);
  EXPECT_EQ(json["turns"], 0);
  EXPECT_THAT(json["error"]["message"].get<std::string>(), HasSubstr("a.jsonl, line 1"));
}

// The agent was killed while it wrote.
TEST_F(Import, ALineThatIsCutOffIsAnErrorAndTheLinesBeforeItAreImported) {
  const std::string whole = R"({"role":"user","content":"one"})"
                            "\n"
                            R"({"role":"assistant","content":"two"})"
                            "\n";
  const Ran ran = RunCli(server_, {"import", File(whole + R"({"role":"user","con)")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("in.jsonl, line 3: is cut off in the middle"));
  EXPECT_EQ(server_.sessions.stored["in-1"].turns.size(), 2U);
  // It went on: what is new comes, and nothing twice.
  const Ran more = RunCli(server_, {"import", File(whole + R"({"role":"user","content":"x"})")});
  EXPECT_EQ(more.exit_code, 0) << more.err;
  EXPECT_EQ(server_.sessions.stored["in-1"].turns.size(), 3U);
}

// What unpacks without an end is refused, in a folder too.
TEST_F(Import, AnEndlessLineIsNotRead) {
  const Ran ran = RunCli(server_, {"import", "/dev/zero"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("/dev/zero: line 1: is longer than 268435456 bytes"));
}

TEST_F(Import, ANumberTooLargeIsNamed) {
  const Ran ran = RunCli(server_, {"import", File(R"({"role":"user","content":"a","n":1e999})")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("line 1: JSON with a number too large for a double"));
}

TEST_F(Import, AFileOfNoKnownKindIsAnErrorThatSaysWhichThereAre) {
  const Ran ran = RunCli(server_, {"import", File(R"({"theme":"dark"})")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("claude-code (Claude Code), codex (Codex rollouts)"));
  const Ran forced = RunCli(server_, {"import", File(R"({"theme":"dark"})"), "--format", "pi"});
  EXPECT_EQ(forced.exit_code, 1);
  EXPECT_THAT(forced.err, HasSubstr("line 1: type: is missing"));
  EXPECT_EQ(RunCli(server_, {"import", File(Line("a", 1)), "--format", "pj"}).exit_code, 2);
}

// Nothing is made blank: the text is read, or the file refused with the key's name.
TEST_F(Import, ReadsContentAndRefusals) {
  const std::string line = R"({"session_id":"c","turns":[{"role":"user","content":"hello"},)"
                           R"({"role":"assistant","text":null,"refusal":"I cannot."}]})";
  ASSERT_EQ(RunCli(server_, {"import", File(line)}).exit_code, 0);
  EXPECT_EQ(server_.sessions.stored["c"].turns[0].parts(0).text().text(), "hello");
  EXPECT_EQ(server_.sessions.stored["c"].turns[1].parts(0).refusal().text(), "I cannot.");
  const Ran ran =
      RunCli(server_, {"import", File(R"({"turns":[{"role":"user","body":"hello"}]})")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("line 1: turns[0].text: it holds nothing; unknown: body"));
}

TEST_F(Import, ResumesAfterACrash) {
  const std::string file = File(Line("a", 600) + Line("a", 300));
  server_.sessions.appends_until_down = 2;
  EXPECT_EQ(RunCli(server_, {"import", file}).exit_code, 1);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 512U);
  server_.sessions.appends_until_down = -1;
  const Ran ran = RunCli(server_, {"import", file, "--resume", "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json json = ParseJson(ran.out).value();
  EXPECT_EQ(json["sessions"], Json({"a", "a-2"}));
  EXPECT_EQ(json["imported"][0]["already_there"], 512);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 600U);
  EXPECT_EQ(server_.sessions.stored["a"].turns[599].parts(0).text().text(), "599");
  EXPECT_EQ(server_.sessions.stored["a-2"].turns.size(), 300U);

  const Ran again = RunCli(server_, {"import", file, "--resume", "--json"});
  EXPECT_EQ(ParseJson(again.out).value()["turns"], 0);
  EXPECT_EQ(server_.sessions.stored.size(), 2U);
}

TEST_F(Import, StagesGoOnWhereTheLastOneStopped) {
  const std::string file = File(Line("a", 10));
  for (const char* until : {"4", "7", "7", "2"}) {
    ASSERT_EQ(RunCli(server_, {"import", file, "--resume", "--until", until}).exit_code, 0);
  }
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 7U);
  ASSERT_EQ(RunCli(server_, {"import", file, "--resume"}).exit_code, 0);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 10U);
  EXPECT_THAT(server_.sessions.append_sizes, ElementsAre(4, 3, 3));
}

TEST_F(Import, ResumeRefusesAnotherHistory) {
  ASSERT_EQ(RunCli(server_, {"import", File(Line("a", 3))}).exit_code, 0);
  const std::string other =
      R"({"session_id":"a","turns":[{"role":"user","text":"0"},{"role":"user","text":"other"}]})";
  const Ran ran = RunCli(server_, {"import", File(other), "--resume"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("FAILED_PRECONDITION: session a is there but"));
  // The server may have more than the file.
  const Ran shorter = RunCli(server_, {"import", File(Line("a", 2)), "--resume"});
  EXPECT_EQ(shorter.exit_code, 0);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 3U);
}

TEST_F(Import, TriesAgainWhenTheServerIsBusy) {
  server_.sessions.refuse_appends = 2;
  EXPECT_EQ(RunCli(server_, {"import", File(Line("a", 3))}).exit_code, 0);
  EXPECT_EQ(server_.sessions.stored["a"].turns.size(), 3U);
}

TEST_F(Import, ErrorsNameFileAndLine) {
  const std::string file = File(Line("a", 1) + "{}\n");
  const Ran ran = RunCli(server_, {"import", file, "--json"});
  EXPECT_EQ(ran.exit_code, 1);
  const std::string message = file + ", line 2: turns: must be a list";
  EXPECT_EQ(ran.err, "fovea: INVALID_ARGUMENT: " + message + "\n");
  EXPECT_EQ(ParseJson(ran.out).value()["error"]["message"], message);
}

TEST_F(Import, SendsTheToken) {
  WriteText(folder_.Path("token"), "secret\n");
  EXPECT_EQ(RunCli(server_, {"import", File(Line("a", 1)), "--token-file", folder_.Path("token")})
                .exit_code,
            0);
  EXPECT_THAT(server_.sessions.tokens, ElementsAre("Bearer secret"));
}

TEST_F(Import, SessionsWithoutIdAreNamedAfterTheFile) {
  const Ran ran = RunCli(server_, {"import", File("\n{\"turns\":[]}"), "--json"});
  EXPECT_EQ(ParseJson(ran.out).value()["sessions"], Json({"in-2"})) << ran.err;
}

TEST(UsableSessionId, IsPrintableAsciiOfBoundedLength) {
  EXPECT_EQ(UsableSessionId("ar:Super_Bowl_50"), "ar:Super_Bowl_50");
  EXPECT_EQ(UsableSessionId("a b\xc3\xbc"), "a%20b%C3%BC");
  const std::string one = UsableSessionId(std::string(300, 'x') + "1");
  const std::string two = UsableSessionId(std::string(300, 'x') + "2");
  EXPECT_NE(one, two);
  EXPECT_LE(one.size(), 190U);
}

}  // namespace
}  // namespace fovea::cli
