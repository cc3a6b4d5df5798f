"""What the agent of the example writes, in the order in which it writes it."""

GREP_HEADER = """\
// Finds the lines of a session's exact text that match a regular expression.
#ifndef FOVEA_CLI_GREP_H_
#define FOVEA_CLI_GREP_H_

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "fovea/v1/turn.pb.h"

namespace fovea::cli {

struct GrepMatch {
  uint64_t seq = 0;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  uint64_t line = 0;  // within the turn's text, from 1
  std::string text;   // the line without its newline
};

// A compiled pattern. Thread-safe.
class Grep {
 public:
  // INVALID_ARGUMENT if RE2 does not take the pattern; the message says why.
  static absl::StatusOr<std::unique_ptr<Grep>> Create(std::string_view pattern, bool ignore_case);

  // Appends the turn's matching lines, top to bottom.
  void Search(const v1::Turn& turn, std::vector<GrepMatch>& matches) const;

 private:
  explicit Grep(std::unique_ptr<re2::RE2> pattern) : pattern_(std::move(pattern)) {}

  const std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_GREP_H_
"""

# The first version does not compile on Debian 12: Abseil has a string_view of its own there.
GREP_SOURCE = """\
#include "cli/grep.h"

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace fovea::cli {
namespace {

std::string TextOf(const v1::Turn& turn) {
  std::string text;
  for (const v1::Part& part : turn.parts()) {
    text += part.text().text();
    for (const v1::ToolResultContent& item : part.tool_result().content()) {
      text += item.text().text();
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Grep>> Grep::Create(std::string_view pattern, bool ignore_case) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  auto compiled = std::make_unique<re2::RE2>(pattern, options);
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(absl::StrCat("pattern ", pattern, ": ", compiled->error()));
  }
  return absl::WrapUnique(new Grep(std::move(compiled)));
}

void Grep::Search(const v1::Turn& turn, std::vector<GrepMatch>& matches) const {
  const std::string text = TextOf(turn);
  uint64_t number = 0;
  size_t at = 0;
  for (size_t end = 0; (end = text.find('\\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    if (re2::RE2::PartialMatch(line, *pattern_)) {
      matches.push_back({turn.seq(), turn.role(), number, line});
    }
    ++number;
  }
}

}  // namespace fovea::cli
"""

GREP_TEST = """\
#include "cli/grep.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fovea::cli {
namespace {

v1::Turn TurnOf(const std::string& text) {
  v1::Turn turn;
  turn.set_seq(57);
  turn.set_role(v1::ROLE_TOOL);
  turn.add_parts()->mutable_tool_result()->add_content()->mutable_text()->set_text(text);
  return turn;
}

// The lines that match, as "NUMBER:TEXT".
std::vector<std::string> Lines(const std::string& pattern, const std::string& text,
                               bool ignore_case = false) {
  const auto grep = Grep::Create(pattern, ignore_case);
  EXPECT_TRUE(grep.ok()) << grep.status();
  std::vector<GrepMatch> matches;
  (*grep)->Search(TurnOf(text), matches);
  std::vector<std::string> lines;
  for (const GrepMatch& match : matches) {
    EXPECT_EQ(match.seq, 57U);
    lines.push_back(std::to_string(match.line) + ":" + match.text);
  }
  return lines;
}

using Expected = std::vector<std::string>;

TEST(Grep, FindsLinesAndNumbersThemFromOne) {
  EXPECT_EQ(Lines("b+", "abc\\nxyz\\nbb"), (Expected{"1:abc", "3:bb"}));
}

TEST(Grep, LastLineNeedsNoNewline) {
  EXPECT_EQ(Lines("end$", "x\\nthe end"), (Expected{"2:the end"}));
  EXPECT_EQ(Lines("end$", "x\\nthe end\\n"), (Expected{"2:the end"}));
}

TEST(Grep, CaseCounts) {
  EXPECT_EQ(Lines("error", "Error"), Expected{});
  EXPECT_EQ(Lines("error", "Error", true), (Expected{"1:Error"}));
}

TEST(Grep, CarriageReturnIsNoPartOfALine) {
  EXPECT_EQ(Lines("end$", "the end\\r\\nx"), (Expected{"1:the end"}));
}

TEST(Grep, EmptyLinesCanMatch) {
  EXPECT_EQ(Lines("^$", "a\\n\\nb"), (Expected{"2:"}));
  EXPECT_EQ(Lines("^$", ""), Expected{});
}

// A shell prints anything, and a history may hold half of a surrogate pair.
TEST(Grep, BytesThatAreNoTextAreSearchedToo) {
  EXPECT_EQ(Lines("sum=.*42", "sum=\\xff\\xfe 42"), (Expected{"1:sum=\\xff\\xfe 42"}));
  EXPECT_EQ(Lines("a.+b", "a\\xed\\xa0\\xbd" "b"), (Expected{"1:a\\xed\\xa0\\xbd" "b"}));
}

TEST(Grep, CharactersAreWhole) {
  EXPECT_EQ(Lines("^gr.n$", "gr\\u00fcn"), (Expected{"1:gr\\u00fcn"}));
  EXPECT_EQ(Lines("^\\u4f60.$", "\\u4f60\\u597d"), (Expected{"1:\\u4f60\\u597d"}));
}

TEST(Grep, RefusesWhatIsNoPattern) {
  const auto grep = Grep::Create("a(b", false);
  EXPECT_EQ(grep.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(grep.status().message(), "pattern a(b: missing ): a(b");
}

}  // namespace
}  // namespace fovea::cli
"""

