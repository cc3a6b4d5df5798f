#include "gateway/read_turns.h"

#include <algorithm>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::gateway {
namespace {

using transcripts::Json;

std::string BytesAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !transcripts::IsText(*found)) return "";
  auto bytes = transcripts::BytesOf(*found);
  return bytes.ok() ? *std::move(bytes) : "";
}

bool IsPicture(absl::string_view type) {
  return type == "image/png" || type == "image/jpeg" || type == "image/webp" || type == "image/gif";
}

std::optional<v1::ImagePart> Picture(absl::string_view type, absl::string_view base64) {
  v1::ImagePart image;
  if (!IsPicture(type) || !absl::Base64Unescape(base64, image.mutable_data())) return std::nullopt;
  image.set_media_type(std::string(type));
  return image;
}

std::optional<v1::ImagePart> PictureOfUrl(absl::string_view url) {
  const size_t comma = url.find(";base64,");
  if (!absl::StartsWith(url, "data:") || comma == absl::string_view::npos) return std::nullopt;
  return Picture(url.substr(5, comma - 5), url.substr(comma + 8));
}

std::optional<v1::ImagePart> AnthropicPicture(const Json& block) {
  const auto source = block.find("source");
  if (source == block.end() || !source->is_object()) return std::nullopt;
  return Picture(BytesAt(*source, "media_type"), BytesAt(*source, "data"));
}

}  // namespace

// Collects parts into turns: results are turns of the tool's, all else of the role's.
class TurnReader::Builder {
 public:
  explicit Builder(v1::Role role) : role_(role) {}

  v1::Part* Add(bool result) {
    const v1::Role role = result ? v1::ROLE_TOOL : role_;
    if (turns_.empty() || turns_.back().role() != role) turns_.emplace_back().set_role(role);
    return turns_.back().add_parts();
  }
  void AddText(std::string text) { Add(false)->mutable_text()->set_text(std::move(text)); }
  void AddOpaque(absl::string_view api, const Json& json, absl::string_view type) {
    v1::OpaquePart* opaque = Add(false)->mutable_opaque();
    opaque->set_kind(absl::StrCat(api, ".", type.empty() ? "unknown" : type));
    opaque->set_data(transcripts::DumpJson(json));
  }
  void AddCall(std::string id, std::string name, std::string arguments) {
    v1::ToolCallPart* call = Add(false)->mutable_tool_call();
    call->set_call_id(std::move(id));
    call->set_name(std::move(name));
    call->set_arguments_json(std::move(arguments));
  }
  v1::ToolResultPart* AddResult(std::string id) {
    v1::ToolResultPart* result = Add(true)->mutable_tool_result();
    result->set_call_id(std::move(id));
    return result;
  }
  // A picture, or the block as it is.
  void AddPicture(std::optional<v1::ImagePart> picture, absl::string_view api, const Json& block) {
    if (picture.has_value()) {
      *Add(false)->mutable_image() = *std::move(picture);
    } else {
      AddOpaque(api, block, "image");
    }
  }
  std::vector<v1::Turn> Finish() { return std::move(turns_); }
  void set_role(v1::Role role) { role_ = role; }

 private:
  v1::Role role_;
  std::vector<v1::Turn> turns_;
};

namespace {

// A result's content: a text, or a list of texts and pictures; anything else as its JSON.
void FillResult(const Json& content, v1::ToolResultPart* result) {
  const auto add_text = [&](std::string text) {
    result->add_content()->mutable_text()->set_text(std::move(text));
  };
  if (transcripts::IsText(content)) {
    auto bytes = transcripts::BytesOf(content);
    return add_text(bytes.ok() ? *std::move(bytes) : "");
  }
  if (!content.is_array()) return add_text(transcripts::DumpJson(content));
  for (const Json& block : content) {
    const std::string type = block.is_object() ? BytesAt(block, "type") : "";
    std::optional<v1::ImagePart> picture;
    if (type == "image") picture = AnthropicPicture(block);
    if (type == "input_image") picture = PictureOfUrl(BytesAt(block, "image_url"));
    if (picture.has_value()) {
      *result->add_content()->mutable_image() = *std::move(picture);
    } else if (type == "text" || type == "input_text" || type == "output_text") {
      add_text(BytesAt(block, "text"));
    } else {
      add_text(transcripts::DumpJson(block));
    }
  }
}

absl::StatusOr<v1::Role> RoleOf(const std::string& role) {
  if (role == "user") return v1::ROLE_USER;
  if (role == "assistant" || role == "model") return v1::ROLE_ASSISTANT;
  if (role == "system" || role == "developer") return v1::ROLE_SYSTEM;
  if (role == "tool" || role == "function") return v1::ROLE_TOOL;
  return absl::InvalidArgumentError(absl::StrCat("role: ", role, " is none that is known"));
}

}  // namespace

