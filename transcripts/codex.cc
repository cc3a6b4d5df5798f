// Codex's rollouts: {"timestamp", "type", "payload"} a line; the items of the Responses API are the
// payloads of "response_item". Files from before that have the items themselves as lines.
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/openai_responses.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

// The agent's own notes on an item, which the API does not take back.
constexpr char kPassthrough[] = "internal_chat_message_metadata_passthrough";

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(const Record& record) {
    const Json& json = record.json;
    if (!json.is_object()) return RecordError(record.line, "record", "must be an object");
    const Json* const payload = Member(json, "payload");
    const std::string type = MemberText(json, "type");
    if (payload == nullptr) return ReadBare(record, type);
    if (!payload->is_object()) return RecordError(record.line, "payload", "must be an object");
    if (type == "session_meta") return ReadMeta(*payload, record.line);
    if (type == "response_item") {
      Fields fields(json, "");
      for (const char* name : {"type", "payload", "ordinal"}) fields.Drop(name);
      const int64_t time = TimeOf(fields.Take("timestamp"));
      std::vector<std::string> unknown;
      Json attributes = fields.Rest({}, unknown);
      return AddItem(*payload, "payload", record.line, time, std::move(attributes));
    }
    if (type == "compacted") return ReadCompacted(json, *payload, record.line);
    if (type == "turn_context") {
      const std::string model = MemberText(*payload, "model");
      if (!model.empty()) pending_["model"] = JsonOf(model);
    } else if (type == "token_usage_record") {
      if (const Json* const usage = Member(*payload, "usage")) pending_["usage"] = *usage;
    } else if (type == "event_msg") {
      return ReadEvent(*payload, record.line);
    } else if (type != "world_state") {
      return builder_.KeepUnknown("codex.record", absl::StrCat("type=", type), json, record.line);
    }
    builder_.PassOver(type);
    return absl::OkStatus();
  }

 private:
  // A line of an old rollout: the head {"id", "timestamp", "instructions"}, an item, or the state
  // of the harness.
  absl::Status ReadBare(const Record& record, const std::string& type) {
    if (!type.empty() || record.json.contains("role")) {
      return AddItem(record.json, "", record.line, 0, Json::object());
    }
    if (record.json.contains("record_type")) {
      builder_.PassOver(MemberText(record.json, "record_type"));
      return absl::OkStatus();
    }
    if (!record.json.contains("id")) return RecordError(record.line, "type", "is missing");
    return ReadMeta(record.json, record.line);
  }

  absl::Status ReadMeta(const Json& meta, uint64_t line) {
    // A forked session begins with the head of the one that it comes from, behind its own.
    if (named_) {
      builder_.PassOver("session_meta");
      return absl::OkStatus();
    }
    named_ = true;
    builder_.session().session_id = MemberText(meta, "id");
    Fields fields(meta, "");
    fields.Drop("id");
    const Json* instructions = fields.Take("base_instructions");
    if (instructions == nullptr) instructions = fields.Take("instructions");
    std::vector<std::string> unknown;
    const Json rest = fields.Rest({}, unknown);
    for (const auto& [name, value] : rest.items()) builder_.KeepMetadata(name, value);
    if (instructions == nullptr) return absl::OkStatus();
    std::string text =
        IsText(*instructions) ? BytesOf(*instructions).value() : MemberText(*instructions, "text");
    if (text.empty()) return absl::OkStatus();
    return builder_.Add(Turn{.role = Role::kSystem, .parts = {TextPart{std::move(text)}}},
                        {.line = line});
  }

  absl::Status AddItem(const Json& item, const std::string& path, uint64_t line, int64_t time,
                       Json attributes) {
    attributes.update(std::exchange(pending_, Json::object()));
    const Json* passthrough = Member(item, kPassthrough);
    if (passthrough == nullptr) {
      return builder_.Add(
          ReadOpenAiResponsesItem(item),
          {.line = line, .path = path, .time_us = time, .attributes = std::move(attributes)});
    }
    attributes[kPassthrough] = *passthrough;
    return builder_.Add(
        ReadOpenAiResponsesItem(Without(item, kPassthrough)),
        {.line = line, .path = path, .time_us = time, .attributes = std::move(attributes)});
  }

  absl::Status ReadEvent(const Json& event, uint64_t line) {
    const std::string type = MemberText(event, "type");
    const Json* const info = Member(event, "info");
    if (type == "token_count" && info != nullptr) {
      if (const Json* const usage = Member(*info, "last_token_usage")) pending_["usage"] = *usage;
    }
    if (type == "thread_name_updated") builder_.session().title = MemberText(event, "thread_name");
    if (type.empty()) return RecordError(line, "payload.type", "is missing");
    builder_.PassOver(absl::StrCat("event_msg ", type));
    return absl::OkStatus();
  }

  // The summary that stands for what came before, and the API's own compaction items. The rest of
  // the history that replaces the old one is what was said before.
  absl::Status ReadCompacted(const Json& json, const Json& payload, uint64_t line) {
    const int64_t time = TimeOf(Member(json, "timestamp"));
    if (std::string text = MemberText(payload, "message"); !text.empty()) {
      Json attributes = std::exchange(pending_, Json::object());
      attributes["compacted"] = true;
      FOVEA_RETURN_IF_ERROR(
          builder_.Add(Turn{.role = Role::kUser, .parts = {TextPart{std::move(text)}}},
                       {.line = line, .time_us = time, .attributes = std::move(attributes)}));
    }
    const Json* const history = Member(payload, "replacement_history");
    if (history == nullptr || !history->is_array()) return absl::OkStatus();
    for (size_t i = 0; i < history->size(); ++i) {
      const Json& item = (*history)[i];
      if (!absl::StartsWith(MemberText(item, "type"), "compaction")) {
        builder_.PassOver("repeated in a compacted history");
        continue;
      }
      FOVEA_RETURN_IF_ERROR(AddItem(item, absl::StrCat("payload.replacement_history[", i, "]"),
                                    line, time, Json::object()));
    }
    return absl::OkStatus();
  }

  SessionBuilder& builder_;
  bool named_ = false;
  Json pending_ = Json::object();  // model and usage, for the next turn
};

}  // namespace

absl::Status ReadCodex(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
