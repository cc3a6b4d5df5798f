// pi's files: a head, then entries, each with the one that it follows (parentId).
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

// Entries about the session and not of it.
bool IsAside(const std::string& type) {
  return type == "model_change" || type == "thinking_level_change" || type == "label" ||
         type == "custom" || type == "session_info" || type == "leaf" ||
         type == "active_tools_change";
}

// One message of pi's -> turns.
class MessageReader {
 public:
  explicit MessageReader(const Json& message) : fields_(message, ""), builder_(RoleOf(message)) {}

  absl::StatusOr<ReadMessage> Read() {
    const std::string role = fields_.TakeTextOrJson("role");
    fields_.Drop("timestamp");
    api_ = MemberText(fields_.object(), "api");
    absl::Status status;
    if (role == "user" || role == "assistant" || role == "custom" || role == "hookMessage" ||
        role == "system") {
      status = ReadContent();
    } else if (role == "toolResult") {
      status = ReadResult();
    } else if (role == "bashExecution") {
      status = ReadBash();
    } else if (role == "branchSummary" || role == "compactionSummary") {
      absl::StatusOr<std::string> summary = fields_.TakeText("summary");
      status = summary.status();
      if (summary.ok() && !summary->empty()) builder_.Add(TextPart{*std::move(summary)});
    } else {
      status = fields_.Error("role", absl::StrCat("is \"", role, "\", which pi does not have"));
    }
    if (!status.ok()) return status;
    if (builder_.role() == Role::kUser && role != "user") builder_.Keep("role", JsonOf(role));
    builder_.Keep(fields_.Rest(
        {"api",           "provider",   "model",         "usage",          "stopReason",
         "errorMessage",  "responseId", "responseModel", "diagnostics",    "toolName",
         "details",       "customType", "display",       "fromId",         "tokensBefore",
         "exitCode",      "cancelled",  "truncated",     "fullOutputPath", "excludeFromContext",
         "addedToolNames"},
        builder_.unknown_keys()));
    return std::move(builder_).Finish("content");
  }

 private:
  static Role RoleOf(const Json& message) {
    const std::string role = MemberText(message, "role");
    return role == "assistant"    ? Role::kAssistant
           : role == "toolResult" ? Role::kTool
           : role == "system"     ? Role::kSystem
                                  : Role::kUser;
  }