absl::Status TurnReader::ReadAnthropic(const Json& item, Builder& to) {
  const auto content = item.find("content");
  if (content == item.end()) return absl::OkStatus();
  if (transcripts::IsText(*content)) {
    if (*content != "") to.AddText(BytesAt(item, "content"));
    return absl::OkStatus();
  }
  if (!content->is_array()) return absl::InvalidArgumentError("content: neither text nor a list");
  for (const Json& block : *content) {
    if (!block.is_object()) return absl::InvalidArgumentError("content: a block is no object");
    const std::string type = BytesAt(block, "type");
    if (type == "text") {
      to.AddText(BytesAt(block, "text"));
    } else if (type == "image") {
      to.AddPicture(AnthropicPicture(block), "anthropic", block);
    } else if (type == "tool_use" && block.contains("input")) {
      to.AddCall(BytesAt(block, "id"), BytesAt(block, "name"),
                 transcripts::DumpJson(block["input"]));
    } else if (type == "tool_result") {
      v1::ToolResultPart* result = to.AddResult(BytesAt(block, "tool_use_id"));
      if (block.contains("content")) FillResult(block["content"], result);
      result->set_is_error(block.contains("is_error") && block["is_error"] == true);
    } else {
      to.AddOpaque("anthropic", block, type);
    }
  }
  return absl::OkStatus();
}

absl::Status TurnReader::ReadChat(const Json& item, Builder& to) {
  const auto content = item.find("content");
  if (item.contains("tool_call_id")) {
    v1::ToolResultPart* result = to.AddResult(BytesAt(item, "tool_call_id"));
    if (content != item.end()) FillResult(*content, result);
    return absl::OkStatus();
  }
  if (item.contains("reasoning_content") && transcripts::IsText(item["reasoning_content"])) {
    v1::OpaquePart* opaque = to.Add(false)->mutable_opaque();
    opaque->set_kind("deepseek.reasoning_content");
    opaque->set_data(BytesAt(item, "reasoning_content"));
  }
  if (content != item.end() && transcripts::IsText(*content)) {
    if (*content != "") to.AddText(BytesAt(item, "content"));
  } else if (content != item.end() && content->is_array()) {
    for (const Json& part : *content) {
      const std::string type = part.is_object() ? BytesAt(part, "type") : "";
      if (type == "text") {
        to.AddText(BytesAt(part, "text"));
      } else if (type == "image_url" && part.contains("image_url") &&
                 part["image_url"].is_object()) {
        to.AddPicture(PictureOfUrl(BytesAt(part["image_url"], "url")), "openai", part);
      } else {
        to.AddOpaque("openai", part, type);
      }
    }
  }
  const auto calls = item.find("tool_calls");
  if (calls == item.end() || !calls->is_array()) return absl::OkStatus();
  for (const Json& call : *calls) {
    if (!call.is_object() || !call.contains("function") || !call["function"].is_object()) {
      return absl::InvalidArgumentError("tool_calls: a call is no function");
    }
    to.AddCall(BytesAt(call, "id"), BytesAt(call["function"], "name"),
               BytesAt(call["function"], "arguments"));
  }
  return absl::OkStatus();
}

absl::Status TurnReader::ReadResponses(const Json& item, Builder& to) {
  const std::string type = BytesAt(item, "type");
  if (type == "function_call") {
    to.AddCall(BytesAt(item, "call_id"), BytesAt(item, "name"), BytesAt(item, "arguments"));
  } else if (type == "custom_tool_call") {
    to.AddCall(BytesAt(item, "call_id"), BytesAt(item, "name"), BytesAt(item, "input"));
  } else if (type == "function_call_output" || type == "custom_tool_call_output") {
    v1::ToolResultPart* result = to.AddResult(BytesAt(item, "call_id"));
    if (item.contains("output")) FillResult(item["output"], result);
  } else if (type.empty() || type == "message") {
    const auto content = item.find("content");
    if (content == item.end()) return absl::OkStatus();
    if (transcripts::IsText(*content)) to.AddText(BytesAt(item, "content"));
    if (!content->is_array()) return absl::OkStatus();
    for (const Json& part : *content) {
      const std::string kind = part.is_object() ? BytesAt(part, "type") : "";
      if (kind == "input_text" || kind == "output_text") {
        to.AddText(BytesAt(part, "text"));
      } else if (kind == "input_image") {
        to.AddPicture(PictureOfUrl(BytesAt(part, "image_url")), "openai", part);
      } else {
        to.AddOpaque("openai", part, kind);
      }
    }
  } else {
    to.set_role(absl::EndsWith(type, "_output") ? v1::ROLE_TOOL : v1::ROLE_ASSISTANT);
    to.AddOpaque("openai", item, type);
  }
  return absl::OkStatus();
}