GREP_VERB = """\
// The verb `grep`.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/grep.h"
#include "cli/message_json.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

struct GrepOptions {
  std::string session;
  std::string pattern;
  std::string role;
  uint64_t limit = 50;
  bool ignore_case = false;
};

std::string RoleText(v1::Role role) {
  v1::Turn turn;
  turn.set_role(role);
  return MessageToJson(turn)["role"].get<std::string>();
}

void Print(const Environment& environment, const GrepMatch& match) {
  environment.console.out << absl::StrCat("#", match.seq, ":", match.line, " ",
                                          RoleText(match.role), "  ")
                          << OneLine(match.text, 160) << '\\n';
}

Json MatchJson(const GrepMatch& match) {
  return Json{{"seq", match.seq},
              {"role", RoleText(match.role)},
              {"line", match.line},
              {"text", JsonOf(match.text)}};
}

// Reads the session turn by turn and stops at the limit: memory holds one answer of the stream.
absl::StatusOr<std::vector<GrepMatch>> Find(const Environment& environment,
                                            const GrepOptions& options, const Grep& grep) {
  v1::ReadTurnsRequest request;
  request.set_session_id(options.session);
  request.mutable_range()->set_first(1);
  grpc::ClientContext context;
  environment.client.Authorize(context);
  const auto stream = environment.client.sessions().ReadTurns(&context, request);
  std::vector<GrepMatch> matches;
  v1::ReadTurnsResponse response;
  while (matches.size() < options.limit && stream->Read(&response)) {
    for (const v1::Turn& turn : response.turns()) {
      if (options.role.empty() || RoleText(turn.role()) == options.role) {
        grep.Search(turn, matches);
      }
    }
  }
  if (matches.size() >= options.limit) {
    context.TryCancel();
    stream->Finish();
    matches.resize(options.limit);
    return matches;
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return environment.client.Failure(status, context);
  return matches;
}

absl::Status RunGrep(const Environment& environment, const GrepOptions& options) {
  const absl::StatusOr<std::unique_ptr<Grep>> grep =
      Grep::Create(options.pattern, options.ignore_case);
  if (!grep.ok()) return grep.status();
  const absl::StatusOr<std::vector<GrepMatch>> matches = Find(environment, options, **grep);
  if (!matches.ok()) return matches.status();
  Json list = Json::array();
  for (const GrepMatch& match : *matches) {
    if (environment.json) {
      list.push_back(MatchJson(match));
    } else {
      Print(environment, match);
    }
  }
  if (environment.json) environment.PrintJson({{"matches", list}});
  return absl::OkStatus();
}

void DeclareGrep(CLI::App& verb, GrepOptions& options) {
  DeclareSession(verb, options.session);
  verb.add_option("pattern", options.pattern, "a regular expression as RE2 has them")->required();
  verb.add_option("--role", options.role, "only turns of this role")
      ->check(CLI::IsMember({"system", "user", "assistant", "tool"}));
  verb.add_option("--limit", options.limit, "matching lines at most")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb.add_flag("-i,--ignore-case", options.ignore_case, "upper and lower case are the same");
}

}  // namespace

void AddGrepVerb(Verbs& verbs) {
  verbs.Add<GrepOptions>("grep", "find lines by a regular expression", DeclareGrep, RunGrep);
}

}  // namespace fovea::cli
"""

