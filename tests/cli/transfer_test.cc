#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "cli/formats/json.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::HasSubstr;

constexpr char kHistory[] =
    R"({"session_id":"a","source":"s","turns":[{"role":"system","text":"be \ud83d"},)"
    R"({"role":"assistant","text":"","tool_calls":[{"id":"c","name":"ls","args":"{}"}],"k":1},)"
    R"({"role":"tool","tool_call_id":"c","is_error":true,"text":"x"}]})"
    "\n";

class Transfer : public testing::Test {
 protected:
  void SetUp() override {
    WriteText(folder_.Path("in.jsonl"), kHistory);
    ASSERT_EQ(RunCli(server_, {"import", folder_.Path("in.jsonl")}).exit_code, 0);
    ASSERT_EQ(RunCli(server_, {"pin", "a", "1-2"}).exit_code, 0);
  }

  FakeServer server_;
  TemporaryDirectory folder_;
};

TEST_F(Transfer, JsonLinesComeBackAsTheyWere) {
  const Ran ran = RunCli(server_, {"export", "a", "--format", "jsonl"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(DumpJson(ParseJson(ran.out).value()) + "\n", kHistory);
}

TEST_F(Transfer, RestoreBringsEverythingBack) {
  const std::string file = folder_.Path("a.export");
  ASSERT_EQ(RunCli(server_, {"export", "a", "--out", file}).exit_code, 0);
  // A conversation is its owner's alone.
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file).permissions(), perms::owner_read | perms::owner_write);
  const FakeSessions::Stored before = server_.sessions.stored["a"];
  EXPECT_EQ(RunCli(server_, {"restore", file}).exit_code, 1) << "the id is taken";
  ASSERT_EQ(RunCli(server_, {"delete", "a"}).exit_code, 0);
  const Ran ran = RunCli(server_, {"restore", file, "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ParseJson(ran.out).value()["last_seq"], 3);
  const FakeSessions::Stored& after = server_.sessions.stored["a"];
  ASSERT_EQ(after.turns.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(after.turns[i].SerializeAsString(), before.turns[i].SerializeAsString());
  }
  ASSERT_EQ(after.events.size(), 1U);
  EXPECT_EQ(after.events[0].SerializeAsString(), before.events[0].SerializeAsString());
}

TEST_F(Transfer, RestoreUnderAnotherName) {
  const std::string file = folder_.Path("a.export");
  ASSERT_EQ(RunCli(server_, {"export", "a", "--out", file, "--json"}).exit_code, 0);
  EXPECT_EQ(RunCli(server_, {"restore", file, "--id", "b"}).out, "b: 3 turns\n");
  EXPECT_EQ(server_.sessions.stored["b"].turns.size(), 3U);
}

TEST_F(Transfer, AFailedExportLeavesNoFile) {
  const std::string file = folder_.Path("none.export");
  EXPECT_EQ(RunCli(server_, {"export", "none", "--out", file}).exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_FALSE(std::filesystem::exists(file + ".new"));
}

// JSON may write the 64 MiB of a turn six times as long.
TEST_F(Transfer, RestoreReadsNoEndlessLine) {
  const Ran ran = RunCli(server_, {"restore", "/dev/zero"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("/dev/zero, line 1: is longer than 403701760 bytes"));
}

TEST_F(Transfer, RestoreReadsNoChunkOfCountlessValues) {
  std::string line = R"({"turn":{"parts":[{})";
  for (int i = 0; i < 4'000'000; ++i) line += ",{}";
  WriteText(folder_.Path("many"), line + "]}}");
  const Ran ran = RunCli(server_, {"restore", folder_.Path("many")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("JSON of more than 4000000 values"));
}

TEST_F(Transfer, RestoreNamesTheLineThatIsNoChunk) {
  const Ran ran = RunCli(server_, {"restore", folder_.Path("in.jsonl")});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("in.jsonl, line 1 is not of an export"));
  EXPECT_EQ(server_.sessions.stored.size(), 1U);
}

}  // namespace
}  // namespace fovea::cli
