#include "transcripts/anthropic.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

// Blocks of the documents without a part of their own.
constexpr std::array<std::string_view, 25> kWholeTypes = {"thinking",
                                                          "redacted_thinking",
                                                          "server_tool_use",
                                                          "web_search_tool_result",
                                                          "web_fetch_tool_result",
                                                          "code_execution_tool_result",
                                                          "bash_code_execution_tool_result",
                                                          "text_editor_code_execution_tool_result",
                                                          "tool_search_tool_result",
                                                          "advisor_tool_result",
                                                          "mcp_tool_use",
                                                          "mcp_tool_result",
                                                          "mcp_list_tools",
                                                          "container_upload",
                                                          "compaction",
                                                          "fallback",
                                                          "connector_text",
                                                          "image",
                                                          "document",
                                                          "search_result",
                                                          "tool_reference",
                                                          "mid_conv_system",
                                                          "memory_tool_result",
                                                          "tool_addition",
                                                          "tool_use"};

// A document whose source is data, a URL or a file's id. None for other sources (lists of blocks),
// which are kept whole.
std::optional<DocumentPart> ReadDocument(const Json& block) {
  if (!block.contains("source") || !block["source"].is_object()) return std::nullopt;
  Fields source(block["source"], "");
  const std::string kind = source.TakeTextOrJson("type");
  DocumentPart document{.media_type = source.TakeTextOrJson("media_type")};
  if (kind == "base64") {
    if (!absl::Base64Unescape(source.TakeTextOrJson("data"), &document.data)) return std::nullopt;
  } else if (kind == "text") {
    document.data = source.TakeTextOrJson("data");
  } else if (kind == "url" || kind == "file") {
    document.uri = source.TakeTextOrJson(kind == "url" ? "url" : "file_id");
  }
  if (document.data.empty() && document.uri.empty()) return std::nullopt;
  std::vector<std::string> more;
  if (!source.Rest({}, more).empty()) return std::nullopt;
  Fields fields(block, "");
  for (const char* read : {"type", "source", "cache_control"}) fields.Drop(read);
  document.name = fields.TakeTextOrJson("title");
  document.context = fields.TakeTextOrJson("context");
  if (const Json rest = fields.Rest({}, more); !rest.empty()) {
    document.attributes_json = DumpJson(rest);
  }
  if (!Fits(document)) return std::nullopt;
  return document;
}

std::optional<SearchResultPart> ReadSearchResult(const Json& block) {
  Fields fields(block, "");
  for (const char* read : {"type", "cache_control"}) fields.Drop(read);
  SearchResultPart result{.source = fields.TakeTextOrJson("source"),
                          .title = fields.TakeTextOrJson("title")};
  const Json* const content = fields.Take("content");
  if (content == nullptr || !content->is_array()) return std::nullopt;
  for (const Json& text : *content) {
    std::optional<std::string> bytes = PlainTextBlock(text);
    if (!bytes.has_value()) return std::nullopt;
    result.text.push_back(*std::move(bytes));
  }
  std::vector<std::string> more;
  if (const Json rest = fields.Rest({}, more); !rest.empty()) {
    result.attributes_json = DumpJson(rest);
  }
  if (!Fits(result)) return std::nullopt;
  return result;
}

std::optional<ImagePart> ReadImageBlock(const Json& block) {
  if (!block.contains("source") || !block["source"].is_object()) return std::nullopt;
  Fields source(block["source"], "");
  if (source.TakeTextOrJson("type") != "base64") return std::nullopt;
  const std::string media_type = source.TakeTextOrJson("media_type");
  return ReadImage(media_type, source.TakeTextOrJson("data"));
}

class Reader {
 public:
  Reader(MessageBuilder& builder, Role role) : builder_(builder), role_(role) {}