  absl::Status ReadContent() {
    const Json* const content = fields_.Take("content");
    if (content == nullptr) return absl::OkStatus();
    if (IsText(*content)) {
      builder_.Add(TextPart{BytesOf(*content).value()});
      return absl::OkStatus();
    }
    if (!content->is_array()) return fields_.Error("content", "must be a string or a list");
    if (content->empty()) builder_.Add(TextPart{});
    for (size_t i = 0; i < content->size(); ++i) {
      const std::string path = absl::StrCat("content[", i, "]");
      if (absl::Status status = ReadBlock((*content)[i], path); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadBlock(const Json& block, const std::string& path) {
    if (!block.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
    }
    Fields fields(block, path);
    const std::string type = fields.TakeTextOrJson("type");
    std::vector<std::string>& unknown = builder_.unknown_keys();
    if (type == "text") {
      if (!fields.Has("text")) return fields.Error("text", "is missing");
      FOVEA_ASSIGN_OR_RETURN(std::string text, fields.TakeText("text"));
      builder_.Add(TextPart{std::move(text)}, fields.Rest({"textSignature"}, unknown));
      return absl::OkStatus();
    }
    if (type == "thinking") {
      builder_.Add(Thinking(block));
      return absl::OkStatus();
    }
    if (type == "image") {
      const std::string media_type = fields.TakeTextOrJson("mimeType");
      auto image = ReadImage(media_type, MemberText(block, "data"));
      if (image.has_value()) {
        fields.Drop("data");
        builder_.Add(*std::move(image), fields.Rest({}, unknown));
        return absl::OkStatus();
      }
    } else if (type == "toolCall" && builder_.role() == Role::kAssistant) {
      return ReadCall(fields);
    } else {
      unknown.push_back(absl::StrCat(path, ".type=", type));
    }
    builder_.Add(WholeBlock(absl::StrCat("pi.", type.empty() ? "block" : type), block));
    return absl::OkStatus();
  }

  absl::Status ReadCall(Fields& fields) {
    ToolCallPart call{.call_id = fields.TakeTextOrJson("id")};
    FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("name"));
    call.name = std::move(name);
    call.arguments_json = ArgumentsOf(fields.Take("arguments"));
    if (const Json* const signature = fields.Take("thoughtSignature")) {
      Json alone = Json::object();
      alone["thoughtSignature"] = *signature;
      builder_.Add(WholeBlock("gemini.thought_signature", alone));
    }
    builder_.Add(std::move(call), fields.Rest({}, builder_.unknown_keys()));
    return absl::OkStatus();
  }

  // Thinking as the API has it that the message came from.
  OpaquePart Thinking(const Json& block) const {
    const std::string signature = MemberText(block, "thinkingSignature");
    if (api_ == "anthropic-messages") {
      Json thinking = Json::object();
      if (IsTrue(block, "redacted")) {
        thinking["type"] = "redacted_thinking";
        thinking["data"] = JsonOf(signature);
        return WholeBlock("anthropic.redacted_thinking", thinking);
      }
      thinking["type"] = "thinking";
      thinking["thinking"] = JsonOf(MemberText(block, "thinking"));
      thinking["signature"] = JsonOf(signature);
      return WholeBlock("anthropic.thinking", thinking);
    }
    if (absl::StartsWith(signature, "{") && absl::StrContains(api_, "responses")) {
      return {.kind = "openai.reasoning", .data = signature};
    }
    if (absl::StartsWith(api_, "openai-completions")) {
      return {.kind = "deepseek.reasoning_content", .data = MemberText(block, "thinking")};
    }
    return WholeBlock("pi.thinking", block);
  }

  absl::Status ReadResult() {
    ToolResultPart result{.call_id = fields_.TakeTextOrJson("toolCallId"),
                          .is_error = fields_.TakeBool("isError")};
    const Json* const content = fields_.Take("content");
    if (content == nullptr) return fields_.Error("content", "it holds nothing");
    for (const Json& item : content->is_array() ? *content : Json::array({*content})) {
      if (IsText(item)) {
        result.content.emplace_back(TextPart{BytesOf(item).value()});
      } else if (std::optional<std::string> text = PlainTextBlock(item)) {
        result.content.emplace_back(TextPart{*std::move(text)});
      } else if (auto image = ReadImage(MemberText(item, "mimeType"), MemberText(item, "data"))) {
        result.content.emplace_back(*std::move(image));
      } else {
        result.content.emplace_back(TextPart{DumpJson(item)});
      }
    }
    builder_.Add(std::move(result));
    return absl::OkStatus();
  }

  // A command that the user ran: both are texts of the user's.
  absl::Status ReadBash() {
    for (const char* name : {"command", "output"}) {
      FOVEA_ASSIGN_OR_RETURN(std::string text, fields_.TakeText(name));
      builder_.Add(TextPart{std::move(text)});
    }
    return absl::OkStatus();
  }

  Fields fields_;
  MessageBuilder builder_;
  std::string api_;
};

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(const Record& record) {
    const Json& json = record.json;
    if (!json.is_object()) return RecordError(record.line, "record", "must be an object");
    const std::string type = MemberText(json, "type");
    if (type.empty()) return RecordError(record.line, "type", "is missing");
    if (type == "session") {
      builder_.session().session_id = MemberText(json, "id");
      for (const auto& [name, value] : json.items()) {
        if (name != "id" && name != "type") builder_.KeepMetadata(name, value);
      }
      return absl::OkStatus();
    }
    if (type == "session_info") builder_.session().title = MemberText(json, "name");
    Follow(MemberText(json, "parentId"));
    absl::Status status = ReadEntry(record, type);
    places_[MemberText(json, "id")] = builder_.turns();
    return status;
  }

 private:
  absl::Status ReadEntry(const Record& record, const std::string& type) {
    Fields fields(record.json, "");
    for (const char* name : {"type", "parentId"}) fields.Drop(name);
    Envelope envelope{.line = record.line, .time_us = TimeOf(fields.Take("timestamp"))};
    std::vector<std::string> unknown;
    if (type == "message") {
      const Json* const message = fields.Take("message");
      if (message == nullptr || !message->is_object()) {
        return RecordError(record.line, "message", "must be an object");
      }
      envelope.path = "message";
      envelope.attributes = fields.Rest({}, unknown);
      return builder_.Add(MessageReader(*message).Read(), std::move(envelope));
    }
    if (type == "compaction" || type == "branch_summary" || type == "custom_message") {
      Json message = Json::object();
      const bool custom = type == "custom_message";
      message["role"] = custom                 ? "custom"
                        : type == "compaction" ? "compactionSummary"
                                               : "branchSummary";
      const char* const name = custom ? "content" : "summary";
      if (const Json* const text = fields.Take(name)) message[name] = *text;
      envelope.attributes = fields.Rest({}, unknown);
      return builder_.Add(MessageReader(message).Read(), std::move(envelope));
    }
    if (!IsAside(type)) {
      return builder_.KeepUnknown("pi.entry", absl::StrCat("type=", type), record.json,
                                  record.line);
    }
    builder_.PassOver(type);
    return absl::OkStatus();
  }

  // An entry that follows an earlier one than the last: what came between was left.
  void Follow(const std::string& parent) {
    const auto found = places_.find(parent);
    if (found == places_.end() || found->second >= builder_.turns()) return;
    const size_t keep = found->second;
    builder_.Branch(keep);
    for (auto place = places_.begin(); place != places_.end();) {
      place = place->second > keep ? places_.erase(place) : std::next(place);
    }
  }

  SessionBuilder& builder_;
  std::map<std::string, size_t> places_;  // turns up to and with an entry, by id
};

}  // namespace

absl::Status ReadPi(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
