// Gemini CLI's files: a head, then messages, each of which may come again with more in it, and
// changes ("$set", "$rewindTo"); older files are one object with all messages.
#include <map>
#include <set>
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

// What was taken back comes with the messages before it while the copies hold no more bytes of
// their text.
constexpr size_t kMaxCopiedBytes = size_t{16} << 20;

struct Message {
  Json json;
  uint64_t line;
  size_t bytes;  // about, of its text
};

// A model's message and the results of its calls.
class MessageReader {
 public:
  // `answered`: ids of calls whose responses stand in a user's message.
  MessageReader(const Message& message, const std::string& path,
                const std::set<std::string>& answered, SessionBuilder& builder)
      : message_(message),
        path_(path),
        answered_(answered),
        builder_(builder),
        fields_(message.json, "") {}

  absl::Status Read() {
    const std::string type = fields_.TakeTextOrJson("type");
    fields_.Drop("content");
    time_ = TimeOf(fields_.Take("timestamp"));
    if (type == "user") return ReadParts("user", Json::array());
    if (type == "gemini") return ReadModel();
    if (type == "info" || type == "error" || type == "warning") {
      builder_.PassOver(absl::StrCat("message ", type));
      return absl::OkStatus();
    }
    return RecordError(message_.line, KeyOf("type"),
                       absl::StrCat("is \"", type, "\", not user, gemini, info, error or warning"));
  }

 private:
  std::string KeyOf(const std::string& key) const {
    return path_.empty() ? key : absl::StrCat(path_, ".", key);
  }

  // Adds the message's own content behind `parts` as a content of the role.
  absl::Status ReadParts(const char* role, Json parts) {
    const Json* const content = Member(message_.json, "content");
    if (content != nullptr && content->is_array()) {
      for (const Json& part : *content) parts.push_back(part);
    } else if (content != nullptr && IsText(*content)) {
      if (!BytesOf(*content)->empty() || parts.empty()) {
        Json part = Json::object();
        part["text"] = *content;
        parts.push_back(std::move(part));
      }
    } else if (content != nullptr) {
      parts.push_back(*content);
    }
    Json read = Json::object();
    read["role"] = role;
    if (content != nullptr || !parts.empty()) read["parts"] = std::move(parts);
    Envelope envelope{.line = message_.line, .path = path_, .time_us = time_};
    std::vector<std::string> unknown;
    envelope.attributes = fields_.Rest({}, unknown);
    builder_.KeepChanges(envelope.attributes, {"model"});
    absl::StatusOr<ReadMessage> turns = contents_.ReadContent(read);
    if (!turns.ok() && content == nullptr) {
      return RecordError(message_.line, KeyOf("content"), "it holds nothing");
    }
    return builder_.Add(std::move(turns), std::move(envelope));
  }

