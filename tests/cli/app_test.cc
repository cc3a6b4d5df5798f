#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/default_address.h"
#include "cli/formats/json.h"
#include "cli/formats/suggest.h"
#include "cli/numbers.h"
#include "cli/verb.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class App : public testing::Test {
 protected:
  void SetUp() override {
    WriteText(folder_.Path("in.jsonl"),
              R"({"session_id":"a","turns":[{"role":"user","text":"one\u0000\n two"},)"
              R"({"role":"tool","text":{"base64":"/2E="}}]})"
              "\n"
              R"({"session_id":"b","turns":[]})");
    ASSERT_EQ(RunCli(server_, {"import", folder_.Path("in.jsonl")}).exit_code, 0);
  }

  FakeServer server_;
  TemporaryDirectory folder_;
};

// What CLI11 by itself would take for 616, for no limit, or for 16.
TEST_F(App, NumbersAreDecimalAndInTheirRange) {
  for (const char* bytes :
       {"-18446744073709551000", "-1", "0", "18446744073709551617", "18446744073709551615", "0x10",
        "1e3", "-5G", "17179869184G", "G", "", "5 G", "1.5G", "+1"}) {
    const Ran ran = RunCli(server_, {"retain", absl::StrCat("--max-bytes=", bytes), "--dry-run"});
    EXPECT_EQ(ran.exit_code, 2) << bytes;
    EXPECT_THAT(ran.err, HasSubstr("--max-bytes")) << bytes;
  }
  const std::vector<std::vector<std::string>> wrong = {{"retain", "--max-idle-days=nan"},
                                                       {"retain", "--max-idle-days=0x10"},
                                                       {"retain", "--max-idle-days=20001"},
                                                       {"turn", "a", "1", "--offset=-1"},
                                                       {"turn", "a", "1", "--length=0x2"},
                                                       {"turn", "a", "+1"},
                                                       {"search", "a", "x", "--limit=0x10"},
                                                       {"search", "a", "x", "--limit=-1"},
                                                       {"diff", "a", "-1", "2"},
                                                       {"diff", "a", "0x1", "2"},
                                                       {"calibrate", "--reader=x", "--seed=-1"},
                                                       {"--timeout=nan", "sessions"}};
  for (const std::vector<std::string>& arguments : wrong) {
    EXPECT_EQ(RunCli(server_, arguments).exit_code, 2) << arguments.back();
  }
  EXPECT_EQ(RunCli(server_, {"search", "a", "two", "--limit=010"}).exit_code, 0);
  EXPECT_EQ(ParseWhole("010", 1, 10), 10U) << "no octal number";
  EXPECT_EQ(ParseBytes("10G", 1, INT64_MAX), uint64_t{10} << 30);
  EXPECT_EQ(ParseBytes("2k", 1, INT64_MAX), 2048U);
  EXPECT_EQ(ParseDecimal("0.5", 0, 1), 0.5);
}

TEST_F(App, AnEmptyTokenFileHoldsNoToken) {
  WriteText(folder_.Path("token"), "\n");
  const Ran ran = RunCli(server_, {"sessions", "--token-file", folder_.Path("token")});
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("holds no token"));
}

struct Case {
  std::string name;
  std::vector<std::string> arguments;
  int exit_code;
  std::string out;  // what standard output has in it
  std::string err;  // what standard error has in it
};

class AppTable : public App, public testing::WithParamInterface<Case> {};

TEST_P(AppTable, Runs) {
  server_.contexts.readers.add_readers()->set_name("claude");
  server_.contexts.explained.set_reason("it is new");
  server_.contexts.diff.add_moves()->set_to_rung("soft");
  server_.admin.verified.add_problems("turn 7 does not decode");
  const Ran ran = RunCli(server_, GetParam().arguments);
  EXPECT_EQ(ran.exit_code, GetParam().exit_code) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(GetParam().out));
  EXPECT_THAT(ran.err, HasSubstr(GetParam().err));
  EXPECT_EQ(ran.err.empty(), GetParam().err.empty()) << ran.err;
}

