// Qwen Code's files: one record a line with the record that it follows (parentUuid); messages are
// Gemini's contents.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/gemini.h"
#include "transcripts/readers.h"

namespace fovea::transcripts {
namespace {

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(const Record& record) {
    const Json& json = record.json;
    if (!json.is_object()) return RecordError(record.line, "record", "must be an object");
    const std::string type = MemberText(json, "type");
    if (type.empty()) return RecordError(record.line, "type", "is missing");
    if (builder_.session().session_id.empty()) {
      builder_.session().session_id = MemberText(json, "sessionId");
    }
    Fields fields(json, "");
    fields.Drop("type");
    const Json* const message = fields.Take("message");
    const int64_t time = TimeOf(fields.Take("timestamp"));
    Follow(MemberText(json, "parentUuid"));
    absl::Status status;
    if (message != nullptr) {
      std::vector<std::string> unknown;
      Envelope envelope{.line = record.line, .path = "message", .time_us = time};
      envelope.attributes = fields.Rest({}, unknown);
      builder_.KeepChanges(envelope.attributes,
                           {"sessionId", "cwd", "version", "gitBranch", "model"});
      status = builder_.Add(contents_.ReadContent(*message), std::move(envelope));
    } else if (type == "system") {
      status = ReadSystem(json, record.line, time);
    } else if (type == "user" || type == "assistant" || type == "tool_result") {
      status = RecordError(record.line, "message", "it holds nothing");
    } else {
      status =
          builder_.KeepUnknown("qwen-code.record", absl::StrCat("type=", type), json, record.line);
    }
    if (status.ok()) places_[MemberText(json, "uuid")] = builder_.turns();
    return status;
  }

 private:
  // A record that follows an earlier one than the last: what came between was taken back.
  void Follow(const std::string& parent) {
    const auto found = places_.find(parent);
    if (found == places_.end() || found->second >= builder_.turns()) return;
    const size_t keep = found->second;
    builder_.Branch(keep);
    for (auto place = places_.begin(); place != places_.end();) {
      place = place->second > keep ? places_.erase(place) : std::next(place);
    }
  }

  // The summary of a compressed chat is its first new content.
  absl::Status ReadSystem(const Json& json, uint64_t line, int64_t time) {
    const std::string subtype = MemberText(json, "subtype");
    const Json* const payload = Member(json, "systemPayload");
    const Json* const history =
        payload == nullptr ? nullptr : Member(*payload, "compressedHistory");
    if (subtype == "chat_compression" && history != nullptr && history->is_array() &&
        !history->empty()) {
      Envelope envelope{
          .line = line, .path = "systemPayload.compressedHistory[0]", .time_us = time};
      envelope.attributes["compacted"] = true;
      GeminiReader apart;
      return builder_.Add(apart.ReadContent(history->front()), std::move(envelope));
    }
    builder_.PassOver(absl::StrCat("system ", subtype));
    return absl::OkStatus();
  }

  SessionBuilder& builder_;
  GeminiReader contents_;
  std::map<std::string, size_t> places_;  // turns up to and with a record, by uuid
};

}  // namespace

absl::Status ReadQwenCode(Records& records, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
