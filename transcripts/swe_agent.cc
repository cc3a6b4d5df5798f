// SWE-agent's trajectories (*.traj) and mini-swe-agent's: {"history": [...], "trajectory": [...]}
// or
// {"messages": [...]}, with messages of Chat's shape and more keys.
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
    const Json& json = record.json;
    if (!json.is_object()) return RecordError(line_, "record", "must be an object");
    for (const char* id : {"instance_id", "id"}) {
      if (builder_.session().session_id.empty()) {
        builder_.session().session_id = MemberText(json, id);
      }
    }
    const Json* const steps = Member(json, "trajectory");
    absl::Status status;
    const char* read = "";
    for (const char* name : {"history", "messages"}) {
      const Json* const list = Member(json, name);
      if (list == nullptr || !list->is_array() || list->empty()) continue;
      read = name;
      status = ReadHistory(*list, name);
      break;
    }
    if (*read == '\0' && steps != nullptr) {
      read = "trajectory";
      status = ReadSteps(*steps);
    }
    if (!status.ok()) return status;
    if (*read == '\0') return RecordError(line_, "history", "it holds nothing");
    for (const auto& [name, value] : json.items()) {
      if (name == "trajectory" && std::string(read) != "trajectory" && value.is_array()) {
        // The same words as the history, step by step.
        for (size_t i = 0; i < value.size(); ++i) builder_.PassOver("step of the trajectory");
      } else if (name != read && name != "trajectory" && name != "history") {
        builder_.KeepMetadata(name, value);
      }
    }
    return builder_.Finish();
  }

 private:
  absl::Status ReadHistory(const Json& list, const std::string& name) {
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string path = absl::StrCat(name, "[", i, "]");
      if (!list[i].is_object()) return RecordError(line_, path, "must be an object");
      FOVEA_RETURN_IF_ERROR(ReadEntry(list[i], path));
    }
    return absl::OkStatus();
  }

  absl::Status ReadEntry(const Json& entry, const std::string& path) {
    Fields fields(entry, "");
    Json message = Json::object();
    for (const char* name : {"role", "content", "tool_calls", "tool_call_id", "name", "refusal",
                             "reasoning_content", "function_call", "audio", "annotations",
                             "reasoning", "reasoning_details", "provider_specific_fields"}) {
      if (const Json* const value = fields.Take(name)) message[name] = *value;
    }
    if (const Json* const ids = fields.Take("tool_call_ids")) {
      if (ids->is_array() && !ids->empty() && MemberText(message, "role") == "tool") {
        message["tool_call_id"] = ids->front();
      }
    }
    // Thoughts that were recorded without a text.
    if (!message.contains("content") && !message.contains("tool_calls")) {
      if (const Json* const thought = fields.Take("thought")) message["content"] = *thought;
    }
    Envelope envelope{.line = line_, .path = path};
    envelope.time_us = TimeOf(fields.Take("timestamp"));
    const Json* const extra = Member(entry, "extra");
    if (extra != nullptr && envelope.time_us == 0) {
      envelope.time_us = TimeOf(Member(*extra, "timestamp"));
    }
    std::vector<std::string> unknown;
    envelope.attributes =
        fields.Rest({"message_type", "agent", "is_demo", "thought", "action", "extra", "tags",
                     "cache_control", "thinking_blocks", "object", "output", "type", "status"},
                    unknown);
    for (const std::string& key : unknown) {
      FOVEA_RETURN_IF_ERROR(builder_.Unknown(absl::StrCat(path, ".", key), line_));
    }
    return builder_.Add(ReadOpenAiChatMessage(message), std::move(envelope));
  }

  absl::Status ReadSteps(const Json& steps) {
    if (!steps.is_array()) return RecordError(line_, "trajectory", "must be a list");
    for (size_t i = 0; i < steps.size(); ++i) {
      const std::string path = absl::StrCat("trajectory[", i, "]");
      if (!steps[i].is_object()) return RecordError(line_, path, "must be an object");
      Fields fields(steps[i], "");
      std::string response = fields.TakeTextOrJson("response");
      std::string observation = fields.TakeTextOrJson("observation");
      if (response.empty()) {
        response = absl::StrCat(fields.TakeTextOrJson("thought"), fields.Has("action") ? "\n" : "",
                                fields.TakeTextOrJson("action"));
      }
      if (response.empty() && observation.empty()) {
        return RecordError(line_, absl::StrCat(path, ".response"), "it holds nothing");
      }
      Envelope envelope{.line = line_, .path = path};
      std::vector<std::string> more;
      envelope.attributes = fields.Rest({}, more);
      for (auto& [role, text] :
           {std::pair(Role::kAssistant, &response), std::pair(Role::kUser, &observation)}) {
        if (text->empty()) continue;
        FOVEA_RETURN_IF_ERROR(
            builder_.Add(Turn{.role = role, .parts = {TextPart{std::move(*text)}}}, envelope));
        envelope.attributes = Json::object();
      }
    }
    return absl::OkStatus();
  }

  SessionBuilder& builder_;
  uint64_t line_ = 1;
};

}  // namespace

absl::Status ReadSweAgent(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
