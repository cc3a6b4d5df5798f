#include "transcripts/turn_json.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"

namespace fovea::transcripts {
namespace {

void Put(Json& json, const char* name, const std::string& bytes) {
  if (!bytes.empty()) json[name] = JsonOf(bytes);
}

Json Named(const char* name, Json value) {
  Json json = Json::object();
  json[name] = std::move(value);
  return json;
}

struct ToJson {
  Json operator()(const TextPart& part) const {
    Json json = Json::object();
    Put(json, "text", part.text);
    Put(json, "phase", part.phase);
    return Named("text", std::move(json));
  }
  Json operator()(const ImagePart& part) const {
    Json json = Json::object();
    Put(json, "media_type", part.media_type);
    Put(json, "data", part.data);
    return Named("image", std::move(json));
  }
  Json operator()(const ToolCallPart& part) const {
    Json json = Json::object();
    Put(json, "call_id", part.call_id);
    Put(json, "name", part.name);
    Put(json, "arguments_json", part.arguments_json);
    if (part.custom) json["custom"] = true;
    return Named("tool_call", std::move(json));
  }
  Json operator()(const ToolResultPart& part) const {
    Json json = Json::object();
    Put(json, "call_id", part.call_id);
    for (const auto& item : part.content) json["content"].push_back(std::visit(ToJson(), item));
    if (part.is_error) json["is_error"] = true;
    return Named("tool_result", std::move(json));
  }
  Json operator()(const OpaquePart& part) const {
    Json json = Json::object();
    Put(json, "kind", part.kind);
    Put(json, "data", part.data);
    return Named("opaque", std::move(json));
  }
  Json operator()(const DocumentPart& part) const {
    Json json = Json::object();
    Put(json, "media_type", part.media_type);
    Put(json, "name", part.name);
    Put(json, "data", part.data);
    Put(json, "uri", part.uri);
    Put(json, "context", part.context);
    Put(json, "attributes_json", part.attributes_json);
    return Named("document", std::move(json));
  }
  Json operator()(const SearchResultPart& part) const {
    Json json = Json::object();
    Put(json, "source", part.source);
    Put(json, "title", part.title);
    for (const std::string& text : part.text) json["text"].push_back(JsonOf(text));
    Put(json, "attributes_json", part.attributes_json);
    return Named("search_result", std::move(json));
  }
  Json operator()(const ToolReferencePart& part) const {
    Json json = Json::object();
    Put(json, "tool_name", part.tool_name);
    return Named("tool_reference", std::move(json));
  }
  Json operator()(const RefusalPart& part) const {
    Json json = Json::object();
    Put(json, "text", part.text);
    return Named("refusal", std::move(json));
  }
  Json operator()(const AudioPart& part) const {
    Json json = Json::object();
    Put(json, "media_type", part.media_type);
    Put(json, "data", part.data);
    Put(json, "transcript", part.transcript);
    Put(json, "id", part.id);
    return Named("audio", std::move(json));
  }
};

// Reads the fields of one part; the first thing that is wrong is kept.
class PartReader {
 public:
  PartReader(const Json& json, const std::string& path) : fields_(json, path) {}

  std::string Bytes(const char* name) {
    const Json* const value = fields_.Take(name);
    if (value == nullptr) return "";
    absl::StatusOr<std::string> bytes = BytesOf(*value);
    if (bytes.ok()) return *std::move(bytes);
    Fail(fields_.Error(name, R"(must be a string or {"base64": "..."})"));
    return "";
  }

  bool Bool(const char* name) {
    const Json* const value = fields_.Take(name);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    Fail(fields_.Error(name, "must be true or false"));
    return false;
  }

  // The members of a list; none if it is missing.
  const Json& List(const char* name) {
    static const Json* const kNone = new Json(Json::array());
    const Json* const value = fields_.Take(name);
    if (value == nullptr) return *kNone;
    if (value->is_array()) return *value;
    Fail(fields_.Error(name, "must be a list"));
    return *kNone;
  }

  std::string PathOf(const std::string& name) const { return fields_.PathOf(name); }