VERB_TEST = """\
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/lossless_json.h"
#include "tests/cli/fake_server.h"

namespace fovea::cli {
namespace {

using testing::HasSubstr;

class GrepVerb : public testing::Test {
 protected:
  void SetUp() override {
    WriteText(folder_.path("in.jsonl"),
              R"({"session_id":"a","turns":[{"role":"user","text":"find the port"},)"
              R"({"role":"assistant","text":"listening on port 50061"},)"
              R"({"role":"tool","text":"a\\nport=50061\\nport=50062\\n"}]})");
    ASSERT_EQ(RunCli(server_, {"import", folder_.path("in.jsonl")}).exit_code, 0);
  }

  FakeServer server_;
  TemporaryFolder folder_;
};

TEST_F(GrepVerb, PrintsTurnAndLine) {
  const Ran ran = RunCli(server_, {"grep", "a", "port=\\\\d+"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "#3:2 tool  port=50061\\n#3:3 tool  port=50062\\n");
}

TEST_F(GrepVerb, CanBeHeldToARole) {
  EXPECT_EQ(RunCli(server_, {"grep", "a", "port", "--role", "user"}).out,
            "#1:1 user  find the port\\n");
  EXPECT_EQ(RunCli(server_, {"grep", "a", "port", "--role", "robot"}).exit_code, 2);
}

TEST_F(GrepVerb, StopsAtTheLimit) {
  const Ran ran = RunCli(server_, {"grep", "a", "port", "--limit", "2", "--json"});
  EXPECT_EQ(ParseJson(ran.out).value()["matches"].size(), 2U);
}

TEST_F(GrepVerb, SaysWhatIsWrongWithAPattern) {
  const Ran ran = RunCli(server_, {"grep", "a", "a(b"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.err, HasSubstr("missing )"));
}

TEST_F(GrepVerb, NeedsASession) {
  EXPECT_EQ(RunCli(server_, {"grep", "none", "x"}).exit_code, 1);
}

}  // namespace
}  // namespace fovea::cli
"""

# After the failing tests: numbers from one, lines without the carriage return, any bytes.
GREP_SOURCE_FIXED_SEARCH = """\
void Grep::Search(const v1::Turn& turn, std::vector<GrepMatch>& matches) const {
  const std::string text = TextOf(turn);
  uint64_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (!line.empty() && line.back() == '\\r') line.pop_back();
    ++number;
    if (Matches(line)) matches.push_back({turn.seq(), turn.role(), number, std::move(line)});
    at = end + 1;
  }
}
"""

GREP_MATCHES = """\
// RE2 reads UTF-8 and its dot passes over bytes that are none, so a line that has such bytes is read
// byte by byte. A pattern's own characters are still found there: they are their bytes.
bool Grep::Matches(const std::string& line) const {
  return re2::RE2::PartialMatch(line, IsUtf8(line) ? *text_pattern_ : *bytes_pattern_);
}
"""

CHANGELOG = """\
# Changes

## Unreleased

- `fovea grep SESSION PATTERN` finds lines of a session's exact text by a regular expression (FOV-4127).
"""
