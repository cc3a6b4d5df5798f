// ShareGPT's conversations, and those of the data sets that follow it:
// {"conversations": [{"from": "human", "value": "..."}], "system": "..."}.
#include <deque>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/openai_chat.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(const Record& record) {
    line_ = record.line;
    if (!record.json.is_array()) return ReadSession(record.json, "");
    for (size_t i = 0; i < record.json.size(); ++i) {
      FOVEA_RETURN_IF_ERROR(ReadSession(record.json[i], absl::StrCat("[", i, "]")));
    }
    return absl::OkStatus();
  }

 private:
  static std::string Below(const std::string& path, const std::string& name) {
    return path.empty() ? name : absl::StrCat(path, ".", name);
  }

  absl::Status ReadSession(const Json& json, const std::string& path) {
    const Json* const list = Member(json, "conversations");
    const Json* const other = list == nullptr ? Member(json, "conversation") : list;
    const std::string name = list == nullptr ? "conversation" : "conversations";
    if (other == nullptr || !other->is_array()) {
      return RecordError(line_, Below(path, "conversations"), "must be a list");
    }
    open_.clear();
    calls_ = 0;
    builder_.session().session_id = MemberText(json, "id");
    if (std::string system = MemberText(json, "system"); !system.empty()) {
      FOVEA_RETURN_IF_ERROR(builder_.Add(
          Turn{.role = Role::kSystem, .parts = {TextPart{std::move(system)}}}, {.line = line_}));
    }
    for (const auto& [key, value] : json.items()) {
      if (key != "id" && key != "system" && key != name) builder_.KeepMetadata(key, value);
    }
    for (size_t i = 0; i < other->size(); ++i) {
      FOVEA_RETURN_IF_ERROR(ReadOne((*other)[i], absl::StrCat(Below(path, name), "[", i, "]")));
    }
    return builder_.Finish();
  }

  absl::Status ReadOne(const Json& json, const std::string& path) {
    if (!json.is_object()) return RecordError(line_, path, "must be an object");
    Envelope envelope{.line = line_, .path = path};
    if (json.contains("role") && !json.contains("from")) {
      return builder_.Add(ReadOpenAiChatMessage(json), std::move(envelope));
    }
    Fields fields(json, "");
    return builder_.Add(ReadValue(fields), std::move(envelope));
  }

  absl::StatusOr<ReadMessage> ReadValue(Fields& fields) {
    FOVEA_ASSIGN_OR_RETURN(std::string from, fields.TakeText("from"));
    const char* const name = fields.Has("value") ? "value" : "content";
    if (!fields.Has(name)) return fields.Error("value", "it holds nothing");
    FOVEA_ASSIGN_OR_RETURN(std::string value, fields.TakeText(name));
    Role role = Role::kUser;
    const bool call = from == "function_call" || from == "tool_call";
    if (from == "system") {
      role = Role::kSystem;
    } else if (from == "gpt" || from == "assistant" || from == "chatgpt" || from == "bing" ||
               from == "bard" || from == "model" || call) {
      role = Role::kAssistant;
    } else if (from == "tool" || from == "observation" || from == "function_response" ||
               from == "function") {
      role = Role::kTool;
    } else if (from != "human" && from != "user") {
      return fields.Error("from", absl::StrCat("is \"", from,
                                               "\", not system, human, gpt, function_call, "
                                               "observation or another known name"));
    }
    MessageBuilder builder(role);
    if (call) {
      builder.Add(Call(value));
    } else if (role == Role::kTool) {
      ToolResultPart result;
      if (!open_.empty()) {
        result.call_id = std::move(open_.front());
        open_.pop_front();
      }
      result.content.emplace_back(TextPart{std::move(value)});
      builder.Add(std::move(result));
    } else {
      builder.Add(TextPart{std::move(value)});
    }
    if (from != "system" && from != "human" && from != "gpt") builder.Keep("from", JsonOf(from));
    builder.Keep(fields.Rest({"weight", "loss", "markdown", "text"}, builder.unknown_keys()));
    return std::move(builder).Finish("value");
  }

  // {"name": "...", "arguments": {...}} as text; what is not of that form is the arguments of a
  // call without a name.
  ToolCallPart Call(const std::string& value) {
    ToolCallPart call{.call_id = absl::StrCat("call-", ++calls_)};
    open_.push_back(call.call_id);
    const absl::StatusOr<Json> json = ParseJson(value);
    if (json.ok() && json->is_object() && json->size() == 2 && json->contains("name") &&
        json->contains("arguments") && IsText((*json)["name"])) {
      call.name = MemberText(*json, "name");
      call.arguments_json = ArgumentsOf(Member(*json, "arguments"));
    } else {
      call.name = "function_call";
      call.arguments_json = value;
    }
    return call;
  }

  SessionBuilder& builder_;
  uint64_t line_ = 1;
  uint64_t calls_ = 0;
  std::deque<std::string> open_;  // ids of calls without a result
};

}  // namespace

absl::Status ReadShareGpt(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
