#include "cli/history.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/json.h"
#include "cli/message_json.h"

namespace fovea::cli {
namespace {

constexpr char kWholeTurn[] = "fovea_turn";
// Metadata that the server could not check, because they hold half of a surrogate pair, as JSON
// text.
constexpr char kJsonText[] = "fovea_json_text";

v1::Role RoleOf(std::string_view name) {
  if (name == "system" || name == "developer") return v1::ROLE_SYSTEM;
  if (name == "user") return v1::ROLE_USER;
  if (name == "assistant") return v1::ROLE_ASSISTANT;
  if (name == "tool" || name == "function") return v1::ROLE_TOOL;
  return v1::ROLE_UNSPECIFIED;
}

std::string RoleName(v1::Role role) {
  return role == v1::ROLE_SYSTEM      ? "system"
         : role == v1::ROLE_ASSISTANT ? "assistant"
         : role == v1::ROLE_TOOL      ? "tool"
                                      : "user";
}

// Takes `key` out of `object`; null if it is not there.
Json Take(Json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end()) return nullptr;
  Json value = std::move(*found);
  object.erase(found);
  return value;
}

// The exact text of a string; nothing for null; the JSON text of anything else.
std::string TextOrDump(const Json& json) {
  if (json.is_null()) return "";
  absl::StatusOr<std::string> bytes = BytesOf(json);
  return bytes.ok() ? *std::move(bytes) : DumpJson(json);
}

// A call's arguments are JSON text already, or the value itself, which may be null.
std::string ArgumentsOf(Json& call) {
  if (!call.contains("args")) return "";
  const Json args = Take(call, "args");
  return args.is_string() ? TextOrDump(args) : DumpJson(args);
}

// Adds the calls to `turn`; leaves in `calls` what the format has no word for.
absl::Status AddCalls(Json& calls, v1::Turn& turn) {
  for (Json& call : calls) {
    if (!call.is_object()) return absl::InvalidArgumentError("a tool call is not an object");
    v1::ToolCallPart& part = *turn.add_parts()->mutable_tool_call();
    part.set_name(TextOrDump(Take(call, "name")));
    part.set_call_id(TextOrDump(Take(call, "id")));
    part.set_arguments_json(ArgumentsOf(call));
  }
  return absl::OkStatus();
}

absl::Status FillAssistant(Json& json, v1::Turn& turn) {
  const auto calls = json.find("tool_calls");
  if (calls == json.end() || (!calls->is_array() && !calls->is_null())) return absl::OkStatus();
  if (calls->is_array()) {
    if (absl::Status status = AddCalls(*calls, turn); !status.ok()) return status;
  }
  bool all_taken = true;
  for (const Json& rest : *calls) all_taken = all_taken && rest.empty();
  if (all_taken) json.erase("tool_calls");
  return absl::OkStatus();
}

void FillResult(Json& json, std::string text, v1::Turn& turn) {
  v1::ToolResultPart& result = *turn.add_parts()->mutable_tool_result();
  result.set_call_id(TextOrDump(Take(json, "tool_call_id")));
  if (json.contains("is_error") && json["is_error"].is_boolean()) {
    result.set_is_error(Take(json, "is_error").get<bool>());
  }
  if (!text.empty()) result.add_content()->mutable_text()->set_text(std::move(text));
}

absl::StatusOr<v1::Turn> ParseWholeTurn(const Json& json) {
  v1::Turn turn;
  if (absl::Status status = JsonToMessage(json, turn); !status.ok()) return status;
  turn.clear_seq();
  return turn;
}

absl::StatusOr<std::string> TakeText(Json& json) {
  const Json text = Take(json, "text");
  if (text.is_null()) return "";
  absl::StatusOr<std::string> bytes = BytesOf(text);
  if (!bytes.ok()) return absl::InvalidArgumentError("its text is not a string");
  return bytes;
}

// The turn's role. A name that stands for another role's stays in `json`, so that it is kept.
absl::StatusOr<v1::Role> TakeRole(Json& json) {
  if (!json.contains("role") || !json["role"].is_string()) {
    return absl::InvalidArgumentError("it has no role");
  }
  const std::string name = json["role"].get<std::string>();
  const v1::Role role = RoleOf(name);
  if (role == v1::ROLE_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        absl::StrCat("its role is ", name, ", not system, user, assistant or tool"));
  }
  if (RoleName(role) == name) json.erase("role");
  return role;
}

std::string MetadataText(const Json& metadata) {
  std::string text = DumpJson(metadata);
  if (Json::accept(text)) return text;
  return DumpJson(Json{{kJsonText, std::move(text)}});
}

Json MetadataOf(const std::string& text) {
  absl::StatusOr<Json> metadata = ParseJson(text);
  if (!metadata.ok() || !metadata->is_object()) return Json::object();
  if (metadata->size() == 1 && metadata->contains(kJsonText)) {
    absl::StatusOr<Json> inner = ParseJson(TextOrDump((*metadata)[kJsonText]));
    if (inner.ok() && inner->is_object()) return *std::move(inner);
  }
  return *std::move(metadata);
}

