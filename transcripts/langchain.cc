// LangChain's and LangGraph's messages: {"type": "human", "content"}, {"type": "ai", "data":
// {...}}, or
// {"lc": 1, "id": [..., "HumanMessage"], "kwargs": {...}}; in a list, or in a graph's state.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/openai_parts.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

class MessageReader {
 public:
  MessageReader(const Json& message, const std::string& kind, Role role)
      : fields_(message, ""), kind_(kind), builder_(role) {}

  absl::StatusOr<ReadMessage> Read() {
    fields_.Drop("type");
    fields_.Drop("example");
    fields_.Drop("role");
    absl::Status status =
        builder_.role() == Role::kTool ? ReadResult() : ReadSaid(fields_.Take("content"));
    if (!status.ok()) return status;
    if (builder_.role() == Role::kAssistant) {
      if (status = ReadCalls(); !status.ok()) return status;
    }
    if (kind_ == "function" || kind_ == "developer") builder_.Keep("type", JsonOf(kind_));
    Json rest = fields_.Rest(
        {"id", "name", "additional_kwargs", "response_metadata", "usage_metadata", "artifact",
         "tool_calls", "invalid_tool_calls", "tool_call_chunks", "chunk_position"},
        builder_.unknown_keys());
    // Nearly every message has these, empty.
    for (const char* name : {"additional_kwargs", "response_metadata", "invalid_tool_calls",
                             "tool_calls", "tool_call_chunks"}) {
      if (rest.contains(name) && rest[name].empty()) rest.erase(name);
    }
    builder_.Keep(rest);
    return std::move(builder_).Finish("content");
  }

 private:
  absl::Status ReadResult() {
    ToolResultPart result{.call_id = fields_.TakeTextOrJson("tool_call_id")};
    const std::string status = fields_.TakeTextOrJson("status");
    result.is_error = status == "error";
    const Json* const content = fields_.Take("content");
    if (content == nullptr) return fields_.Error("content", "it holds nothing");
    FOVEA_ASSIGN_OR_RETURN(Json kept,
                           ReadOpenAiOutput(*content, "content", result, builder_.unknown_keys()));
    builder_.Add(std::move(result), kept);
    return absl::OkStatus();
  }

