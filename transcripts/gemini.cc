#include "transcripts/gemini.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

constexpr char kPart[] = "gemini.part";

// Data of parts that are kept whole, as the documents name them.
constexpr std::array<std::string_view, 8> kWholeData = {"functionCall",
                                                        "executableCode",
                                                        "codeExecutionResult",
                                                        "toolCall",
                                                        "toolResponse",
                                                        "inlineData",
                                                        "fileData",
                                                        "text"};

bool IsMedia(std::string_view type) {
  return absl::StartsWith(absl::string_view(type.data(), type.size()), "video/") ||
         absl::StartsWith(absl::string_view(type.data(), type.size()), "image/");
}

// The part of {"mimeType", "data"}; none for what is kept whole (films, pictures of other types).
std::optional<Part> ReadInlineData(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  Fields fields(json, "");
  const std::string type = fields.TakeTextOrJson("mimeType");
  const std::string data = fields.TakeTextOrJson("data");
  const std::string name = fields.TakeTextOrJson("displayName");
  std::vector<std::string> more;
  if (!fields.Rest({}, more).empty()) return std::nullopt;
  if (name.empty()) {
    if (auto image = ReadImage(type, data)) return Part(*std::move(image));
  }
  if (absl::StartsWith(type, "audio/")) {
    auto audio = ReadSound("", data);
    if (!audio.has_value() || !name.empty()) return std::nullopt;
    audio->media_type = type;
    if (!Fits(*audio)) return std::nullopt;
    return Part(*std::move(audio));
  }
  if (IsMedia(type)) return std::nullopt;
  DocumentPart document{.media_type = type, .name = name};
  if (!absl::Base64Unescape(data, &document.data) || document.data.empty() || !Fits(document)) {
    return std::nullopt;
  }
  return Part(std::move(document));
}

std::optional<Part> ReadFileData(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  Fields fields(json, "");
  DocumentPart document{.media_type = fields.TakeTextOrJson("mimeType"),
                        .name = fields.TakeTextOrJson("displayName"),
                        .uri = fields.TakeTextOrJson("fileUri")};
  std::vector<std::string> more;
  if (!fields.Rest({}, more).empty() || document.uri.empty() || !Fits(document) ||
      IsMedia(document.media_type) || absl::StartsWith(document.media_type, "audio/")) {
    return std::nullopt;
  }
  return Part(std::move(document));
}

}  // namespace

// Reads the parts of one content.
class GeminiContent {
 public:
  GeminiContent(GeminiReader& reader, MessageBuilder& builder)
      : reader_(reader), builder_(builder) {}

  absl::Status ReadPart(const Json& json, const std::string& path) {
    if (IsText(json)) {
      builder_.Add(TextPart{BytesOf(json).value()});
      return absl::OkStatus();
    }
    if (!json.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
    }
    Fields fields(json, path);
    if (fields.TakeBool("thought")) return KeepWhole(json, path);
    if (const Json* const signature = fields.Take("thoughtSignature")) {
      Json alone = Json::object();
      alone["thoughtSignature"] = *signature;
      signature_ = WholeBlock("gemini.thought_signature", alone);
    }
    if (const Json* const call = fields.Take("functionCall");
        call != nullptr && builder_.role() == Role::kAssistant) {
      return ReadCall(*call, fields);
    }
    if (const Json* const response = fields.Take("functionResponse")) {
      return ReadResponse(*response, fields);
    }
    if (fields.Has("text")) return ReadText(fields);
    if (const Json* const data = fields.Take("inlineData")) {
      if (auto part = ReadInlineData(*data)) return AddPart(*std::move(part), fields);
    } else if (const Json* const file = fields.Take("fileData")) {
      if (auto part = ReadFileData(*file)) return AddPart(*std::move(part), fields);
    } else if (signature_.has_value() && json.size() == 1) {
      AddSignature();
      return absl::OkStatus();
    }
    return KeepWhole(json, path);
  }