// What `turn` looks like if the format's own words are enough for it.
Json PlainTurn(const v1::Turn& turn) {
  Json json = Json::object();
  json["role"] = RoleName(turn.role());
  if (turn.time_us() != 0) json["time_us"] = turn.time_us();
  std::string text;
  Json calls = Json::array();
  for (const v1::Part& part : turn.parts()) {
    if (part.has_text()) text += part.text().text();
    if (part.has_tool_call()) {
      calls.push_back({{"id", JsonOf(part.tool_call().call_id())},
                       {"name", JsonOf(part.tool_call().name())},
                       {"args", JsonOf(part.tool_call().arguments_json())}});
    }
    if (part.has_tool_result()) {
      for (const v1::ToolResultContent& item : part.tool_result().content()) {
        text += item.text().text();
      }
      if (!part.tool_result().call_id().empty()) {
        json["tool_call_id"] = JsonOf(part.tool_result().call_id());
      }
      if (part.tool_result().is_error()) json["is_error"] = true;
    }
  }
  json["text"] = JsonOf(text);
  if (!calls.empty()) json["tool_calls"] = std::move(calls);
  return json;
}

// Puts the turn's attributes where they came from.
void MergeAttributes(const v1::Turn& turn, Json& json) {
  const absl::StatusOr<Json> attributes = ParseJson(turn.attributes_json());
  if (!attributes.ok() || !attributes->is_object()) return;
  for (const auto& [key, value] : attributes->items()) {
    if (key == "tool_calls" && json.contains(key) && value.is_array() &&
        value.size() == json[key].size()) {
      for (size_t i = 0; i < value.size(); ++i) {
        if (value[i].is_object()) json[key][i].update(value[i]);
      }
    } else {
      json[key] = value;
    }
  }
}

}  // namespace

absl::StatusOr<v1::Turn> ParseHistoryTurn(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("it is not an object");
  if (json.contains(kWholeTurn)) return ParseWholeTurn(json[kWholeTurn]);
  Json rest = json;
  absl::StatusOr<v1::Role> role = TakeRole(rest);
  if (!role.ok()) return role.status();
  absl::StatusOr<std::string> text = TakeText(rest);
  if (!text.ok()) return text.status();
  v1::Turn turn;
  turn.set_role(*role);
  if (rest.contains("time_us") && rest["time_us"].is_number_integer()) {
    turn.set_time_us(Take(rest, "time_us").get<int64_t>());
  }
  if (*role == v1::ROLE_TOOL) {
    FillResult(rest, *std::move(text), turn);
  } else if (!text->empty()) {
    turn.add_parts()->mutable_text()->set_text(*std::move(text));
  }
  if (*role == v1::ROLE_ASSISTANT) {
    if (absl::Status status = FillAssistant(rest, turn); !status.ok()) return status;
  }
  // A turn that says nothing is still a turn.
  if (turn.parts().empty()) turn.add_parts()->mutable_text();
  if (!rest.empty()) turn.set_attributes_json(DumpJson(rest));
  return turn;
}

absl::StatusOr<History> ParseHistory(std::string_view line) {
  absl::StatusOr<Json> json = ParseJson(line);
  if (!json.ok()) return json.status();
  if (!json->is_object() || !json->contains("turns") || !(*json)["turns"].is_array()) {
    return absl::InvalidArgumentError("not a session: it has no list of turns");
  }
  const Json turns = Take(*json, "turns");
  History history;
  history.session_id = TextOrDump(Take(*json, "session_id"));
  if (json->contains("title") && (*json)["title"].is_string()) {
    history.title = TextOrDump(Take(*json, "title"));
  }
  if (!json->empty()) history.metadata_json = MetadataText(*json);
  history.turns.reserve(turns.size());
  for (const Json& turn : turns) {
    absl::StatusOr<v1::Turn> parsed = ParseHistoryTurn(turn);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("turn ", history.turns.size() + 1, ": ", parsed.status().message()));
    }
    history.turns.push_back(*std::move(parsed));
  }
  return history;
}

Json HistoryTurn(const v1::Turn& turn) {
  v1::Turn unnumbered = turn;
  unnumbered.clear_seq();
  Json plain = PlainTurn(turn);
  MergeAttributes(turn, plain);
  const absl::StatusOr<v1::Turn> back = ParseHistoryTurn(plain);
  if (back.ok() && back->SerializeAsString() == unnumbered.SerializeAsString()) return plain;
  return Json{{"role", RoleName(turn.role())}, {kWholeTurn, MessageToJson(unnumbered)}};
}

Json HistoryHead(const v1::Session& session) {
  Json head = Json::object();
  head["session_id"] = JsonOf(session.session_id());
  if (!session.title().empty()) head["title"] = JsonOf(session.title());
  const Json metadata = MetadataOf(session.metadata_json());
  for (const auto& [key, value] : metadata.items()) {
    if (!head.contains(key) && key != "turns") head[key] = value;
  }
  return head;
}

}  // namespace fovea::cli
