// Files of the providers' own shapes: requests ({"messages": [...]}), answers, lists of messages,
// and any of them line by line.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/anthropic.h"
#include "transcripts/gemini.h"
#include "transcripts/openai_chat.h"
#include "transcripts/openai_responses.h"
#include "transcripts/readers.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

class Reader {
 public:
  Reader(Format format, SessionBuilder& builder) : format_(format), builder_(builder) {}

  // A record is a session, or a message of the session that the lines are together.
  absl::Status Read(const Record& record) {
    line_ = record.line;
    const Json& json = Unwrapped(record.json);
    if (json.is_array()) return ReadList(json);
    if (!json.is_object()) return RecordError(line_, "record", "must be an object or a list");
    if (IsSession(json)) return ReadSession(json, "");
    return ReadMessage(json, "");
  }

 private:
  // A line of a batch: {"custom_id", "method", "url", "body"}.
  static const Json& Unwrapped(const Json& json) {
    const Json* const body = Member(json, "body");
    return body != nullptr && body->is_object() ? *body : json;
  }

  const char* ListName() const {
    switch (format_) {
      case Format::kOpenAiResponses:
        return "input";
      case Format::kGemini:
        return "contents";
      default:
        return "messages";
    }
  }

  bool IsSession(const Json& json) const {
    // Items have a type, and some an input or output of their own.
    if (format_ == Format::kOpenAiResponses) {
      return TypeOf(json).empty() && (json.contains("input") || json.contains("output"));
    }
    if (json.contains(ListName())) return true;
    if (format_ == Format::kOpenAiChat) return json.contains("choices");
    return format_ == Format::kGemini && json.contains("candidates");
  }

  // A list of messages, or of sessions.
  absl::Status ReadList(const Json& list) {
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string path = absl::StrCat("[", i, "]");
      if (!list[i].is_object() && !(format_ == Format::kGemini && IsText(list[i]))) {
        return RecordError(line_, path, "must be an object");
      }
      FOVEA_RETURN_IF_ERROR(IsSession(list[i]) ? ReadSession(list[i], path)
                                               : ReadMessage(list[i], path));
    }
    return builder_.Finish();
  }

  absl::Status ReadSession(const Json& json, const std::string& path) {
    // Messages that stood before are a session of their own.
    if (builder_.turns() > 0) {
      if (absl::Status status = builder_.Finish(); !status.ok()) return status;
    }
    contents_ = GeminiReader();
    FOVEA_RETURN_IF_ERROR(ReadSystem(json, path));
    const std::string name = ListName();
    if (const Json* const list = Member(json, ListName())) {
      if (absl::Status status = ReadMessages(*list, Below(path, name)); !status.ok()) return status;
    }
    FOVEA_RETURN_IF_ERROR(ReadAnswer(json, path));
    for (const char* id : {"session_id", "conversation_id", "id"}) {
      if (builder_.session().session_id.empty()) {
        builder_.session().session_id = MemberText(json, id);
      }
    }
    for (const auto& [key, value] : json.items()) {
      if (key != name && key != "system" && key != "instructions" && key != "choices" &&
          key != "output" && key != "candidates" && key != "systemInstruction" &&
          key != "system_instruction" && key != "session_id") {
        builder_.KeepMetadata(key, value);
      }
    }
    return builder_.Finish();
  }

  static std::string Below(const std::string& path, const std::string& name) {
    return path.empty() ? name : absl::StrCat(path, ".", name);
  }

  absl::Status ReadSystem(const Json& json, const std::string& path) {
    if (format_ == Format::kAnthropic) {
      if (const Json* const system = Member(json, "system")) {
        return builder_.Add(ReadAnthropicSystem(*system), {.line = line_, .path = path});
      }
    } else if (format_ == Format::kGemini) {
      for (const char* name : {"systemInstruction", "system_instruction"}) {
        if (const Json* const system = Member(json, name)) {
          return builder_.Add(ReadGeminiSystem(*system),
                              {.line = line_, .path = Below(path, name)});
        }
      }
    } else if (format_ == Format::kOpenAiResponses) {
      const std::string instructions = MemberText(json, "instructions");
      if (!instructions.empty()) {
        return builder_.Add(Turn{.role = Role::kSystem, .parts = {TextPart{instructions}}},
                            {.line = line_, .path = path});
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadMessages(const Json& list, const std::string& path) {
    if (IsText(list) && format_ == Format::kOpenAiResponses) {
      return builder_.Add(Turn{.role = Role::kUser, .parts = {TextPart{BytesOf(list).value()}}},
                          {.line = line_, .path = path});
    }
    if (!list.is_array()) return RecordError(line_, path, "must be a list");
    for (size_t i = 0; i < list.size(); ++i) {
      FOVEA_RETURN_IF_ERROR(ReadMessage(list[i], absl::StrCat(path, "[", i, "]")));
    }
    return absl::OkStatus();
  }

  // What an API answered: one message, or a list of items.
  absl::Status ReadAnswer(const Json& json, const std::string& path) {
    if (const Json* const output = Member(json, "output")) {
      return ReadMessages(*output, Below(path, "output"));
    }
    const char* const name = format_ == Format::kGemini ? "candidates" : "choices";
    const char* const inner = format_ == Format::kGemini ? "content" : "message";
    const Json* const list = Member(json, name);
    if (list == nullptr || !list->is_array() || list->empty()) return absl::OkStatus();
    const Json* const message = Member(list->front(), inner);
    if (message == nullptr) return absl::OkStatus();
    for (size_t i = 1; i < list->size(); ++i) builder_.PassOver("another choice");
    return ReadMessage(*message, absl::StrCat(Below(path, name), "[0].", inner));
  }

  absl::Status ReadMessage(const Json& message, const std::string& path) {
    Envelope envelope{.line = line_, .path = path};
    switch (format_) {
      case Format::kAnthropic:
        return builder_.Add(ReadAnthropicMessage(message), std::move(envelope));
      case Format::kOpenAiResponses:
        return builder_.Add(ReadOpenAiResponsesItem(message), std::move(envelope));
      case Format::kGemini:
        return builder_.Add(contents_.ReadContent(message), std::move(envelope));
      default:
        return builder_.Add(ReadOpenAiChatMessage(message), std::move(envelope));
    }
  }

  const Format format_;
  SessionBuilder& builder_;
  GeminiReader contents_;
  uint64_t line_ = 1;
};

}  // namespace

absl::Status ReadMessagesFile(Records& records, Format format, SessionBuilder& builder) {
  Reader reader(format, builder);
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(std::optional<Record> record, records.Next());
    if (!record.has_value()) return absl::OkStatus();
    if (absl::Status status = reader.Read(*record); !status.ok()) return status;
  }
}

}  // namespace fovea::transcripts
