// Which of the formats a file is in, told by what only that format has.
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "transcripts/openai_responses.h"
#include "transcripts/readers.h"
#include "transcripts/records.h"
#include "transcripts/texts.h"
#include "transcripts/transcript.h"

namespace fovea::transcripts {
namespace {

// So many members of a list are looked at.
constexpr int kMaxLooks = 200;

bool IsList(const Json& json, const char* name) {
  const Json* const member = Member(json, name);
  return member != nullptr && member->is_array();
}

// The formats that agents have for themselves; every record of theirs can be told.
std::optional<Format> OfAgent(const Json& json) {
  const std::string type = MemberText(json, "type");
  if (IsList(json, "turns")) return Format::kFovea;
  if (type == "session" && json.contains("cwd")) return Format::kPi;
  if (json.contains("payload") && json.contains("timestamp") &&
      (type == "session_meta" || type == "response_item" || type == "event_msg" ||
       type == "turn_context" || type == "compacted")) {
    return Format::kCodex;
  }
  if (json.contains("record_type") ||
      (type.empty() && json.contains("instructions") && json.contains("timestamp") &&
       json.contains("id") && !json.contains("output"))) {
    return Format::kCodex;
  }
  if (IsList(json, "messages") && Member(json, "info") != nullptr &&
      absl::StartsWith(MemberText(json["info"], "id"), "ses")) {
    return Format::kOpencode;
  }
  if (json.contains("sessionId") && json.contains("projectHash")) return Format::kGeminiCli;
  if (json.contains("$set") || json.contains("$rewindTo")) return Format::kGeminiCli;
  if (type == "file-history-snapshot" || (type == "summary" && json.contains("leafUuid"))) {
    return Format::kClaudeCode;
  }
  if (json.contains("sessionId") && !type.empty()) {
    const Json* const message = Member(json, "message");
    if (message == nullptr) {
      return json.contains("systemPayload") || type == "tool_result"
                 ? std::optional(Format::kQwenCode)
                 : std::nullopt;
    }
    return message->contains("parts") ? Format::kQwenCode : Format::kClaudeCode;
  }
  if (IsList(json, "conversations") || IsList(json, "conversation")) return Format::kShareGpt;
  if (IsList(json, "trajectory") ||
      absl::StartsWith(MemberText(json, "trajectory_format"), "mini-swe-agent")) {
    return Format::kSweAgent;
  }
  return std::nullopt;
}

bool IsLangChain(const Json& message) {
  const std::string type = MemberText(message, "type");
  if (message.contains("lc") && type == "constructor") return true;
  if (type == "human" || type == "ai" || absl::EndsWith(type, "MessageChunk")) return true;
  return (type == "system" || type == "tool") && !message.contains("role") &&
         (message.contains("data") || message.contains("content"));
}

// A message of one of the providers' shapes; none if it could be of several.
std::optional<Format> OfMessage(const Json& message) {
  if (IsLangChain(message)) return Format::kLangChain;
  if (IsList(message, "parts")) return Format::kGemini;
  const std::string role = MemberText(message, "role");
  const std::string type = MemberText(message, "type");
  if (role.empty()) {
    return IsResponsesItemType(type) ? std::optional(Format::kOpenAiResponses) : std::nullopt;
  }
  if (type == "message" && message.contains("stop_reason")) return Format::kAnthropic;
  if (type == "message") return Format::kOpenAiResponses;
  if (role == "tool" || role == "function" || message.contains("tool_calls")) {
    return Format::kOpenAiChat;
  }
  if (!IsList(message, "content")) return std::nullopt;
  for (const Json& block : message["content"]) {
    const std::string kind = TypeOf(block);
    if (absl::StartsWith(kind, "input_") && kind != "input_audio") return Format::kOpenAiResponses;
    if (kind == "output_text") return Format::kOpenAiResponses;
    if (kind == "image_url" || kind == "input_audio" || kind == "refusal" || kind == "file") {
      return Format::kOpenAiChat;
    }
    if (kind == "tool_use" || kind == "tool_result" || kind == "thinking" || kind == "image" ||
        kind == "document" || kind == "redacted_thinking" || kind == "server_tool_use") {
      return Format::kAnthropic;
    }
  }
  return std::nullopt;
}

std::optional<Format> OfMessages(const Json& list, bool* messages) {
  int looks = 0;
  for (const Json& message : list) {
    if (++looks > kMaxLooks) break;
    if (std::optional<Format> format = OfMessage(message)) return format;
    *messages = *messages || !MemberText(message, "role").empty();
  }
  return std::nullopt;
}

// `messages`: it holds messages of a shape that several providers share.
std::optional<Format> Of(const Json& json, bool* messages) {
  if (json.is_array()) {
    int looks = 0;
    for (const Json& member : json) {
      if (++looks > kMaxLooks) break;
      if (member.is_array()) continue;
      if (std::optional<Format> format = Of(member, messages)) return format;
    }
    return std::nullopt;
  }
  if (!json.is_object()) return std::nullopt;
  if (std::optional<Format> format = OfAgent(json)) return format;
  for (const char* around : {"values", "channel_values", "checkpoint"}) {
    if (json.contains(around)) return Format::kLangChain;
  }
  if (IsList(json, "contents") || IsList(json, "candidates")) return Format::kGemini;
  if (IsList(json, "choices")) return Format::kOpenAiChat;
  if (json.contains("input") && (json.contains("model") || json["input"].is_array())) {
    return Format::kOpenAiResponses;
  }
  if (IsList(json, "output")) return Format::kOpenAiResponses;
  if (const Json* const body = Member(json, "body"); body != nullptr && body->is_object()) {
    return Of(*body, messages);
  }
  if (IsList(json, "messages")) {
    if (std::optional<Format> format = OfMessages(json["messages"], messages)) return format;
    if (json.contains("system") || json.contains("anthropic_version")) return Format::kAnthropic;
    *messages = true;
    return std::nullopt;
  }
  if (std::optional<Format> format = OfMessage(json)) return format;
  *messages = *messages || !MemberText(json, "role").empty();
  return std::nullopt;
}

}  // namespace

absl::StatusOr<Format> DetectRecords(Records& records) {
  bool messages = false;
  while (true) {
    absl::StatusOr<const Record*> record = records.Look();
    if (absl::IsInvalidArgument(record.status())) {
      return absl::InvalidArgumentError(
          absl::StrCat(record.status().message(), "; it is none of ", FormatList()));
    }
    if (!record.ok()) return record.status();
    if (*record == nullptr) break;
    if (std::optional<Format> format = Of((*record)->json, &messages)) return *format;
  }
  if (messages) return Format::kOpenAiChat;
  return absl::InvalidArgumentError(absl::StrCat("it is none of the known kinds: ", FormatList()));
}

absl::StatusOr<Format> DetectFormat(std::string_view bytes) {
  TextLines lines(bytes);
  return TranscriptReader(lines, ReadOptions()).Detect();
}

}  // namespace fovea::transcripts