absl::Status TurnReader::ReadGemini(const Json& item, Builder& to) {
  const auto parts = item.find("parts");
  if (parts == item.end() || !parts->is_array()) return absl::OkStatus();
  for (const Json& part : *parts) {
    if (!part.is_object()) return absl::InvalidArgumentError("parts: a part is no object");
    const bool thought = part.contains("thought") && part["thought"] == true;
    if (part.contains("thoughtSignature") && !thought) {
      to.AddOpaque("gemini", {{"thoughtSignature", part["thoughtSignature"]}}, "thought_signature");
    }
    if (part.contains("functionCall") && part["functionCall"].is_object()) {
      const Json& call = part["functionCall"];
      std::string id = BytesAt(call, "id");
      ++calls_;
      if (id.empty()) {
        id = absl::StrCat("call-", calls_);
        open_.push_back({BytesAt(call, "name"), id});
      }
      to.AddCall(id, BytesAt(call, "name"),
                 call.contains("args") ? transcripts::DumpJson(call["args"]) : "{}");
    } else if (part.contains("functionResponse") && part["functionResponse"].is_object()) {
      const Json& response = part["functionResponse"];
      std::string id = BytesAt(response, "id");
      const std::string name = BytesAt(response, "name");
      const auto open = std::find_if(open_.begin(), open_.end(),
                                     [&](const auto& call) { return call.first == name; });
      if (id.empty() && open != open_.end()) {
        id = open->second;
        open_.erase(open);
      }
      v1::ToolResultPart* result = to.AddResult(id);
      const Json answer = response.contains("response") ? response["response"] : Json::object();
      const auto output =
          answer.is_object() && answer.size() == 1 ? answer.find("output") : answer.end();
      FillResult(output != answer.end() && transcripts::IsText(*output) ? *output : answer, result);
    } else if (part.contains("text") && !thought) {
      to.AddText(BytesAt(part, "text"));
    } else if (part.contains("inlineData") && part["inlineData"].is_object()) {
      to.AddPicture(
          Picture(BytesAt(part["inlineData"], "mimeType"), BytesAt(part["inlineData"], "data")),
          "gemini", part);
    } else if (thought || !part.contains("thoughtSignature")) {
      to.AddOpaque("gemini", part, "part");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Turn>> TurnReader::Read(absl::string_view item) {
  const auto json = transcripts::ParseJson({item.data(), item.size()});
  if (!json.ok()) return json.status();
  if (!json->is_object()) return absl::InvalidArgumentError("not an object");
  const std::string role = BytesAt(*json, "role");
  const bool no_role = role.empty() && wire_ != Wire::kAnthropic && wire_ != Wire::kOpenAiChat;
  const absl::StatusOr<v1::Role> known =
      no_role ? absl::StatusOr<v1::Role>(v1::ROLE_ASSISTANT) : RoleOf(role);
  if (!known.ok()) return known.status();
  Builder builder(wire_ == Wire::kGemini && role.empty() ? v1::ROLE_USER : *known);
  absl::Status status;
  switch (wire_) {
    case Wire::kAnthropic:
      status = ReadAnthropic(*json, builder);
      break;
    case Wire::kOpenAiChat:
      status = ReadChat(*json, builder);
      break;
    case Wire::kOpenAiResponses:
      status = ReadResponses(*json, builder);
      break;
    case Wire::kGemini:
      status = ReadGemini(*json, builder);
      break;
  }
  if (!status.ok()) return status;
  return builder.Finish();
}

void TurnReader::Skip(absl::string_view item) {
  if (wire_ == Wire::kGemini) Read(item).status().IgnoreError();
}

}  // namespace fovea::gateway