 private:
  absl::Status KeepWhole(const Json& json, const std::string& path) {
    signature_.reset();  // it is in the part
    const bool known =
        std::any_of(kWholeData.begin(), kWholeData.end(),
                    [&](std::string_view name) { return json.contains(std::string(name)); });
    if (!known) {
      std::vector<std::string>& unknown = builder_.unknown_keys();
      if (json.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": it holds nothing"));
      for (const auto& [name, value] : json.items()) {
        unknown.push_back(absl::StrCat(path, ".", name));
      }
    }
    builder_.Add(WholeBlock(kPart, json));
    return absl::OkStatus();
  }

  void AddSignature() {
    if (signature_.has_value()) builder_.Add(*std::exchange(signature_, std::nullopt));
  }

  absl::Status AddPart(Part part, const Fields& fields) {
    AddSignature();
    builder_.Add(std::move(part), fields.Rest({"mediaResolution", "videoMetadata", "partMetadata"},
                                              builder_.unknown_keys()));
    return absl::OkStatus();
  }

  absl::Status ReadText(Fields& fields) {
    FOVEA_ASSIGN_OR_RETURN(std::string text, fields.TakeText("text"));
    // A signature that came after the last text stands on a text without characters.
    if (text.empty() && signature_.has_value()) {
      AddSignature();
      return absl::OkStatus();
    }
    return AddPart(TextPart{std::move(text)}, fields);
  }

  absl::Status ReadCall(const Json& json, Fields& part) {
    if (!json.is_object()) return part.Error("functionCall", "must be an object");
    Fields call(json, part.PathOf("functionCall"));
    ToolCallPart read{.call_id = call.TakeTextOrJson("id")};
    FOVEA_ASSIGN_OR_RETURN(std::string name, call.TakeText("name"));
    read.name = std::move(name);
    read.arguments_json = ArgumentsOf(call.Take("args"));
    const std::string given = absl::StrCat("call-", ++reader_.calls_);
    if (read.call_id.empty()) {
      read.call_id = given;
      reader_.open_.emplace_back(read.name, given);
    }
    Json rest = part.Rest({"partMetadata"}, builder_.unknown_keys());
    rest.update(call.Rest({"partialArgs", "willContinue"}, builder_.unknown_keys()));
    AddSignature();
    builder_.Add(std::move(read), rest);
    return absl::OkStatus();
  }

  absl::Status ReadResponse(const Json& json, Fields& part) {
    if (!json.is_object()) return part.Error("functionResponse", "must be an object");
    Fields response(json, part.PathOf("functionResponse"));
    ToolResultPart result{.call_id = response.TakeTextOrJson("id")};
    const std::string name = response.TakeTextOrJson("name");
    Json rest = part.Rest({"partMetadata"}, builder_.unknown_keys());
    if (!name.empty()) rest["name"] = JsonOf(name);
    if (result.call_id.empty()) result.call_id = Answered(name);
    if (const Json* const value = response.Take("response")) ReadValue(*value, result, rest);
    if (const Json* const parts = response.Take("parts")) {
      if (!parts->is_array()) return response.Error("parts", "must be a list");
      for (const Json& item : *parts) ReadResponsePart(item, result);
    }
    rest.update(response.Rest({"scheduling", "willContinue"}, builder_.unknown_keys()));
    AddSignature();
    builder_.Add(std::move(result), rest);
    return absl::OkStatus();
  }

  // The id of the oldest call of that name that has no response yet; "" if there is none.
  std::string Answered(const std::string& name) {
    auto& open = reader_.open_;
    const auto call = std::find_if(open.begin(), open.end(),
                                   [&](const auto& candidate) { return candidate.first == name; });
    if (call == open.end()) return "";
    std::string id = std::move(call->second);
    open.erase(call);
    return id;
  }

  static void ReadValue(const Json& value, ToolResultPart& result, Json& rest) {
    if (value.is_object() && value.size() == 1) {
      for (const char* name : {"output", "result", "error"}) {
        if (!value.contains(name) || !IsText(value[name])) continue;
        result.is_error = std::string_view(name) == "error";
        if (std::string_view(name) == "result") rest["response"] = "result";
        result.content.emplace_back(TextPart{BytesOf(value[name]).value()});
        return;
      }
    }
    result.content.emplace_back(TextPart{DumpJson(value)});
  }

  static void ReadResponsePart(const Json& item, ToolResultPart& result) {
    if (item.is_object() && item.size() == 1 && item.contains("inlineData")) {
      std::optional<Part> part = ReadInlineData(item["inlineData"]);
      if (part.has_value() && std::holds_alternative<ImagePart>(*part)) {
        result.content.emplace_back(std::get<ImagePart>(*std::move(part)));
        return;
      }
      if (part.has_value() && std::holds_alternative<DocumentPart>(*part)) {
        result.content.emplace_back(std::get<DocumentPart>(*std::move(part)));
        return;
      }
    }
    result.content.emplace_back(TextPart{DumpJson(item)});
  }

  GeminiReader& reader_;
  MessageBuilder& builder_;
  std::optional<OpaquePart> signature_;  // of the part at hand
};

namespace {

absl::StatusOr<ReadMessage> ReadParts(Role role, GeminiReader& reader, Fields& fields) {
  MessageBuilder builder(role);
  GeminiContent parts(reader, builder);
  if (const Json* const list = fields.Take("parts")) {
    if (!list->is_array()) return fields.Error("parts", "must be a list");
    if (list->empty()) builder.Add(TextPart{});
    for (size_t i = 0; i < list->size(); ++i) {
      FOVEA_RETURN_IF_ERROR(parts.ReadPart((*list)[i], absl::StrCat("parts[", i, "]")));
    }
  }
  builder.Keep(fields.Rest({}, builder.unknown_keys()));
  return std::move(builder).Finish("parts");
}

}  // namespace

absl::StatusOr<ReadMessage> GeminiReader::ReadContent(const Json& content) {
  if (!content.is_object()) return absl::InvalidArgumentError("a content must be an object");
  Fields fields(content, "");
  FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("role"));
  Role role = Role::kUser;
  if (name == "model") {
    role = Role::kAssistant;
  } else if (name == "system") {
    role = Role::kSystem;
  } else if (!name.empty() && name != "user" && name != "function") {
    return fields.Error("role", absl::StrCat("is \"", name, "\", not user, model or function"));
  }
  GeminiReader next = *this;
  absl::StatusOr<ReadMessage> read = ReadParts(role, next, fields);
  if (read.ok()) *this = std::move(next);
  return read;
}

absl::StatusOr<ReadMessage> ReadGeminiSystem(const Json& instruction) {
  GeminiReader reader;
  if (IsText(instruction)) {
    MessageBuilder builder(Role::kSystem);
    builder.Add(TextPart{BytesOf(instruction).value()});
    return std::move(builder).Finish("systemInstruction");
  }
  if (!instruction.is_object()) {
    return absl::InvalidArgumentError("systemInstruction: must be an object or a string");
  }
  Fields fields(instruction, "");
  fields.Drop("role");
  return ReadParts(Role::kSystem, reader, fields);
}

}  // namespace fovea::transcripts