  absl::Status ReadModel() {
    Json parts = Json::array();
    if (const Json* const thoughts = fields_.Take("thoughts"); thoughts != nullptr) {
      for (const Json& thought : thoughts->is_array() ? *thoughts : Json::array({*thoughts})) {
        const Json* const subject = Member(thought, "subject");
        const Json* const description = Member(thought, "description");
        const bool usual = subject != nullptr && description != nullptr && IsText(*subject) &&
                           IsText(*description);
        Json part = Json::object();
        part["text"] = usual ? JsonOf(absl::StrCat("**", BytesOf(*subject).value(), "** ",
                                                   BytesOf(*description).value()))
                             : JsonOf(DumpJson(thought));
        part["thought"] = true;
        parts.push_back(std::move(part));
      }
    }
    const Json* const calls = fields_.Take("toolCalls");
    if (calls == nullptr) return ReadParts("model", std::move(parts));
    if (!calls->is_array()) {
      return RecordError(message_.line, KeyOf("toolCalls"), "must be a list");
    }
    // The text stands before the calls.
    if (const Json* const content = Member(message_.json, "content")) {
      if (IsText(*content) && !BytesOf(*content)->empty()) {
        Json part = Json::object();
        part["text"] = *content;
        parts.push_back(std::move(part));
      } else if (content->is_array()) {
        for (const Json& part : *content) parts.push_back(part);
      }
    }
    Json attributes = Json::object();
    for (size_t i = 0; i < calls->size(); ++i) {
      FOVEA_RETURN_IF_ERROR(AddCall((*calls)[i], i, parts, attributes));
    }
    Json content = Json::object();
    content["role"] = "model";
    content["parts"] = std::move(parts);
    Envelope envelope{.line = message_.line, .path = path_, .time_us = time_};
    std::vector<std::string> unknown;
    envelope.attributes = fields_.Rest({}, unknown);
    builder_.KeepChanges(envelope.attributes, {"model"});
    if (!attributes.empty()) envelope.attributes["toolCalls"] = std::move(attributes);
    absl::Status status = builder_.Add(contents_.ReadContent(content), std::move(envelope));
    if (!status.ok()) return status;
    for (size_t i = 0; i < calls->size(); ++i) {
      if (status = AddResult((*calls)[i], i); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddCall(const Json& call, size_t index, Json& parts, Json& attributes) {
    if (!call.is_object()) {
      return RecordError(message_.line, KeyOf(absl::StrCat("toolCalls[", index, "]")),
                         "must be an object");
    }
    Fields fields(call, "");
    Json function = Json::object();
    for (const char* name : {"id", "name", "args"}) {
      if (const Json* const value = fields.Take(name)) function[name] = *value;
    }
    fields.Drop("result");
    Json part = Json::object();
    part["functionCall"] = std::move(function);
    parts.push_back(std::move(part));
    std::vector<std::string> unknown;
    if (Json rest = fields.Rest({}, unknown); !rest.empty()) {
      attributes[absl::StrCat(index)] = std::move(rest);
    }
    return absl::OkStatus();
  }

  // The functionResponse of a call, and what stands beside it.
  absl::Status AddResult(const Json& call, size_t index) {
    const Json* const result = Member(call, "result");
    if (result == nullptr || answered_.count(MemberText(call, "id")) > 0) return absl::OkStatus();
    Json content = Json::object();
    content["role"] = "user";
    content["parts"] = Json::array();
    for (const Json& part : result->is_array() ? *result : Json::array({*result})) {
      if (!IsText(part)) {
        content["parts"].push_back(part);
        continue;
      }
      Json response = Json::object();
      for (const char* name : {"id", "name"}) {
        if (const Json* const value = Member(call, name)) response[name] = *value;
      }
      response["response"]["output"] = part;
      Json wrapped = Json::object();
      wrapped["functionResponse"] = std::move(response);
      content["parts"].push_back(std::move(wrapped));
    }
    return builder_.Add(contents_.ReadContent(content),
                        {.line = message_.line,
                         .path = KeyOf(absl::StrCat("toolCalls[", index, "].result")),
                         .time_us = TimeOf(Member(call, "timestamp"))});
  }

  const Message& message_;
  const std::string path_;
  const std::set<std::string>& answered_;
  SessionBuilder& builder_;
  Fields fields_;
  GeminiReader contents_;
  int64_t time_ = 0;
};

class Reader {
 public:
  explicit Reader(SessionBuilder& builder) : builder_(builder) {}

  absl::Status Read(Record record) {
    if (!record.json.is_object()) return RecordError(record.line, "record", "must be an object");
    if (const Json* const id = Member(record.json, "$rewindTo")) {
      Rewind(DumpJson(*id));
      return absl::OkStatus();
    }
    // Messages are kept as JSON until the last may have changed.
    values_ += record.values;
    if (values_ > kMaxJsonValues) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "line ", record.line, ": a session of more than ", kMaxJsonValues, " values"));
    }
    if (const Json* const set = Member(record.json, "$set")) {
      return Head(*set, record);
    }
    if (record.json.contains("sessionId")) return Head(record.json, record);
    if (record.json.contains("type")) {
      Put(std::move(record.json), record.line, record.bytes);
      return absl::OkStatus();
    }
    return RecordError(record.line, "type", "is missing");
  }

  absl::Status Finish(bool live) {
    if (live && !messages_.empty()) messages_.pop_back();
    for (const std::vector<Message>& abandoned : abandoned_) {
      FOVEA_RETURN_IF_ERROR(ReadAll(abandoned));
      builder_.Branch(0);
    }
    return ReadAll(messages_);
  }