// With --json, standard output is JSON whatever happens.
TEST_P(AppTable, SpeaksJson) {
  std::vector<std::string> arguments = GetParam().arguments;
  arguments.emplace_back("--json");
  const Ran ran = RunCli(server_, arguments);
  const bool help = arguments[0] == "--version" ||
                    std::find(arguments.begin(), arguments.end(), "--help") != arguments.end();
  const bool text = arguments[0] == "export";
  if (!help && !text) {
    EXPECT_TRUE(ParseJson(ran.out).ok()) << ran.out;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, AppTable,
    testing::Values(
        Case{"Help", {"--help"}, 0, "Optical memory for LLM agents", ""},
        Case{"Version", {"--version"}, 0, "fovea ", ""},
        Case{"NoVerb", {"--token-file", "x"}, 2, "", "A subcommand is required"},
        Case{"UnknownVerb", {"frobnicate"}, 2, "", "fovea: "},
        Case{"UnknownFlag", {"sessions", "--frob"}, 2, "", "--frob"},
        Case{"MissingSession", {"tiers"}, 2, "", "session is required"},
        Case{"BadBudget", {"tiers", "a", "--budget", "-5"}, 2, "", "--budget"},
        Case{"BadPolicy", {"tiers", "a", "--policy", "x=1"}, 2, "", "tail_high_permille"},
        Case{"BadPolicyFlag",
             {"tiers", "a", "--policy", "forbid_drawn_results=perhaps"},
             2,
             "",
             "forbid_drawn_results"},
        Case{"BadPolicyNumber", {"tiers", "a", "--policy", "entry_rung=x"}, 2, "", "entry_rung"},
        Case{"BudgetInThousands", {"tiers", "a", "--budget", "64q"}, 2, "", "64q is no number of"},
        Case{"MisspeltVerb", {"teirs", "a"}, 2, "", "did you mean tiers?"},
        Case{"MisspeltSession", {"turn", "aa", "#1"}, 1, "", "did you mean a?"},
        Case{"HashTurn", {"turn", "a", "#1"}, 0, "", ""},
        Case{"VerbHelp", {"turn", "--help"}, 0, "--json prints JSON for scripts", ""},
        Case{"FormatsByName", {"context", "--help"}, 0, "{anthropic,deepseek,gemini,native", ""},
        Case{"BadFormat", {"context", "a", "--out", "x", "--format", "pdf"}, 2, "", "--format"},
        Case{"BadRange", {"pin", "a", "3-2"}, 2, "", "neither A nor A-B"},
        Case{"BadLimit", {"search", "a", "x", "--limit", "900"}, 2, "", "--limit"},
        Case{"Sessions", {"sessions"}, 0, "b", ""},
        Case{"Tiers", {"tiers", "a"}, 0, "a as claude sees it", ""},
        Case{"TurnNotThere", {"turn", "a", "9"}, 1, "", "OUT_OF_RANGE: no such turn"},
        Case{"SessionNotThere", {"turn", "none", "1"}, 1, "", "NOT_FOUND: no such session"},
        Case{"Search", {"search", "a", "two"}, 0, "#1     user      @0       one\\x00  two", ""},
        Case{"SearchNothing", {"search", "a", "zebra"}, 0, "", "nothing found"},
        Case{"Why", {"why", "a", "1"}, 0, "it is new", ""},
        Case{"Diff", {"diff", "a", "1", "2"}, 0, "→ soft", ""},
        Case{"Pin", {"pin", "a", "#1-#2"}, 0, "pinned turns 1 to 2", ""},
        Case{"UnpinNotServed", {"unpin", "a", "1"}, 1, "", "UNIMPLEMENTED"},
        Case{"Fork", {"fork", "a", "--at", "1", "--id", "f"}, 0, "f\n", ""},
        Case{"Export", {"export", "b"}, 0, "formatVersion", ""},
        Case{"Delete", {"delete", "a"}, 0, "deleted a: 2 turns", ""},
        Case{"Readers", {"readers"}, 0, "claude", ""},
        Case{"Reader", {"readers", "claude"}, 0, "legible", ""},
        Case{"ReaderShown", {"readers", "show", "claude"}, 0, "legible", ""},
        Case{"ReadersUsage", {"readers", "count"}, 2, "", "count NAME (--image WxH"},
        Case{"CountNothing", {"readers", "count", "claude"}, 2, "", "--image WxH or --text FILE"},
        Case{"CountBadSize", {"readers", "count", "claude", "--image", "9"}, 1, "", "1092x1092"},
        Case{"CountImage",
             {"readers", "count", "claude", "--image", "10x20"},
             0,
             "200 tokens, exact\n",
             ""},
        Case{"CountWideImage",
             {"readers", "count", "claude", "--image", "2000x20"},
             0,
             "40,000 tokens, exact; the reader sees 1000×20 pixels of it\n",
             ""},
        Case{"NoSuchReader", {"readers", "nobody"}, 1, "", "NOT_FOUND: no reader nobody"},
        Case{"Stats", {"stats"}, 0, "1,234,567 turns", ""},
        Case{"DropPages", {"drop-pages"}, 0, "dropped 7 pages", ""},
        Case{"VerifyFindsProblems", {"verify"}, 1, "turn 7 does not decode", "DATA_LOSS"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(App, ATurnIsItsExactBytes) {
  EXPECT_EQ(RunCli(server_, {"turn", "a", "1"}).out, std::string("one\0\n two", 9));
  EXPECT_EQ(RunCli(server_, {"turn", "a", "2"}).out,
            "\xff"
            "a");
  EXPECT_EQ(RunCli(server_, {"turn", "a", "1", "--offset", "1", "--length", "2"}).out, "ne");
}

TEST_F(App, ATurnAsJsonHasAllItsParts) {
  const Json json = ParseJson(RunCli(server_, {"turn", "a", "2", "--json"}).out).value();
  EXPECT_EQ(json["role"], "tool");
  EXPECT_EQ(json["text"]["base64"], "/2E=");
  EXPECT_EQ(json["turn"]["parts"][0]["tool_result"]["content"][0]["text"]["text"]["base64"],
            "/2E=");
}

TEST_F(App, SessionsReadsAllPages) {
  const Json json = ParseJson(RunCli(server_, {"sessions", "--json"}).out).value();
  ASSERT_EQ(json["sessions"].size(), 2U);
  EXPECT_EQ(json["sessions"][1]["session_id"], "b");
}

TEST_F(App, SessionsAreALineEach) {
  v1::Session& session = server_.sessions.stored["a"].session;
  session.set_last_seq(2);
  session.set_title("two\nlines");
  session.set_text_bytes(1234);
  session.set_updated_us(1'700'000'000'000'000);
  EXPECT_EQ(RunCli(server_, {"sessions"}).out,
            "a         2 turns         1,234 bytes  2023-11-14 22:13  two lines\n"
            "b         0 turns             0 bytes    \n");
}

TEST_F(App, ViewsSayWhatTheyAreLookedAtWith) {
  EXPECT_THAT(RunCli(server_, {"views"}).out, HasSubstr("no views in use"));
  v1::ListViewsResponse::Entry& entry = *server_.contexts.views.add_entries();
  entry.mutable_view()->set_session_id("a");
  entry.mutable_view()->set_reader("claude");
  entry.mutable_view()->set_token_budget(64'000);
  entry.set_last_seq(7);
  entry.set_epoch(2);
  entry.set_tokens(1234);
  entry.set_used_us(1'700'000'000'000'000);
  EXPECT_EQ(RunCli(server_, {"views"}).out,
            "a  claude  64,000 tokens\n  turn 7, epoch 2, 1,234 tokens, 2023-11-14 22:13\n");
  entry.set_tokens(0);
  entry.mutable_view()->set_as_of_seq(5);
  entry.mutable_view()->mutable_policy()->set_name(v1::POLICY_NAME_FRUGAL);
  entry.mutable_view()->mutable_policy()->set_entry_rung(1);
  entry.mutable_view()->mutable_policy()->set_forbid_drawn_results(true);
  EXPECT_EQ(RunCli(server_, {"views", "a"}).out,
            "claude  64,000 tokens\n  turn 7, epoch 2, over its budget, 2023-11-14 22:13, a look "
            "back, policy frugal, entry_rung=1, forbid_drawn_results=true\n");
}

TEST_F(App, LadderWritesItsImages) {
  v1::DrawLadderResponse::Page& page = *server_.contexts.ladder.add_pages();
  page.set_rung("sharp");
  page.set_png("PNG");
  server_.contexts.ladder.set_contact_sheet_png("SHEET");
  const Ran ran = RunCli(server_, {"ladder", "a", "--out", folder_.Path("out"), "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ReadText(folder_.Path("out/01-sharp.png")), "PNG");
  EXPECT_EQ(ReadText(folder_.Path("out/contact-sheet.png")), "SHEET");
  EXPECT_EQ(ParseJson(ran.out).value()["pages"][0]["file"], "01-sharp.png");
}

TEST_F(App, PageWritesThePagesOfATurn) {
  server_.contexts.explained.add_page_ids("p1");
  server_.contexts.pages["p1"] = "PNG";
  const Ran ran =
      RunCli(server_, {"page", "a", "#1", "--budget", "64k", "--out", folder_.Path("one.png")});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ReadText(folder_.Path("one.png")), "PNG");
  server_.contexts.explained.clear_page_ids();
  server_.contexts.explained.set_rung("verbatim");
  const Ran none = RunCli(server_, {"page", "a", "1"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("turn 1 is on no page of this view: it is verbatim"));
}

TEST_F(App, DiffTakesTwoTurns) {
  const Ran ran = RunCli(server_, {"diff", "a", "--at", "#1", "--at", "2"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("tokens"));
  EXPECT_EQ(RunCli(server_, {"diff", "a", "--at", "2", "--at", "1"}).exit_code, 1);
  EXPECT_EQ(RunCli(server_, {"diff", "a", "--at", "x", "--at", "1"}).exit_code, 1);
}

TEST_F(App, AnEmptyListSaysSo) {
  server_.sessions.stored.clear();
  EXPECT_THAT(RunCli(server_, {"sessions"}).out, HasSubstr("no sessions"));
}

TEST(AppOnATerminal, StoredTextKeepsItsHandsOffTheTerminal) {
  EXPECT_EQ(Visible("a\x1b]0;title\x07\tb\r\nc\xc2\x9b\xff\xc3\xbc"),
            "a\\x1b]0;title\\x07\tb\nc\\xc2\\x9b\\xff\xc3\xbc");
}

TEST(ParseTokens, KnowsThousandsAndMillions) {
  const auto tokens = [](const std::string& text) {
    int64_t parsed = -1;
    return ParseTokens(text, &parsed) ? parsed : -1;
  };
  EXPECT_EQ(tokens("64000"), 64'000);
  EXPECT_EQ(tokens("64k"), 64'000);
  EXPECT_EQ(tokens("1.5M"), 1'500'000);
  EXPECT_EQ(tokens("64,000"), 64'000);
  for (const char* text : {"", "k", "-1", "0", "64q", "1e5", "0x10", "999999999999m", "1.2.3"}) {
    EXPECT_EQ(tokens(text), -1) << text;
  }
}

TEST(Nearest, IsNearOrNothing) {
  EXPECT_EQ(Nearest("improt", {"export", "import", "tiers"}), "import");
  EXPECT_EQ(Nearest("frobnicate", {"export", "import"}), "");
  EXPECT_EQ(Nearest("b", {"a"}), "a");
  EXPECT_EQ(Nearest("x", {}), "");
}

TEST(AppWithoutServer, SaysWhereItLooked) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{.out = out, .err = err};
  EXPECT_EQ(RunFovea({"sessions", "--server", "unix:/nonexistent/s"}, console), 1);
  EXPECT_THAT(err.str(),
              StartsWith("fovea: UNAVAILABLE: no fovead answers at unix:/nonexistent/s"));
}

TEST(DefaultServerAddress, IsOneForEachUser) {
  EXPECT_THAT(DefaultServerAddress(), StartsWith("unix:/"));
  EXPECT_THAT(DefaultServerAddress(), HasSubstr("/fovea-"));
}

// A server's words name no file outside of the folder.
TEST_F(App, ARungsNameStaysInItsFolder) {
  v1::DrawLadderResponse::Page& page = *server_.contexts.ladder.add_pages();
  page.set_rung("/../../up");
  page.set_png("PNG");
  server_.contexts.ladder.set_contact_sheet_png("SHEET");
  std::filesystem::create_directories(folder_.Path("in/01-"));
  ASSERT_EQ(RunCli(server_, {"ladder", "a", "--out", folder_.Path("in")}).exit_code, 0);
  EXPECT_EQ(ReadText(folder_.Path("in/01-_.._.._up.png")), "PNG");
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("up.png")));
}

}  // namespace
}  // namespace fovea::cli
