// What a file without an end, or one that unpacks to far more than it has, may take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "transcripts/lines.h"
#include "transcripts/lossless_json.h"
#include "transcripts/transcript.h"

namespace fovea::transcripts {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The first line, and then the other without an end.
class EndlessLines final : public Lines {
 public:
  EndlessLines(std::string first, std::string more)
      : first_(std::move(first)), more_(std::move(more)) {}
  absl::StatusOr<std::optional<std::string>> Next() override {
    return std::exchange(first_, more_);
  }
  bool ended() const override { return true; }

 private:
  std::string first_;
  const std::string more_;
};

absl::Status ReadEndless(Format format, const std::string& first, const std::string& more,
                         const SessionLimits& limits = {}) {
  EndlessLines lines(first, more);
  ReadReport report;
  return TranscriptReader(lines, {.session = limits})
      .Read(
          format, [](const Transcript&) { return absl::OkStatus(); }, &report);
}

TEST(Limits, ASessionEndsAtSoManyTurns) {
  const std::string line = R"({"role":"user","content":"hi"})";
  const absl::Status status = ReadEndless(Format::kOpenAiChat, line, line, {.turns = 1000});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "line 1001: a session of more than 1000 turns");
}

TEST(Limits, ASessionEndsAtSoManyBytesAndLines) {
  const std::string line = R"({"type":"file-history-snapshot"})";
  EXPECT_EQ(ReadEndless(Format::kClaudeCode, line, line, {.records = 1000}).message(),
            "line 1001: a session of more than 1000 lines");
  EXPECT_EQ(ReadEndless(Format::kClaudeCode, line, line, {.bytes = 1000}).message(),
            "line 32: a session of more than 1000 bytes");
}

TEST(Limits, MessagesThatAreKeptEndAtSoManyValues) {
  std::string line = R"({"id":"1","type":"user","content":[0)";
  for (int i = 0; i < 100'000; ++i) line += ",0";
  line += "]}";
  const absl::Status status =
      ReadEndless(Format::kGeminiCli, R"({"sessionId":"a","projectHash":"b"})", line);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("line 41: a session of more than 4000000 values"));
}

TEST(Limits, AValueOverLinesEndsAtSoManyBytes) {
  const std::string line = absl::StrCat("\"", std::string(size_t{16} << 20, 'x'), "\",");
  const absl::Status status = ReadEndless(Format::kOpenAiChat, "[", line);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 268435456 bytes"));
}

TEST(Limits, JsonHasSoManyValues) {
  std::string list = "[0";
  for (size_t i = 2; i < kMaxJsonValues; ++i) list += ",0";
  size_t values = 0;
  EXPECT_TRUE(ParseJson(list + "]", &values).ok());
  EXPECT_EQ(values, kMaxJsonValues);
  const absl::Status status = ParseJson(list + ",0]").status();
  EXPECT_EQ(status.message(), "JSON of more than 4000000 values");
}

// Sessions that follow each other have each a limit of their own.
TEST(Limits, CountAnewForEachSession) {
  std::string line = R"({"turns":[{"role":"user","text":"a"})";
  for (int i = 1; i < 300; ++i) line += R"(,{"role":"user","text":"a"})";
  line += "]}\n";
  ReadReport report;
  size_t sessions = 0;
  const absl::Status status = ReadTranscripts(
      line + line + line + line, Format::kFovea,
      {.session = {.bytes = 10'000, .records = 1, .turns = 300}},
      [&](const Transcript&) {
        ++sessions;
        return absl::OkStatus();
      },
      &report);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(sessions, 4U);
}

// A name that is never the same would make the report endless.
TEST(Limits, AReportNamesSoManyKinds) {
  std::string text;
  for (int i = 0; i < 1'500; ++i) {
    absl::StrAppend(&text, R"({"role":"user","content":"hi","k)", i, R"(":1})", "\n");
  }
  ReadReport report;
  ASSERT_TRUE(ReadTranscripts(
                  text, Format::kOpenAiChat, {}, [](const Transcript&) { return absl::OkStatus(); },
                  &report)
                  .ok());
  EXPECT_EQ(report.unknown_keys.size(), 1'001U);
  EXPECT_TRUE(report.unknown_keys.contains("others"));
}

// Each rewind keeps what was taken back; what stood before it is copied only so often, whatever
// holds its bytes.
TEST(Limits, ManyRewindsCopyNoHistoryEach) {
  const std::string large(size_t{4} << 20, 'x');
  for (const std::string& first :
       {absl::StrCat(R"({"id":"1","type":"user","content":")", large, "\"}"),
        absl::StrCat(R"({"id":"1","type":"gemini","content":"","toolCalls":[{"id":"c","name":"f",)",
                     R"("args":{},"result":[{"functionResponse":{"id":"c","name":"f",)",
                     R"("response":{"output":")", large, R"("}}}]}]})")}) {
    std::string text = absl::StrCat(R"({"sessionId":"a","projectHash":"b"})", "\n", first, "\n");
    for (int i = 0; i < 200; ++i) {
      absl::StrAppend(&text, R"({"id":"2","type":"user","content":"back"})", "\n",
                      R"({"$rewindTo":"2"})", "\n");
    }
    ReadReport report;
    size_t bytes = 0;
    size_t sessions = 0;
    ASSERT_TRUE(ReadTranscripts(
                    text, Format::kGeminiCli, {},
                    [&](const Transcript& transcript) {
                      ++sessions;
                      for (const Turn& turn : transcript.turns) bytes += TurnText(turn).size();
                      return absl::OkStatus();
                    },
                    &report)
                    .ok());
    EXPECT_EQ(sessions, 201U);
    EXPECT_GT(bytes, 2 * large.size());
    EXPECT_LT(bytes, size_t{80} << 20);
  }
}

// A bad last line is left out where that is asked for, and not where it is the only one.
TEST(Limits, ACutLastLineCanBeLeftOut) {
  const std::string whole = R"({"role":"user","content":"hi"})";
  for (const auto& [text, cut] : std::vector<std::pair<std::string, uint64_t>>{
           {whole + "\n\n" + whole.substr(0, 9), 3}, {whole + "\n", 0}, {whole, 0}}) {
    ReadReport report;
    const absl::Status status = ReadTranscripts(
        text, Format::kOpenAiChat, {.leave_cut_line = true},
        [](const Transcript&) { return absl::OkStatus(); }, &report);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(report.cut_line, cut) << text;
  }
  ReadReport report;
  const absl::Status status = ReadTranscripts(
      whole.substr(0, 9), Format::kOpenAiChat, {.leave_cut_line = true},
      [](const Transcript&) { return absl::OkStatus(); }, &report);
  EXPECT_THAT(std::string(status.message()), StartsWith("line 1: not valid JSON"));
}

}  // namespace
}  // namespace fovea::transcripts