 private:
  // Newer versions write what tools answered twice: beside the call, and as the user's message.
  static std::set<std::string> AnsweredByUsers(const std::vector<Message>& messages) {
    std::set<std::string> ids;
    for (const Message& message : messages) {
      const Json* const content = Member(message.json, "content");
      if (content == nullptr || !content->is_array() ||
          MemberText(message.json, "type") != "user") {
        continue;
      }
      for (const Json& part : *content) {
        const Json* const response = Member(part, "functionResponse");
        if (response != nullptr) ids.insert(MemberText(*response, "id"));
      }
    }
    return ids;
  }

  absl::Status ReadAll(const std::vector<Message>& messages) {
    const std::set<std::string> answered = AnsweredByUsers(messages);
    for (size_t i = 0; i < messages.size(); ++i) {
      const std::string path = whole_ ? absl::StrCat("messages[", i, "]") : "";
      if (!messages[i].json.is_object()) {
        return RecordError(messages[i].line, path, "must be an object");
      }
      FOVEA_RETURN_IF_ERROR(MessageReader(messages[i], path, answered, builder_).Read());
    }
    return absl::OkStatus();
  }

  absl::Status Head(const Json& head, const Record& record) {
    const uint64_t line = record.line;
    if (!head.is_object()) return RecordError(line, "$set", "must be an object");
    for (const auto& [name, value] : head.items()) {
      if (name == "sessionId") {
        builder_.session().session_id = MemberText(head, "sessionId");
      } else if (name == "summary") {
        builder_.session().title = MemberText(head, "summary");
      } else if (name == "messages") {
        if (!value.is_array()) return RecordError(line, "messages", "must be a list");
        messages_.clear();
        places_.clear();
        whole_ = true;
        for (const Json& message : value) Put(message, line, record.bytes / value.size() + 1);
      } else if (name != "lastUpdated") {
        builder_.KeepMetadata(name, value);
      }
    }
    return absl::OkStatus();
  }

  void Put(Json json, uint64_t line, size_t bytes) {
    const Json* const id = Member(json, "id");
    if (id == nullptr) {
      messages_.push_back({std::move(json), line, bytes});
      return;
    }
    const auto [place, is_new] = places_.emplace(DumpJson(*id), messages_.size());
    if (is_new) {
      messages_.push_back({std::move(json), line, bytes});
    } else {
      Message& message = messages_[place->second];
      // A later record of a message says it again; what it leaves out still holds.
      if (message.json.is_object() && json.is_object()) {
        for (const auto& [name, value] : message.json.items()) {
          if (!json.contains(name)) json[name] = value;
        }
      }
      message = {std::move(json), line, message.bytes + bytes};
    }
  }

  // The message and all behind it were taken back.
  void Rewind(const std::string& id) {
    const auto found = places_.find(id);
    if (found == places_.end()) return;
    const size_t keep = found->second;
    std::vector<Message> abandoned;
    for (size_t i = 0; i < keep && copied_bytes_ <= kMaxCopiedBytes; ++i) {
      copied_bytes_ += messages_[i].bytes;
    }
    if (copied_bytes_ <= kMaxCopiedBytes) {
      abandoned.assign(messages_.begin(), messages_.begin() + static_cast<ptrdiff_t>(keep));
    }
    for (size_t i = keep; i < messages_.size(); ++i) {
      if (const Json* const taken = Member(messages_[i].json, "id"))
        places_.erase(DumpJson(*taken));
      abandoned.push_back(std::move(messages_[i]));
    }
    messages_.resize(keep);
    abandoned_.push_back(std::move(abandoned));
  }

  SessionBuilder& builder_;
  std::vector<Message> messages_;
  std::map<std::string, size_t> places_;  // in messages_, by id
  std::vector<std::vector<Message>> abandoned_;
  size_t copied_bytes_ = 0;  // of messages that stand in abandoned_ and before them
  size_t values_ = 0;
  bool whole_ = false;  // the messages are those of one object
};

}  // namespace

absl::Status ReadGeminiCli(Records& records, bool live, SessionBuilder& builder) {
  Reader reader(builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return reader.Finish(live);
    if (absl::Status status = reader.Read(*std::move(record)); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