  // `content` stands at `path`.
  absl::Status ReadContent(const Json& content, const std::string& path) {
    if (IsText(content)) {
      builder_.Add(TextPart{BytesOf(content).value()});
      return absl::OkStatus();
    }
    if (!content.is_array()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be a string or a list"));
    }
    if (content.empty()) builder_.Add(TextPart{});
    for (size_t i = 0; i < content.size(); ++i) {
      FOVEA_RETURN_IF_ERROR(ReadBlock(content[i], absl::StrCat(path, "[", i, "]")));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadBlock(const Json& block, const std::string& path) {
    if (!block.is_object()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
    }
    Fields fields(block, path);
    const std::string type = fields.TakeTextOrJson("type");
    fields.Drop("cache_control");
    if (type == "text") return ReadText(fields);
    if (type == "tool_use" && role_ == Role::kAssistant) return ReadCall(fields);
    if (type == "tool_result") return ReadResult(fields);
    if (type == "image") {
      if (std::optional<ImagePart> image = ReadImageBlock(block)) {
        fields.Drop("source");
        builder_.Add(*std::move(image), fields.Rest({}, builder_.unknown_keys()));
        return absl::OkStatus();
      }
    } else if (type == "document") {
      if (std::optional<DocumentPart> document = ReadDocument(block)) {
        builder_.Add(*std::move(document));
        return absl::OkStatus();
      }
    } else if (type == "search_result") {
      if (std::optional<SearchResultPart> result = ReadSearchResult(block)) {
        builder_.Add(*std::move(result));
        return absl::OkStatus();
      }
    }
    if (type.empty()) return fields.Error("type", "is missing");
    if (std::find(kWholeTypes.begin(), kWholeTypes.end(), type) == kWholeTypes.end()) {
      builder_.unknown_keys().push_back(absl::StrCat(path, ".type=", type));
    }
    builder_.Add(WholeBlock(absl::StrCat("anthropic.", type), Without(block, "cache_control")));
    return absl::OkStatus();
  }

  absl::Status ReadText(Fields& fields) {
    if (!fields.Has("text")) return fields.Error("text", "is missing");
    FOVEA_ASSIGN_OR_RETURN(std::string text, fields.TakeText("text"));
    builder_.Add(TextPart{std::move(text)}, fields.Rest({"citations"}, builder_.unknown_keys()));
    return absl::OkStatus();
  }

  absl::Status ReadCall(Fields& fields) {
    ToolCallPart call{.call_id = fields.TakeTextOrJson("id")};
    FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("name"));
    call.name = std::move(name);
    call.arguments_json = ArgumentsOf(fields.Take("input"));
    builder_.Add(std::move(call), fields.Rest({"caller"}, builder_.unknown_keys()));
    return absl::OkStatus();
  }

  absl::Status ReadResult(Fields& fields) {
    ToolResultPart result{.call_id = fields.TakeTextOrJson("tool_use_id"),
                          .is_error = fields.TakeBool("is_error")};
    Json attributes = Json::object();
    if (const Json* const content = fields.Take("content")) {
      if (IsText(*content)) {
        result.content.emplace_back(TextPart{BytesOf(*content).value()});
      } else if (content->is_array()) {
        Json kept = Json::object();
        for (size_t i = 0; i < content->size(); ++i) {
          const std::string path = fields.PathOf(absl::StrCat("content[", i, "]"));
          const Json rest = ReadResultItem((*content)[i], path, result);
          if (!rest.empty()) kept[absl::StrCat(i)] = rest;
        }
        if (!kept.empty()) attributes["content"] = std::move(kept);
      } else {
        return fields.Error("content", "must be a string or a list");
      }
    }
    attributes.update(fields.Rest({}, builder_.unknown_keys()));
    builder_.Add(std::move(result), attributes);
    return absl::OkStatus();
  }

  // Adds an item to `result`; gives what is kept beside it.
  Json ReadResultItem(const Json& item, const std::string& path, ToolResultPart& result) {
    const std::string type = TypeOf(item);
    if (type == "text" && item.contains("text") && IsText(item["text"])) {
      Fields fields(item, path);
      for (const char* read : {"type", "cache_control"}) fields.Drop(read);
      result.content.emplace_back(TextPart{fields.TakeTextOrJson("text")});
      return fields.Rest({"citations"}, builder_.unknown_keys());
    }
    if (type == "image") {
      if (auto image = ReadImageBlock(item)) {
        result.content.emplace_back(*std::move(image));
        return Json::object();
      }
    } else if (type == "document") {
      if (auto document = ReadDocument(item)) {
        result.content.emplace_back(*std::move(document));
        return Json::object();
      }
    } else if (type == "search_result") {
      if (auto found = ReadSearchResult(item)) {
        result.content.emplace_back(*std::move(found));
        return Json::object();
      }
    } else if (type == "tool_reference") {
      Fields fields(item, path);
      for (const char* read : {"type", "cache_control"}) fields.Drop(read);
      ToolReferencePart reference{fields.TakeTextOrJson("tool_name")};
      if (Fits(reference)) {
        result.content.emplace_back(std::move(reference));
        return fields.Rest({}, builder_.unknown_keys());
      }
    } else {
      builder_.unknown_keys().push_back(absl::StrCat(path, ".type=", type));
    }
    result.content.emplace_back(TextPart{DumpJson(item)});
    return Json::object();
  }

  MessageBuilder& builder_;
  const Role role_;
};

absl::StatusOr<Role> RoleOf(Fields& fields) {
  FOVEA_ASSIGN_OR_RETURN(std::string name, fields.TakeText("role"));
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "system") return Role::kSystem;
  return fields.Error("role", absl::StrCat("is \"", name, "\", not user, assistant or system"));
}

}  // namespace

absl::StatusOr<ReadMessage> ReadAnthropicMessage(const Json& message) {
  if (!message.is_object()) return absl::InvalidArgumentError("a message must be an object");
  Fields fields(message, "");
  FOVEA_ASSIGN_OR_RETURN(Role role, RoleOf(fields));
  MessageBuilder builder(role);
  if (const Json* const content = fields.Take("content")) {
    FOVEA_RETURN_IF_ERROR(Reader(builder, role).ReadContent(*content, "content"));
  }
  fields.Drop("type");
  builder.Keep(fields.Rest({"id", "model", "stop_reason", "stop_sequence", "stop_details", "usage",
                            "container", "context_management", "diagnostics"},
                           builder.unknown_keys()));
  return std::move(builder).Finish("content");
}

absl::StatusOr<ReadMessage> ReadAnthropicSystem(const Json& system) {
  MessageBuilder builder(Role::kSystem);
  FOVEA_RETURN_IF_ERROR(Reader(builder, Role::kSystem).ReadContent(system, "system"));
  return std::move(builder).Finish("system");
}

}  // namespace fovea::transcripts
