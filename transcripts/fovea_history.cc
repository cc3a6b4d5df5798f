#include "transcripts/fovea_history.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/anthropic.h"
#include "transcripts/fields.h"
#include "transcripts/openai_chat.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"
#include "transcripts/turn_json.h"

namespace fovea::transcripts {
namespace {

constexpr char kWholeTurn[] = "fovea_turn";
// Metadata that the server could not check, because they hold half of a surrogate pair, as JSON
// text.
constexpr char kJsonText[] = "fovea_json_text";

absl::StatusOr<Role> RoleOf(const std::string& name) {
  if (name == "system" || name == "developer") return Role::kSystem;
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool" || name == "function") return Role::kTool;
  return absl::InvalidArgumentError(
      absl::StrCat("role: is \"", name, "\", not system, user, assistant or tool"));
}

absl::StatusOr<ReadMessage> ReadWhole(const Json& json) {
  absl::StatusOr<Turn> turn = TurnFromJson(json);
  if (!turn.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(kWholeTurn, ".", turn.status().message()));
  }
  ReadMessage read;
  read.turns.push_back(*std::move(turn));
  return read;
}

// A message of a provider's that stands among the turns.
absl::StatusOr<ReadMessage> ReadProviders(const Json& json) {
  bool blocks = false;
  for (const Json& block : json["content"].is_array() ? json["content"] : Json::array()) {
    const std::string type = TypeOf(block);
    blocks = blocks || type == "tool_use" || type == "tool_result" || type == "thinking" ||
             type == "redacted_thinking" || type == "document" ||
             (type == "image" && block.contains("source"));
  }
  return blocks ? ReadAnthropicMessage(json) : ReadOpenAiChatMessage(json);
}

class TurnReader {
 public:
  TurnReader(const Json& json, Role role) : fields_(json, ""), builder_(role) {}

  absl::StatusOr<ReadMessage> Read() {
    const std::string name = fields_.TakeTextOrJson("role");
    if (name != RoleName(builder_.role())) builder_.Keep("role", JsonOf(name));
    Turn stamp;
    if (const Json* const time = fields_.Take("time_us")) {
      if (!time->is_number_integer()) return fields_.Error("time_us", "must be a whole number");
      stamp.time_us = time->get<int64_t>();
    }
    FOVEA_ASSIGN_OR_RETURN(std::string agent, fields_.TakeText("agent_id"));
    const bool said = fields_.Has("text");
    FOVEA_ASSIGN_OR_RETURN(std::string text, fields_.TakeText("text"));
    FOVEA_RETURN_IF_ERROR(builder_.role() == Role::kTool ? ReadResult(said, std::move(text))
                                                         : ReadSaid(said, std::move(text)));
    builder_.Keep(fields_.Rest({"record"}, builder_.unknown_keys()));
    absl::StatusOr<ReadMessage> read = std::move(builder_).Finish("text");
    if (!read.ok()) return read;
    for (Turn& turn : read->turns) {
      turn.time_us = stamp.time_us;
      turn.agent_id = agent;
    }
    return read;
  }

 private:
  absl::Status ReadResult(bool said, std::string text) {
    ToolResultPart result{.call_id = fields_.TakeTextOrJson("tool_call_id"),
                          .is_error = fields_.TakeBool("is_error")};
    if (!said && result.call_id.empty() && !result.is_error) return absl::OkStatus();
    if (!text.empty()) result.content.emplace_back(TextPart{std::move(text)});
    builder_.Add(std::move(result));
    return absl::OkStatus();
  }

  absl::Status ReadSaid(bool said, std::string text) {
    bool more = false;
    for (const char* name : {"tool_calls", "refusal"}) more = more || fields_.Has(name);
    // The text of a turn that calls may be written as "".
    if (said && (!text.empty() || !more)) builder_.Add(TextPart{std::move(text)});
    if (builder_.role() != Role::kAssistant) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(std::string refusal, fields_.TakeText("refusal"));
    if (!refusal.empty()) builder_.Add(RefusalPart{std::move(refusal)});
    const Json* const calls = fields_.Take("tool_calls");
    if (calls == nullptr) return absl::OkStatus();
    if (!calls->is_array()) return fields_.Error("tool_calls", "must be a list");
    for (size_t i = 0; i < calls->size(); ++i) {
      const std::string path = absl::StrCat("tool_calls[", i, "]");
      if (absl::Status status = ReadCall((*calls)[i], path); !status.ok()) return status;
    }
    if (calls->empty() && builder_.empty()) builder_.Add(TextPart{});
    return absl::OkStatus();
  }

  absl::Status ReadCall(const Json& json, const std::string& path) {
    if (!json.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
    }
    Fields call(json, path);
    ToolCallPart part{.call_id = call.TakeTextOrJson("id")};
    // OpenAI's way of writing it.
    const Json* const function = call.Take("function");
    if (function != nullptr && function->is_object()) {
      call.Drop("type");
      part.name = MemberText(*function, "name");
      const Json* const written = Member(*function, "arguments");
      part.arguments_json = written == nullptr ? "" : ArgumentsOf(written);
    } else {
      part.name = call.TakeTextOrJson("name");
      // Arguments are JSON text already, or the value itself, which may be null.
      const auto args = json.find("args");
      if (args != json.end()) part.arguments_json = args->is_null() ? "null" : ArgumentsOf(&*args);
      call.Drop("args");
    }
    builder_.Add(std::move(part), call.Rest({}, builder_.unknown_keys()));
    return absl::OkStatus();
  }