  absl::Status ReadSaid(const Json* content) {
    // DeepSeek's thoughts, where LangChain puts them.
    if (const Json* const more = Member(fields_.object(), "additional_kwargs")) {
      const std::string thoughts = MemberText(*more, "reasoning_content");
      if (!thoughts.empty() && builder_.role() == Role::kAssistant) {
        builder_.Add(OpaquePart{"deepseek.reasoning_content", thoughts});
      }
    }
    if (content == nullptr) return absl::OkStatus();
    if (!content->is_array()) return ReadOpenAiContent(*content, "content", "", builder_);
    if (content->empty()) {
      if (!fields_.Has("tool_calls")) builder_.Add(TextPart{});
      return absl::OkStatus();
    }
    for (size_t i = 0; i < content->size(); ++i) {
      const std::string path = absl::StrCat("content[", i, "]");
      if (absl::Status status = ReadBlock((*content)[i], path); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Blocks are those of the provider, and LangChain's own.
  absl::Status ReadBlock(const Json& block, const std::string& path) {
    const std::string type = TypeOf(block);
    if (type == "thinking" || type == "redacted_thinking" || type == "server_tool_use" ||
        absl::EndsWith(type, "_tool_result")) {
      builder_.Add(WholeBlock(absl::StrCat("anthropic.", type), Without(block, "index")));
      return absl::OkStatus();
    }
    if (type == "reasoning") {
      builder_.Add(WholeBlock("openai.reasoning", Without(block, "index")));
      return absl::OkStatus();
    }
    // A call stands in tool_calls, too.
    if (type == "tool_use" || type == "tool_call" || type == "function_call" ||
        type == "input_json_delta" || type == "tool_call_chunk") {
      if (fields_.Has("tool_calls") && !fields_.object()["tool_calls"].empty()) {
        return absl::OkStatus();
      }
      builder_.Add(WholeBlock(absl::StrCat("langchain.", type), block));
      return absl::OkStatus();
    }
    if (type == "image" || type == "file" || type == "audio") {
      for (const char* data : {"data", "base64"}) {
        const std::string mime = MemberText(block, "mime_type");
        const std::string base64 = MemberText(block, data);
        if (base64.empty()) continue;
        if (auto image = ReadImage(mime, base64)) {
          builder_.Add(*std::move(image));
          return absl::OkStatus();
        }
        auto file = ReadFileData(absl::StrCat("data:", mime, ";base64,", base64));
        if (file.has_value() && type == "file") {
          builder_.Add(*std::move(file));
          return absl::OkStatus();
        }
      }
      if (type == "image" || type == "audio" || !block.contains("file")) {
        builder_.Add(WholeBlock(absl::StrCat("langchain.", type), block));
        return absl::OkStatus();
      }
    }
    Json list = Json::array();
    list.push_back(block);
    if (type == "text") list[0].erase("index");
    absl::Status status = ReadOpenAiContent(list, path, "", builder_);
    return status;
  }

  absl::Status ReadCalls() {
    for (const char* name : {"tool_calls", "invalid_tool_calls"}) {
      const Json* const calls = fields_.Take(name);
      if (calls == nullptr) continue;
      if (!calls->is_array()) return fields_.Error(name, "must be a list");
      for (size_t i = 0; i < calls->size(); ++i) {
        const std::string path = absl::StrCat(name, "[", i, "]");
        if (!(*calls)[i].is_object()) {
          return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
        }
        Fields call((*calls)[i], path);
        call.Drop("type");
        ToolCallPart part{.call_id = call.TakeTextOrJson("id")};
        part.name = call.TakeTextOrJson("name");
        part.arguments_json = ArgumentsOf(call.Take("args"));
        builder_.Add(std::move(part), call.Rest({"error", "index"}, builder_.unknown_keys()));
      }
    }
    return absl::OkStatus();
  }

  Fields fields_;
  const std::string kind_;
  MessageBuilder builder_;
};

// "ai" of {"type": "ai"}, {"id": [..., "AIMessageChunk"]} and {"type": "AIMessageChunk"}.
std::string KindOf(const Json& json) {
  std::string kind = MemberText(json, "type");
  const Json* const id = Member(json, "id");
  if (kind == "constructor" && id != nullptr && id->is_array() && !id->empty() &&
      IsText(id->back())) {
    kind = BytesOf(id->back()).value();
  }
  for (const char* suffix : {"Chunk", "Message"}) {
    if (absl::EndsWith(kind, suffix)) kind.resize(kind.size() - std::string(suffix).size());
  }
  kind = absl::AsciiStrToLower(kind);
  return kind.empty() ? MemberText(json, "role") : kind;
}

absl::StatusOr<Role> RoleOf(const std::string& kind) {
  if (kind == "human" || kind == "user") return Role::kUser;
  if (kind == "ai" || kind == "assistant") return Role::kAssistant;
  if (kind == "system" || kind == "developer") return Role::kSystem;
  if (kind == "tool" || kind == "function") return Role::kTool;
  return absl::InvalidArgumentError(
      absl::StrCat("type: is \"", kind, "\", not human, ai, system, tool or function"));
}

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(const Record& record) {
    line_ = record.line;
    const Json& json = record.json;
    if (json.is_array()) return ReadAll(json, "");
    if (!json.is_object()) return RecordError(line_, "record", "must be an object or a list");
    for (const char* around : {"", "values", "channel_values", "checkpoint", "state", "output"}) {
      const Json* inner = *around == '\0' ? &json : Member(json, around);
      if (inner == nullptr) continue;
      if (std::string(around) == "checkpoint") inner = Member(*inner, "channel_values");
      const Json* const messages = inner == nullptr ? nullptr : Member(*inner, "messages");
      if (messages == nullptr) continue;
      for (const char* id : {"thread_id", "session_id", "id"}) {
        if (builder_.session().session_id.empty()) {
          builder_.session().session_id = MemberText(json, id);
        }
      }
      for (const auto& [name, value] : json.items()) {
        if (&value != inner && name != "messages") builder_.KeepMetadata(name, value);
      }
      return ReadAll(*messages, *around == '\0' ? "messages" : absl::StrCat(around, ".messages"));
    }
    return ReadOne(json, "");
  }

 private:
  absl::Status ReadAll(const Json& list, const std::string& path) {
    if (!list.is_array()) return RecordError(line_, path, "must be a list");
    for (size_t i = 0; i < list.size(); ++i) {
      FOVEA_RETURN_IF_ERROR(ReadOne(list[i], absl::StrCat(path, "[", i, "]")));
    }
    return builder_.Finish();
  }

  absl::Status ReadOne(const Json& json, const std::string& path) {
    if (!json.is_object()) return RecordError(line_, path, "must be an object");
    const std::string kind = KindOf(json);
    if (kind == "remove") {
      builder_.PassOver("message remove");
      return absl::OkStatus();
    }
    Envelope envelope{.line = line_, .path = path};
    absl::StatusOr<Role> role = RoleOf(kind);
    if (!role.ok()) return builder_.Add(role.status(), std::move(envelope));
    const Json* inner = Member(json, "data");
    const char* name = "data";
    if (inner == nullptr && json.contains("kwargs")) {
      inner = Member(json, "kwargs");
      name = "kwargs";
    }
    if (inner == nullptr) {
      return builder_.Add(MessageReader(json, kind, *role).Read(), std::move(envelope));
    }
    envelope.path = path.empty() ? name : absl::StrCat(path, ".", name);
    if (!inner->is_object()) return RecordError(line_, envelope.path, "must be an object");
    return builder_.Add(MessageReader(*inner, kind, *role).Read(), std::move(envelope));
  }

  SessionBuilder& builder_;
  uint64_t line_ = 1;
};

}  // namespace

absl::Status ReadLangChain(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
