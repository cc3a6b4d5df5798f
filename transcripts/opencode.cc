// What `opencode export` writes: {"info": SESSION, "messages": [{"info", "parts"}]}. An assistant's
// message holds several steps; a tool's part holds call and result.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

bool IsAside(const std::string& type) {
  return type == "step-start" || type == "step-finish" || type == "snapshot" || type == "patch" ||
         type == "agent" || type == "retry" || type == "compaction";
}

class MessageReader {
 public:
  MessageReader(const Json& message, std::string path, SessionBuilder& builder)
      : message_(message), path_(std::move(path)), builder_(builder) {}

  absl::Status Read() {
    const Json* const info = Member(message_, "info");
    const Json* const parts = Member(message_, "parts");
    if (info == nullptr || !info->is_object()) return Error("info", "must be an object");
    if (parts == nullptr || !parts->is_array()) return Error("parts", "must be a list");
    const std::string role = MemberText(*info, "role");
    if (role != "user" && role != "assistant") {
      return Error("info.role", absl::StrCat("is \"", role, "\", not user or assistant"));
    }
    turn_.role = role == "user" ? Role::kUser : Role::kAssistant;
    if (const Json* const time = Member(*info, "time")) time_ = TimeOf(Member(*time, "created"));
    attributes_ = *info;
    for (const char* name : {"role", "sessionID"}) attributes_.erase(name);
    for (size_t i = 0; i < parts->size(); ++i) {
      FOVEA_RETURN_IF_ERROR(ReadPart((*parts)[i], absl::StrCat(path_, ".parts[", i, "]")));
    }
    FOVEA_RETURN_IF_ERROR(Flush());
    if (added_) return absl::OkStatus();
    // An answer that failed before its first word is told by its error.
    if (const Json* const error = Member(*info, "error")) {
      builder_.PassOver(absl::StrCat("message without parts, ", MemberText(*error, "name")));
      return absl::OkStatus();
    }
    return Error("parts", "it holds nothing");
  }

 private:
  absl::Status Error(const std::string& key, const std::string& problem) const {
    return RecordError(1, absl::StrCat(path_, ".", key), problem);
  }

  absl::Status ReadPart(const Json& part, const std::string& path) {
    if (!part.is_object()) return RecordError(1, path, "must be an object");
    const std::string type = MemberText(part, "type");
    // What comes behind a tool's part belongs to the next step.
    if (!results_.empty() && type != "tool") {
      if (absl::Status status = Flush(); !status.ok()) return status;
    }
    if (type == "text" || type == "subtask") {
      const char* const name = type == "text" ? "text" : "prompt";
      const Json* const text = Member(part, name);
      if (text == nullptr || !IsText(*text)) return RecordError(1, path + "." + name, "is missing");
      Put(TextPart{BytesOf(*text).value()}, part, {"type", name});
    } else if (type == "reasoning") {
      Put(Reasoning(part), Json::object(), {});
    } else if (type == "tool") {
      return ReadTool(part, path);
    } else if (type == "file") {
      ReadFile(part);
    } else if (!IsAside(type)) {
      Put(WholeBlock("opencode.part", part), Json::object(), {});
      return builder_.Unknown(absl::StrCat("messages[].parts[].type=", type), 1);
    } else {
      builder_.PassOver(absl::StrCat("part ", type));
    }
    return absl::OkStatus();
  }

  // Adds the part; what `json` has beside `read` is kept.
  void Put(Part part, const Json& json, std::initializer_list<const char*> read) {
    Json rest = json;
    for (const char* name : read) rest.erase(name);
    for (const char* name : {"id", "sessionID", "messageID", "time"}) rest.erase(name);
    if (!rest.empty()) kept_[absl::StrCat(turn_.parts.size())] = std::move(rest);
    turn_.parts.push_back(std::move(part));
  }

  static OpaquePart Reasoning(const Json& part) {
    const Json text = part.contains("text") ? part["text"] : Json("");
    const Json* const metadata = Member(part, "metadata");
    const Json* const anthropic = metadata == nullptr ? nullptr : Member(*metadata, "anthropic");
    const Json* const openai = metadata == nullptr ? nullptr : Member(*metadata, "openai");
    Json block = Json::object();
    if (anthropic != nullptr && anthropic->contains("signature")) {
      block["type"] = "thinking";
      block["thinking"] = text;
      block["signature"] = (*anthropic)["signature"];
      return WholeBlock("anthropic.thinking", block);
    }
    if (openai != nullptr && openai->contains("itemId")) {
      block["type"] = "reasoning";
      block["id"] = (*openai)["itemId"];
      block["summary"] = Json::array();
      block["summary"].push_back({{"type", "summary_text"}, {"text", text}});
      if (const Json* const encrypted = Member(*openai, "reasoningEncryptedContent")) {
        block["encrypted_content"] = *encrypted;
      }
      return WholeBlock("openai.reasoning", block);
    }
    return {.kind = "deepseek.reasoning_content",
            .data = IsText(text) ? BytesOf(text).value() : ""};
  }