  Fields fields_;
  MessageBuilder builder_;
};

// What `turn` looks like if the format's own words are enough for it.
Json PlainTurn(const Turn& turn) {
  Json json = Json::object();
  json["role"] = RoleName(turn.role);
  if (turn.time_us != 0) json["time_us"] = turn.time_us;
  if (!turn.agent_id.empty()) json["agent_id"] = JsonOf(turn.agent_id);
  std::string text;
  Json calls = Json::array();
  for (const Part& part : turn.parts) {
    if (const auto* own = std::get_if<TextPart>(&part)) text += own->text;
    if (const auto* call = std::get_if<ToolCallPart>(&part)) {
      calls.push_back({{"id", JsonOf(call->call_id)},
                       {"name", JsonOf(call->name)},
                       {"args", JsonOf(call->arguments_json)}});
    }
    if (const auto* result = std::get_if<ToolResultPart>(&part)) {
      for (const ResultItem& item : result->content) {
        if (const auto* inner = std::get_if<TextPart>(&item)) text += inner->text;
      }
      if (!result->call_id.empty()) json["tool_call_id"] = JsonOf(result->call_id);
      if (result->is_error) json["is_error"] = true;
    }
  }
  json["text"] = JsonOf(text);
  if (!calls.empty()) json["tool_calls"] = std::move(calls);
  return json;
}

// Puts the turn's attributes where they came from; false if there is no place for them.
bool MergeAttributes(const Turn& turn, Json& json) {
  if (turn.attributes_json.empty()) return true;
  const absl::StatusOr<Json> attributes = ParseJson(turn.attributes_json);
  if (!attributes.ok() || !attributes->is_object()) return false;
  for (const auto& [key, value] : attributes->items()) {
    if (key == kPartAttributes || key == kWholeTurn || key == "content") return false;
    json[key] = value;
  }
  return true;
}

Json MetadataOf(const std::string& text) {
  absl::StatusOr<Json> metadata = ParseJson(text);
  if (!metadata.ok() || !metadata->is_object()) return Json::object();
  if (metadata->size() == 1 && metadata->contains(kJsonText)) {
    absl::StatusOr<Json> inner = ParseJson(MemberText(*metadata, kJsonText));
    if (inner.ok() && inner->is_object()) return *std::move(inner);
  }
  return *std::move(metadata);
}

absl::Status ReadSession(const Record& record, SessionBuilder& builder) {
  const Json* const turns = Member(record.json, "turns");
  if (turns == nullptr || !turns->is_array()) {
    return RecordError(record.line, "turns", "must be a list");
  }
  Fields fields(record.json, "");
  fields.Drop("turns");
  builder.session().line = record.line;
  builder.session().session_id = fields.TakeTextOrJson("session_id");
  const auto title = record.json.find("title");
  if (title != record.json.end() && IsText(*title)) {
    builder.session().title = fields.TakeTextOrJson("title");
  }
  std::vector<std::string> more;
  if (const Json metadata = fields.Rest({}, more); !metadata.empty()) {
    builder.session().metadata_json = MetadataText(metadata);
  }
  for (size_t i = 0; i < turns->size(); ++i) {
    FOVEA_RETURN_IF_ERROR(
        builder.Add(ReadHistoryTurn((*turns)[i]),
                    {.line = record.line, .path = absl::StrCat("turns[", i, "]")}));
  }
  return builder.Finish(/*empty=*/true);
}

}  // namespace

absl::StatusOr<ReadMessage> ReadHistoryTurn(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("a turn must be an object");
  if (json.contains(kWholeTurn)) return ReadWhole(json[kWholeTurn]);
  if (!json.contains("role") || !IsText(json["role"])) {
    return absl::InvalidArgumentError("role: is missing");
  }
  if (Member(json, "text") == nullptr && Member(json, "content") != nullptr) {
    return ReadProviders(json);
  }
  FOVEA_ASSIGN_OR_RETURN(Role role, RoleOf(MemberText(json, "role")));
  return TurnReader(json, role).Read();
}

Json HistoryTurn(const Turn& turn) {
  Turn unnumbered = turn;
  unnumbered.seq = 0;
  Json plain = PlainTurn(turn);
  if (MergeAttributes(turn, plain)) {
    const absl::StatusOr<ReadMessage> back = ReadHistoryTurn(plain);
    if (back.ok() && back->turns.size() == 1 && back->turns.front() == unnumbered) return plain;
  }
  return Json{{"role", RoleName(turn.role)}, {kWholeTurn, TurnToJson(unnumbered)}};
}

Json HistoryHead(const std::string& session_id, const std::string& title,
                 const std::string& metadata_json) {
  Json head = Json::object();
  head["session_id"] = JsonOf(session_id);
  if (!title.empty()) head["title"] = JsonOf(title);
  const Json metadata = MetadataOf(metadata_json);
  for (const auto& [key, value] : metadata.items()) {
    if (!head.contains(key) && key != "turns") head[key] = value;
  }
  return head;
}

std::string MetadataText(const Json& metadata) {
  std::string text = DumpJson(metadata);
  if (Json::accept(text)) return text;
  return DumpJson(Json{{kJsonText, std::move(text)}});
}

absl::Status ReadFoveaHistory(Records& records, SessionBuilder& builder) {
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = ReadSession(*record, builder); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