  void Fail(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  absl::Status Finish() {
    std::vector<std::string> unknown;
    (void)fields_.Rest({}, unknown);
    if (!unknown.empty()) Fail(absl::InvalidArgumentError(absl::StrCat(unknown[0], ": unknown")));
    return status_;
  }

 private:
  Fields fields_;
  absl::Status status_;
};

absl::Status NotOneField(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object with one field"));
}

// The name of the only member of `json`, an object; "" if it is not of that form.
std::string KindOf(const Json& json) {
  if (!json.is_object() || json.size() != 1 || !json.front().is_object()) return "";
  return json.begin().key();
}

absl::StatusOr<ResultItem> ItemFromJson(const Json& json, const std::string& path) {
  const std::string kind = KindOf(json);
  if (kind.empty()) return NotOneField(path);
  PartReader read(json.front(), absl::StrCat(path, ".", kind));
  ResultItem item;
  if (kind == "text") {
    item = TextPart{.text = read.Bytes("text"), .phase = read.Bytes("phase")};
  } else if (kind == "image") {
    item = ImagePart{.media_type = read.Bytes("media_type"), .data = read.Bytes("data")};
  } else if (kind == "document") {
    item = DocumentPart{.media_type = read.Bytes("media_type"),
                        .name = read.Bytes("name"),
                        .data = read.Bytes("data"),
                        .uri = read.Bytes("uri"),
                        .context = read.Bytes("context"),
                        .attributes_json = read.Bytes("attributes_json")};
  } else if (kind == "search_result") {
    SearchResultPart result{.source = read.Bytes("source"), .title = read.Bytes("title")};
    for (const Json& text : read.List("text")) {
      absl::StatusOr<std::string> bytes = BytesOf(text);
      if (!bytes.ok()) {
        read.Fail(absl::InvalidArgumentError(absl::StrCat(path, ".text: must hold strings")));
      }
      result.text.push_back(std::move(bytes).value_or(""));
    }
    result.attributes_json = read.Bytes("attributes_json");
    item = std::move(result);
  } else if (kind == "tool_reference") {
    item = ToolReferencePart{read.Bytes("tool_name")};
  } else {
    return absl::InvalidArgumentError(absl::StrCat(path, ".", kind, ": unknown"));
  }
  FOVEA_RETURN_IF_ERROR(read.Finish());
  return item;
}

absl::StatusOr<Part> ResultFromJson(const Json& json, const std::string& path) {
  PartReader read(json, path);
  ToolResultPart result{.call_id = read.Bytes("call_id"), .is_error = read.Bool("is_error")};
  const Json& content = read.List("content");
  for (size_t i = 0; i < content.size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(ResultItem item,
                           ItemFromJson(content[i], absl::StrCat(path, ".content[", i, "]")));
    result.content.push_back(std::move(item));
  }
  FOVEA_RETURN_IF_ERROR(read.Finish());
  return Part(std::move(result));
}

absl::StatusOr<Part> PartFromJson(const Json& json, const std::string& path) {
  const std::string kind = KindOf(json);
  if (kind.empty()) return NotOneField(path);
  const std::string inner = absl::StrCat(path, ".", kind);
  if (kind == "tool_result") return ResultFromJson(json.front(), inner);
  PartReader read(json.front(), inner);
  Part part;
  if (kind == "tool_call") {
    part = ToolCallPart{.call_id = read.Bytes("call_id"),
                        .name = read.Bytes("name"),
                        .arguments_json = read.Bytes("arguments_json"),
                        .custom = read.Bool("custom")};
  } else if (kind == "opaque") {
    part = OpaquePart{.kind = read.Bytes("kind"), .data = read.Bytes("data")};
  } else if (kind == "refusal") {
    part = RefusalPart{read.Bytes("text")};
  } else if (kind == "audio") {
    part = AudioPart{.media_type = read.Bytes("media_type"),
                     .data = read.Bytes("data"),
                     .transcript = read.Bytes("transcript"),
                     .id = read.Bytes("id")};
  } else {
    FOVEA_ASSIGN_OR_RETURN(ResultItem item, ItemFromJson(json, path));
    if (std::holds_alternative<ToolReferencePart>(item)) {
      return absl::InvalidArgumentError(absl::StrCat(inner, ": stands in results only"));
    }
    std::visit(
        [&](auto& found) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(found)>, ToolReferencePart>) {
            part = std::move(found);
          }
        },
        item);
    return part;
  }
  FOVEA_RETURN_IF_ERROR(read.Finish());
  return part;
}

}  // namespace

Json TurnToJson(const Turn& turn) {
  Json json = Json::object();
  json["role"] = RoleName(turn.role);
  if (turn.time_us != 0) json["time_us"] = turn.time_us;
  json["parts"] = Json::array();
  for (const Part& part : turn.parts) json["parts"].push_back(std::visit(ToJson(), part));
  Put(json, "attributes_json", turn.attributes_json);
  Put(json, "agent_id", turn.agent_id);
  return json;
}

absl::StatusOr<Turn> TurnFromJson(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("a turn must be an object");
  Fields fields(json, "");
  fields.Drop("seq");
  Turn turn;
  const std::string role = fields.TakeTextOrJson("role");
  bool known = false;
  for (const Role candidate : {Role::kSystem, Role::kUser, Role::kAssistant, Role::kTool}) {
    if (role != RoleName(candidate)) continue;
    turn.role = candidate;
    known = true;
  }
  if (!known) return fields.Error("role", "must be system, user, assistant or tool");
  if (const Json* const time = fields.Take("time_us")) {
    if (!time->is_number_integer()) return fields.Error("time_us", "must be a whole number");
    turn.time_us = time->get<int64_t>();
  }
  if (const Json* const parts = fields.Take("parts")) {
    if (!parts->is_array()) return fields.Error("parts", "must be a list");
    for (size_t i = 0; i < parts->size(); ++i) {
      FOVEA_ASSIGN_OR_RETURN(Part part, PartFromJson((*parts)[i], absl::StrCat("parts[", i, "]")));
      turn.parts.push_back(std::move(part));
    }
  }
  for (const auto& [name, text] : {std::pair("attributes_json", &turn.attributes_json),
                                   std::pair("agent_id", &turn.agent_id)}) {
    FOVEA_ASSIGN_OR_RETURN(std::string value, fields.TakeText(name));
    *text = std::move(value);
  }
  std::vector<std::string> unknown;
  (void)fields.Rest({}, unknown);
  if (!unknown.empty()) return absl::InvalidArgumentError(absl::StrCat(unknown[0], ": unknown"));
  return turn;
}

}  // namespace fovea::transcripts
