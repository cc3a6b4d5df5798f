#include "core/exact/sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/utf8.h"
#include "core/exact/exact_scan.h"

namespace fovea {
namespace {

using Kind = ExactString::Kind;
using testing::HasSubstr;

// "kind text" or "kind label=text" of each string in `text`.
std::vector<std::string> Scan(std::string_view text) {
  static constexpr const char* kNames[] = {"",       "hash",       "uuid",    "url",  "path",
                                           "number", "identifier", "version", "error"};
  std::vector<std::string> found;
  ExactScanner scanner(text);
  while (const std::optional<ExactMatch> match = scanner.Next()) {
    std::string entry = kNames[static_cast<size_t>(match->kind)];
    entry += ' ';
    if (!match->label.empty()) entry.append(match->label).append("=");
    found.push_back(entry.append(match->text));
  }
  return found;
}

struct Case {
  const char* name;
  std::string text;
  std::vector<std::string> found;
};

class Scanning : public testing::TestWithParam<Case> {};

TEST_P(Scanning, Finds) { EXPECT_EQ(Scan(GetParam().text), GetParam().found); }

INSTANTIATE_TEST_SUITE_P(
    Kinds, Scanning,
    testing::ValuesIn(std::vector<Case>{
        {"Hash",
         "commit 83db48f84a1c2d9e83db48f84a1c2d9e83db48f8.",
         {"hash 83db48f84a1c2d9e83db48f84a1c2d9e83db48f8"}},
        {"ShortHash", "fixed in 1a2b3c4, I think", {"hash 1a2b3c4"}},
        {"Range",
         "index 83db48f..84a1c2d 100644",
         {"hash 83db48f", "hash 84a1c2d", "number 100644"}},
        {"Digest",
         "image@sha256:0123456789abcdef0123456789abcdef",
         {"identifier image@sha256:0123456789abcdef0123456789abcdef"}},
        {"Address", "at 0x7ffe12ab", {"hash 0x7ffe12ab"}},
        // Digits alone are a number until they are as many as a digest has.
        {"HexOfDigits",
         "12345678901234567890123456789012 1234567890123456",
         {"hash 12345678901234567890123456789012", "number 1234567890123456"}},
        {"HexOfBothCases", "83dB48f84a1c2D9e", {"identifier 83dB48f84a1c2D9e"}},
        {"VersionWithATail",
         "1.2.3beta12 and v1.2 and 1.2.3-rc1",
         {"version 1.2.3beta12", "version v1.2", "version 1.2.3-rc1"}},
        {"GrepContext", "src/a.cc-12-see src/b_1.cc", {"path src/a.cc", "path src/b_1.cc"}},
        {"GrepMatch", "src/a.cc:12:call17x2", {"path src/a.cc:12", "identifier call17x2"}},
        {"DateInAPath",
         "logs/2025-12-08T23-22-21-320Z_run/out.txt",
         {"path logs/2025-12-08T23-22-21-320Z_run/out.txt"}},
        {"UuidInAPath",
         "/tmp/1c2d3e4f-9a8b-4254-849e-d5ce641ade5f/tasks/a.txt",
         {"path /tmp/1c2d3e4f-9a8b-4254-849e-d5ce641ade5f/tasks/a.txt"}},
        {"NumbersInAPath", "models/mix-8-8x22b/v1.5-8-x", {"path models/mix-8-8x22b/v1.5-8-x"}},
        {"Uuid",
         "id 550e8400-e29b-41d4-a716-446655440000!",
         {"uuid 550e8400-e29b-41d4-a716-446655440000"}},
        {"Url",
         "see https://example.com/a?b=1&c=(d), then",
         {"url https://example.com/a?b=1&c=(d)"}},
        {"UrlInBrackets", "(see http://example.com/x_1).", {"url http://example.com/x_1"}},
        {"UrlInMarkdown", "[x](https://example.com/a)", {"url https://example.com/a"}},
        {"Path", "in src/core/a.cc:12:5: error", {"path src/core/a.cc:12:5"}},
        {"GrepPath", "src/a-b/c.cc:120:export x", {"path src/a-b/c.cc:120"}},
        {"GrepContextPath",
         "src/a-b/c.cc-120-abc1234x",
         {"path src/a-b/c.cc", "identifier abc1234x"}},
        {"AbsolutePath",
         "/usr/lib/x86_64-linux-gnu/libc.so.6",
         {"path /usr/lib/x86_64-linux-gnu/libc.so.6"}},
        {"RelativePath", "run ./build.sh or ../a/b", {"path ./build.sh", "path ../a/b"}},
        {"HomePath", "cat ~/.bashrc", {"path ~/.bashrc"}},
        {"WindowsPath", "open C:\\Users\\new\\x.txt now", {"path C:\\Users\\new\\x.txt"}},
        {"Number",
         "took 123456 ms, 3.14159 and 1,234,567.89",
         {"number 123456", "number 3.14159", "number 1,234,567.89"}},
        {"Negative", "x = -12345", {"number x=-12345"}},
        {"Date", "on 2024-05-21 at 12:34:56", {"number 2024-05-21", "number 12:34:56"}},
        {"Timestamp", "2024-05-21T12:34:56Z", {"number 2024-05-21T12:34:56Z"}},
        {"Version",
         "v1.2 and 3.11.2-rc1 and 10.0.0.17",
         {"version v1.2", "version 3.11.2-rc1", "version 10.0.0.17"}},
        {"Identifier",
         "user mia_li_3668 booked 4WQ150 by gift_card_8877145",
         {"identifier mia_li_3668", "identifier 4WQ150", "identifier gift_card_8877145"}},
        {"Locator", "UDMOP1 and 2FBBAH", {"identifier UDMOP1", "identifier 2FBBAH"}},
        {"RandomCase",
         "token dQw4w9WgXcQ and XkPqRzVbLmNo",
         {"identifier dQw4w9WgXcQ", "identifier XkPqRzVbLmNo"}},
        {"Email", "to mia.li3818@example.com.", {"identifier mia.li3818@example.com"}},
        {"ErrorCode",
         "error E0308, TS2345, ENOENT, CVE-2021-44228",
         {"error E0308", "error TS2345", "error ENOENT", "error CVE-2021-44228"}},
        {"OtherScripts", "файл отчёт_2024_v3 готов", {"identifier отчёт_2024_v3"}},
        {"BetweenCjk", "文件xyz12345是", {"identifier xyz12345"}},
    }),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Labels, Scanning,
    testing::ValuesIn(std::vector<Case>{
        {"Equals", "port=8080", {"number port=8080"}},
        {"Colon", "commit: 1a2b3c4d", {"hash commit=1a2b3c4d"}},
        {"NoSpace", "id:123456", {"number id=123456"}},
        {"Json",
         R"({"user_id": "mia_li_3668", "total":12345})",
         {"identifier user_id=mia_li_3668", "number total=12345"}},
        {"EscapedJson", R"({\"user_id\": \"mia_li_3668\"})", {"identifier user_id=mia_li_3668"}},
        {"Requirement", "numpy==1.24.3", {"version numpy=1.24.3"}},
        {"Quoted", "name='a1b2c3'", {"identifier name=a1b2c3"}},
        {"Url", "url=http://a.b/c", {"url url=http://a.b/c"}},
        {"NotALabel", "12:34:56 = 98765", {"number 12:34:56", "number 98765"}},
        {"TooLong", std::string(60, 'a') + "=12345", {"number 12345"}},
    }),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Ordinary, Scanning,
    testing::ValuesIn(std::vector<Case>{
        {"Prose", "The quick brown Fox can't jump over 12 lazy dogs, and/or 3 cats.", {}},
        {"Code", "std::vector<int> getUserById(const char* name);", {}},
        {"SnakeCase", "parse_reader_profile(self, __init__)", {}},
        {"Shouting", "DO NOT PANIC", {}},
        {"Tags", "<div></div><b>x</b>", {}},
        {"Comment", "//comment and ///more", {}},
        {"LineNumbers", "  1234\tint x;\n1235:foo\n", {}},
        {"EscapedNewline", "first\\nsecond\\tthird", {}},
        {"Short", "a1 b2 v1 007", {}},
        {"Words", "facade decade deface utf8 int32", {}},
        {"TooLong", std::string(150, 'a') + std::string(51, '7'), {}},
        {"IllFormed", "a1b2c3\xC3(", {"identifier a1b2c3"}},
        {"Colour", "\x1B[31mfailed\x1B[0m", {}},
    }),
    [](const auto& tested) { return std::string(tested.param.name); });

Turn TextTurn(uint64_t seq, const std::string& text) {
  Turn turn;
  turn.seq = seq;
  turn.parts.emplace_back(TextPart{text});
  return turn;
}

TEST(ExactStringCollector, CountsAndKeepsTheFirstTurn) {
  ExactStringCollector collector;
  collector.Add(TextTurn(3, "id=a1b2c3 and 1a2b3c4d"));
  collector.Add(TextTurn(4, "again a1b2c3, a1b2c3"));
  ASSERT_EQ(collector.strings().size(), 2U);
  EXPECT_EQ(collector.strings()[0].text, "a1b2c3");
  EXPECT_EQ(collector.strings()[0].label, "id");
  EXPECT_EQ(collector.strings()[0].first_seq, 3U);
  EXPECT_EQ(collector.strings()[0].occurrences, 3U);
  EXPECT_EQ(collector.strings()[1].occurrences, 1U);
}

TEST(ExactStringCollector, ReadsCallsAndResultsButNoOpaqueBlocks) {
  Turn turn;
  turn.seq = 9;
  turn.parts.emplace_back(ToolCallPart{"call_77777", "read", R"({"path": "src/a_1.cc"})"});
  turn.parts.emplace_back(ToolResultPart{"call_77777", {TextPart{"sum 1a2b3c4d"}}, false});
  turn.parts.emplace_back(OpaquePart{"anthropic.thinking", "{\"signature\": \"a1b2c3d4e5\"}"});
  ExactStringCollector collector;
  collector.Add(turn);
  ASSERT_EQ(collector.strings().size(), 2U);
  EXPECT_EQ(collector.strings()[0].text, "src/a_1.cc");
  EXPECT_EQ(collector.strings()[0].label, "path");
  EXPECT_EQ(collector.strings()[1].text, "1a2b3c4d");
}

std::vector<ExactString> Collect(const std::vector<std::string>& texts) {
  ExactStringCollector collector;
  for (size_t i = 0; i < texts.size(); ++i) collector.Add(TextTurn(i + 1, texts[i]));
  return collector.strings();
}

// The same as text of tools, the best first.
std::vector<ExactString> Ranked(const std::vector<std::string>& texts) {
  std::vector<ExactString> strings = Collect(texts);
  RankExactStrings(StringUses(), &strings);
  return strings;
}

TEST(WriteSidecar, WritesALineATurn) {
  const Sidecar sidecar = WriteSidecar(
      Ranked({"path=src/a.cc at id=1a2b3c4d", "nothing here", "took 123456 ms"}), 1000);
  EXPECT_EQ(sidecar.text, "#1 id=1a2b3c4d src/a.cc\n#3 123456\n") << "a path is a path unlabelled";
  EXPECT_THAT(sidecar.holds, testing::ElementsAre("1a2b3c4d", "src/a.cc", "123456"));
  EXPECT_EQ(sidecar.included, 3U);
  EXPECT_EQ(sidecar.omitted, 0U);
}

TEST(WriteSidecar, SaysNothingOfNothing) {
  const Sidecar sidecar = WriteSidecar({}, 1000);
  EXPECT_EQ(sidecar.text, "");
  EXPECT_EQ(sidecar.included + sidecar.omitted, 0U);
}

TEST(WriteSidecar, PrefersHashesToPathsToNumbers) {
  const std::vector<ExactString> strings =
      Ranked({"123456 654321 src/long/path/to/a.cc 0123456789abcdef"});
  EXPECT_EQ(WriteSidecar(strings, 20).text, "#1 0123456789abcdef\n");
  EXPECT_EQ(WriteSidecar(strings, 45).text, "#1 0123456789abcdef src/long/path/to/a.cc\n");
  EXPECT_EQ(WriteSidecar(strings, 45).omitted, 2U);
}

TEST(WriteSidecar, PrefersTheRarerKind) {
  const std::vector<ExactString> strings =
      Ranked({"0123456789abcde0 0123456789abcde1 https://a.io/12345"});
  EXPECT_EQ(WriteSidecar(strings, 22).text, "#1 https://a.io/12345\n");
}

TEST(WriteSidecar, LeavesOutWhatStandsElsewhere) {
  const std::vector<ExactString> strings = Ranked({"0123456789abcde0 0123456789abcde1"});
  const Sidecar sidecar = WriteSidecar(strings, 1000, {"0123456789abcde0"});
  EXPECT_EQ(sidecar.text, "#1 0123456789abcde1\n");
  EXPECT_EQ(sidecar.omitted, 0U);
}

// The agent's own strings first, the often and lately written before others; of four places one
// goes to what it only heard.
TEST(RankExactStrings, PutsFirstWhatTheAgentWrote) {
  StringUses uses;
  const auto append = [&uses](uint64_t seq, Role role, std::string text) {
    uses.Add({.seq = seq, .role = role, .parts = {TextPart{std::move(text)}}});
  };
  append(1, Role::kAssistant, "src/once_early.cc src/twice.cc");
  append(2, Role::kTool, "src/heard_a.cc 0123456789abcdef src/twice.cc");
  append(3, Role::kAssistant, "src/twice.cc src/once_late.cc");
  std::vector<ExactString> strings =
      Collect({"src/heard_a.cc 0123456789abcdef src/once_early.cc src/once_late.cc src/twice.cc"});
  RankExactStrings(uses, &strings);
  std::vector<std::string> order;
  for (const ExactString& string : strings) order.push_back(string.text);
  EXPECT_THAT(order, testing::ElementsAre("src/twice.cc", "src/once_late.cc", "src/once_early.cc",
                                          "0123456789abcdef", "src/heard_a.cc"));
}

TEST(KeepHighestRanked, StopsWhereTheBytesAreReached) {
  const std::vector<ExactString> ranked = Ranked({"0123456789abcdef src/a.cc src/b.cc"});
  ASSERT_EQ(ranked.size(), 3U);
  for (const auto& [max_bytes, kept] :
       {std::pair(0U, 0U), {1U, 1U}, {16U, 1U}, {17U, 2U}, {99U, 3U}}) {
    std::vector<ExactString> strings = Collect({"0123456789abcdef src/a.cc src/b.cc"});
    KeepHighestRanked(StringUses(), max_bytes, &strings);
    EXPECT_EQ(strings, std::vector<ExactString>(ranked.begin(), ranked.begin() + kept))
        << max_bytes;
  }
}

TEST(StringUses, CountsTurnsAndForgetsTheLongUnusedFirst) {
  StringUses uses;
  uses.Add({.seq = 1, .role = Role::kAssistant, .parts = {TextPart{"own1234 and own1234"}}});
  uses.Add({.seq = 2, .role = Role::kTool, .parts = {TextPart{"old1234 own1234"}}});
  EXPECT_EQ(uses.Of("own1234").turns, 2U);
  EXPECT_EQ(uses.Of("own1234").agent_turns, 1U);
  EXPECT_EQ(uses.Of("own1234").last_seq, 2U);
  EXPECT_EQ(uses.Of("new1234").turns, 0U);
  for (uint64_t seq = 3; seq < 3 + 2 * StringUses::kMaxStrings / 100; ++seq) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "n" + std::to_string(seq * 1000 + i) + "x ";
    uses.Add({.seq = seq, .role = Role::kTool, .parts = {TextPart{text}}});
  }
  EXPECT_EQ(uses.Of("old1234").turns, 0U);
  EXPECT_EQ(uses.Of("own1234").turns, 2U) << "the agent's own stay longest";
}

TEST(WriteSidecar, StaysWithinItsBytes) {
  const std::vector<ExactString> strings = Ranked(
      {"id=a1b2c3 1a2b3c4d src/x_1.cc", "took 123456 at https://a.io/12345", "v1.2.3 E0308 77777"});
  uint32_t before = 0;
  for (size_t limit = 0; limit < 200; ++limit) {
    const Sidecar sidecar = WriteSidecar(strings, limit);
    EXPECT_LE(sidecar.text.size(), limit);
    EXPECT_EQ(sidecar.included + sidecar.omitted, strings.size());
    EXPECT_EQ(sidecar.text.empty(), sidecar.included == 0);
    before = sidecar.included;
  }
  EXPECT_EQ(before, strings.size());
}

// Every string stands byte for byte in the turn that it names.
TEST(ExactStringCollector, NeverMakesAStringUp) {
  static constexpr std::string_view kPieces[] = {
      "abc",      "X9",       "_",         "-",    ".",    "..", "/",  "\\",   "\\n",
      "\\u00e9",  ":",        "://",       "=",    "\"",   "'",  " ",  "\n",   "\t",
      "0x",       "1234567",  "deadbeef1", ",123", "v1.2", "é",  "文", "\xC3", "\x80",
      "\xE2\x80", "\x1B[31m", "<",         ">",    "(",    ")",  "#",  "%",    "?a=b",
      "C:\\",     "@",        "~",         "+",    "http"};
  std::mt19937 random(20261122);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t pieces = random() % 24; pieces > 0; --pieces) {
      text += kPieces[random() % std::size(kPieces)];
    }
    for (const ExactString& string : Collect({text})) {
      ASSERT_THAT(text, HasSubstr(string.text));
      ASSERT_THAT(text, HasSubstr(string.label));
      ASSERT_GE(string.text.size(), kMinExactBytes);
      ASSERT_LE(string.text.size(), kMaxExactBytes);
      ASSERT_TRUE(IsWellFormedUtf8(string.text)) << testing::PrintToString(text);
      ASSERT_EQ(string.text.find('\n'), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace fovea
