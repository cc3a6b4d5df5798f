#include "transcripts/transcript.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/readers.h"
#include "transcripts/records.h"
#include "transcripts/session_builder.h"

namespace fovea::transcripts {

const std::vector<FormatInfo>& Formats() {
  static const auto* const kFormats = new std::vector<FormatInfo>{
      {Format::kClaudeCode, "claude-code", "Claude Code"},
      {Format::kCodex, "codex", "Codex rollouts"},
      {Format::kOpencode, "opencode", "opencode export"},
      {Format::kPi, "pi", "pi"},
      {Format::kGeminiCli, "gemini-cli", "Gemini CLI"},
      {Format::kQwenCode, "qwen-code", "Qwen Code"},
      {Format::kOpenAiChat, "openai-chat", "OpenAI Chat"},
      {Format::kOpenAiResponses, "openai-responses", "OpenAI Responses"},
      {Format::kAnthropic, "anthropic", "Anthropic Messages"},
      {Format::kGemini, "gemini", "Gemini contents"},
      {Format::kLangChain, "langchain", "LangChain and LangGraph"},
      {Format::kShareGpt, "sharegpt", "ShareGPT"},
      {Format::kSweAgent, "swe-agent", "SWE-agent trajectories"},
      {Format::kFovea, "fovea", "Fovea's own"}};
  return *kFormats;
}

const FormatInfo& InfoOf(Format format) {
  for (const FormatInfo& info : Formats()) {
    if (info.format == format) return info;
  }
  return Formats().back();
}

std::string FormatList() {
  std::string list;
  for (const FormatInfo& info : Formats()) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", info.name, " (", info.title, ")");
  }
  return list;
}

absl::StatusOr<Format> FormatByName(std::string_view name) {
  for (const FormatInfo& info : Formats()) {
    if (name == info.name) return info.format;
  }
  return absl::NotFoundError(
      absl::StrCat("no format is named ", std::string(name), "; there are ", FormatList()));
}

absl::Status RecordError(uint64_t line, const std::string& key, const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", key, ": ", problem));
}

const Json* Member(const Json& json, const char* name) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

std::string MemberText(const Json& json, const char* name) {
  const Json* const member = Member(json, name);
  return member != nullptr && IsText(*member) ? BytesOf(*member).value() : "";
}

bool IsTrue(const Json& json, const char* name) {
  const Json* const member = Member(json, name);
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

TranscriptReader::TranscriptReader(Lines& lines, const ReadOptions& options)
    : options_(options), records_(std::make_unique<Records>(lines, options)) {}

TranscriptReader::~TranscriptReader() = default;

absl::StatusOr<Format> TranscriptReader::Detect() { return DetectRecords(*records_); }

absl::Status TranscriptReader::Read(Format format,
                                    const std::function<absl::Status(Transcript)>& take,
                                    ReadReport* report) {
  Records& records = *records_;
  const SessionBuilder::Take take_one = [&](Transcript transcript) {
    records.BeginSession();
    return take(std::move(transcript));
  };
  SessionBuilder builder(options_, take_one, report);
  const auto read = [&]() -> absl::Status {
    switch (format) {
      case Format::kFovea:
        return ReadFoveaHistory(records, builder);
      case Format::kClaudeCode:
        return ReadClaudeCode(records, builder);
      case Format::kCodex:
        return ReadCodex(records, builder);
      case Format::kOpencode:
        return ReadOpencode(records, builder);
      case Format::kPi:
        return ReadPi(records, builder);
      case Format::kGeminiCli:
        return ReadGeminiCli(records, options_.live, builder);
      case Format::kQwenCode:
        return ReadQwenCode(records, builder);
      case Format::kLangChain:
        return ReadLangChain(records, builder);
      case Format::kShareGpt:
        return ReadShareGpt(records, builder);
      case Format::kSweAgent:
        return ReadSweAgent(records, builder);
      default:
        return ReadMessagesFile(records, format, builder);
    }
  };
  FOVEA_RETURN_IF_ERROR(read());
  report->cut_line = records.cut_line();
  return builder.Close();
}

absl::Status ReadTranscripts(std::string_view bytes, Format format, const ReadOptions& options,
                             const std::function<absl::Status(Transcript)>& take,
                             ReadReport* report) {
  TextLines lines(bytes);
  return TranscriptReader(lines, options).Read(format, take, report);
}

}  // namespace fovea::transcripts