  absl::Status ReadTool(const Json& part, const std::string& path) {
    const Json* const state = Member(part, "state");
    if (state == nullptr || !state->is_object()) {
      return RecordError(1, path + ".state", "must be an object");
    }
    ToolCallPart call{.call_id = MemberText(part, "callID"), .name = MemberText(part, "tool")};
    if (call.name.empty()) return RecordError(1, path + ".tool", "is missing");
    call.arguments_json = ArgumentsOf(Member(*state, "input"));
    const std::string status = MemberText(*state, "status");
    if (turn_.role == Role::kAssistant) {
      Json rest = *state;
      for (const char* name : {"status", "input", "output", "error", "attachments"}) {
        rest.erase(name);
      }
      Put(call, rest, {});
    }
    if (status != "completed" && status != "error") return absl::OkStatus();
    ToolResultPart result{.call_id = call.call_id, .is_error = status == "error"};
    if (const Json* const output = Member(*state, result.is_error ? "error" : "output")) {
      result.content.emplace_back(
          TextPart{IsText(*output) ? BytesOf(*output).value() : DumpJson(*output)});
    }
    if (const Json* const attachments = Member(*state, "attachments")) {
      for (const Json& file : attachments->is_array() ? *attachments : Json::array()) {
        if (auto image = ReadDataUrl(MemberText(file, "url"))) {
          result.content.emplace_back(*std::move(image));
        } else {
          result.content.emplace_back(TextPart{DumpJson(file)});
        }
      }
    }
    results_.emplace_back(std::move(result));
    return absl::OkStatus();
  }

  void ReadFile(const Json& part) {
    const std::string url = MemberText(part, "url");
    if (auto image = ReadDataUrl(url)) {
      Put(*std::move(image), part, {"type", "url"});
      return;
    }
    if (auto document = ReadFileData(url)) {
      document->name = MemberText(part, "filename");
      if (!document->media_type.empty() && Fits(*document)) {
        Put(*std::move(document), part, {"type", "url", "filename"});
        return;
      }
    }
    Put(WholeBlock("opencode.file", part), Json::object(), {});
  }

  // Adds the turn of the step, and the one of its results.
  absl::Status Flush() {
    if (!turn_.parts.empty()) {
      Envelope envelope{.line = 1, .path = path_, .time_us = time_};
      envelope.attributes = std::exchange(attributes_, Json::object());
      if (!kept_.empty()) {
        Json attributes = Json::object();
        attributes[kPartAttributes] = std::exchange(kept_, Json::object());
        turn_.attributes_json = DumpJson(attributes);
      }
      const Role role = turn_.role;
      FOVEA_RETURN_IF_ERROR(
          builder_.Add(std::exchange(turn_, Turn{.role = role}), std::move(envelope)));
      added_ = true;
    }
    if (results_.empty()) return absl::OkStatus();
    Turn turn{.role = Role::kTool, .parts = std::exchange(results_, {})};
    added_ = true;
    return builder_.Add(std::move(turn), {.line = 1, .path = path_, .time_us = time_});
  }

  const Json& message_;
  const std::string path_;
  SessionBuilder& builder_;
  Turn turn_;
  std::vector<Part> results_;
  Json attributes_ = Json::object();
  Json kept_ = Json::object();
  int64_t time_ = 0;
  bool added_ = false;
};

absl::Status ReadExport(const Record& record, SessionBuilder& builder) {
  const Json* const info = Member(record.json, "info");
  const Json* const messages = Member(record.json, "messages");
  if (info == nullptr || messages == nullptr || !messages->is_array()) {
    return RecordError(record.line, "messages", "must be a list beside info");
  }
  builder.session().session_id = MemberText(*info, "id");
  builder.session().title = MemberText(*info, "title");
  for (const auto& [name, value] : info->items()) {
    if (name != "id" && name != "title") builder.KeepMetadata(name, value);
  }
  for (size_t i = 0; i < messages->size(); ++i) {
    FOVEA_RETURN_IF_ERROR(
        MessageReader((*messages)[i], absl::StrCat("messages[", i, "]"), builder).Read());
  }
  return builder.Finish();
}

}  // namespace

absl::Status ReadOpencode(Records& records, SessionBuilder& builder) {
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = ReadExport(*record, builder); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
