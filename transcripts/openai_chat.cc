#include "transcripts/openai_chat.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/openai_parts.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

constexpr char kReasoning[] = "deepseek.reasoning_content";

absl::StatusOr<Role> RoleOf(const std::string& name, const Fields& fields) {
  if (name == "system" || name == "developer") return Role::kSystem;
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool" || name == "function") return Role::kTool;
  return fields.Error("role", absl::StrCat("is \"", name,
                                           "\", not system, developer, user, assistant, tool or "
                                           "function"));
}

class Reader {
 public:
  Reader(Fields& fields, MessageBuilder& builder) : fields_(fields), builder_(builder) {}

  absl::Status ReadResult() {
    ToolResultPart result{.call_id = fields_.TakeTextOrJson("tool_call_id"),
                          .is_error = fields_.TakeBool("is_error")};
    const Json* const content = fields_.Take("content");
    if (content == nullptr) return fields_.Error("content", "it holds nothing");
    FOVEA_ASSIGN_OR_RETURN(Json kept, ReadOpenAiOutput(*content, fields_.PathOf("content"), result,
                                                       builder_.unknown_keys()));
    builder_.Add(std::move(result), kept);
    return absl::OkStatus();
  }

  absl::Status ReadSaid(bool assistant) {
    if (assistant) {
      FOVEA_ASSIGN_OR_RETURN(std::string reasoning, fields_.TakeText("reasoning_content"));
      if (!reasoning.empty()) builder_.Add(OpaquePart{kReasoning, std::move(reasoning)});
    }
    if (const Json* const content = fields_.Take("content")) {
      FOVEA_RETURN_IF_ERROR(ReadOpenAiContent(*content, fields_.PathOf("content"), "", builder_));
    }
    if (!assistant) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(std::string refusal, fields_.TakeText("refusal"));
    if (!refusal.empty()) builder_.Add(RefusalPart{std::move(refusal)});
    FOVEA_RETURN_IF_ERROR(ReadAudio());
    return ReadCalls();
  }

 private:
  absl::Status ReadAudio() {
    const Json* const json = fields_.Take("audio");
    if (json == nullptr) return absl::OkStatus();
    if (!json->is_object()) return fields_.Error("audio", "must be an object");
    Fields audio(*json, fields_.PathOf("audio"));
    const std::string id = audio.TakeTextOrJson("id");
    const std::string transcript = audio.TakeTextOrJson("transcript");
    const std::string data = audio.TakeTextOrJson("data");
    std::optional<AudioPart> part = data.empty() ? AudioPart{} : ReadSound("", data);
    if (!part.has_value()) return audio.Error("data", "must be base64");
    part->id = id;
    part->transcript = transcript;
    if (!Fits(*part)) return audio.Error("id", "is too long or not UTF-8");
    builder_.Add(*std::move(part), audio.Rest({"expires_at"}, builder_.unknown_keys()));
    return absl::OkStatus();
  }

  absl::Status ReadCalls() {
    if (const Json* const calls = fields_.Take("tool_calls")) {
      if (!calls->is_array()) return fields_.Error("tool_calls", "must be a list");
      for (size_t i = 0; i < calls->size(); ++i) {
        const std::string path = fields_.PathOf(absl::StrCat("tool_calls[", i, "]"));
        if (absl::Status status = ReadCall((*calls)[i], path); !status.ok()) return status;
      }
    }
    // As the API had it before tool_calls.
    if (const Json* const call = fields_.Take("function_call")) {
      if (!call->is_object()) return fields_.Error("function_call", "must be an object");
      Fields function(*call, fields_.PathOf("function_call"));
      return AddCall(function, "arguments", ToolCallPart{}, Json::object());
    }
    return absl::OkStatus();
  }

  absl::Status ReadCall(const Json& json, const std::string& path) {
    if (!json.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
    }
    Fields call(json, path);
    ToolCallPart part{.call_id = call.TakeTextOrJson("id")};
    part.custom = call.TakeTextOrJson("type") == "custom";
    const char* const kind = part.custom ? "custom" : "function";
    const Json* const called = call.Take(kind);
    if (called == nullptr || !called->is_object()) return call.Error(kind, "must be an object");
    const Json rest = call.Rest({"index", "extra_content"}, builder_.unknown_keys());
    Fields function(*called, call.PathOf(kind));
    return AddCall(function, part.custom ? "input" : "arguments", std::move(part), rest);
  }

  // `attributes`: what is kept of the call around the function.
  absl::Status AddCall(Fields& function, const char* arguments, ToolCallPart part,
                       Json attributes) {
    FOVEA_ASSIGN_OR_RETURN(std::string name, function.TakeText("name"));
    part.name = std::move(name);
    const Json* const written = function.Take(arguments);
    part.arguments_json = written == nullptr ? "" : ArgumentsOf(written);
    if (Json rest = function.Rest({}, builder_.unknown_keys()); !rest.empty()) {
      attributes[part.custom ? "custom" : "function"] = std::move(rest);
    }
    builder_.Add(std::move(part), attributes);
    return absl::OkStatus();
  }

  Fields& fields_;
  MessageBuilder& builder_;
};

}  // namespace

absl::StatusOr<ReadMessage> ReadOpenAiChatMessage(const Json& message) {
  if (!message.is_object()) return absl::InvalidArgumentError("a message must be an object");
  Fields fields(message, "");
  FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("role"));
  FOVEA_ASSIGN_OR_RETURN(Role role, RoleOf(name, fields));
  MessageBuilder builder(role);
  if (name == "developer" || name == "function") builder.Keep("role", JsonOf(name));
  Reader reader(fields, builder);
  FOVEA_RETURN_IF_ERROR(role == Role::kTool ? reader.ReadResult()
                                            : reader.ReadSaid(role == Role::kAssistant));
  builder.Keep(fields.Rest({"name", "annotations", "reasoning", "reasoning_details"},
                           builder.unknown_keys()));
  return std::move(builder).Finish("content");
}

}  // namespace fovea::transcripts
