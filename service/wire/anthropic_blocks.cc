#include "service/wire/anthropic_blocks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "core/base/pdf_pages.h"
#include "core/log/part_text.h"
#include "nlohmann/json.hpp"
#include "service/wire/json_text.h"

namespace fovea::wire {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kThinking[] = "thinking";

// Fovea sets the marks, of which a request has four at most: others' are taken out.
void RemoveMarks(Json& json) {
  if (json.is_object()) json.erase("cache_control");
  if (!json.is_structured()) return;
  for (Json& inner : json) RemoveMarks(inner);  // at most as deep as IsJsonObject takes
}

std::string TextOf(const Json& json, const char* key) {
  const auto field = json.find(key);
  return field != json.end() && field->is_string() ? field->get<std::string>() : "";
}

// Pictures and pages that the API counts in a document.
size_t MediaOf(const Json& document) {
  const auto source = document.find("source");
  if (source == document.end() || !source->is_object()) return 1;
  const std::string type = TextOf(*source, "type");
  if (type == "text" || type == "content") return 0;
  std::string bytes;
  if (type == "base64" && absl::Base64Unescape(TextOf(*source, "data"), &bytes)) {
    return static_cast<size_t>(std::max<int64_t>(1, PdfPages(bytes)));
  }
  return 1;
}

void AppendField(absl::string_view name, const std::string& value, std::string& out) {
  absl::StrAppend(&out, ",\"", name, "\":");
  AppendString(TextBlock(value).text, out);
}

// The part's setting of citations, which is the one that the API knows beside what is written here.
void AppendCitations(const std::string& attributes_json, std::string& out) {
  if (!IsJsonObject(attributes_json)) return;
  const auto attributes = Json::parse(attributes_json);
  const auto citations = attributes.find("citations");
  if (citations == attributes.end() || !citations->is_object()) return;
  const auto enabled = citations->find("enabled");
  if (enabled == citations->end() || !enabled->is_boolean()) return;
  absl::StrAppend(&out, R"(,"citations":{"enabled":)", enabled->dump(), "}");
}

bool IsAddress(const std::string& uri) {
  return absl::StartsWith(uri, "https://") || absl::StartsWith(uri, "http://");
}

}  // namespace

// What users may send beside texts and pictures is documents; what assistants say in texts and
// calls is written from those.
std::optional<Block> AnthropicOwnBlock(const OpaquePart& part, Role role,
                                       const ReaderTraits& reader) {
  if (!absl::StartsWith(part.kind, "anthropic.") || !IsJsonObject(part.data) ||
      MeasureJson(part.data).values > kMaxJsonValues) {
    return std::nullopt;
  }
  Json json = Json::parse(part.data);
  const std::string type = TextOf(json, "type");
  if (type.empty()) return std::nullopt;
  const bool document = type == "document" || type == "search_result";
  const bool written =
      type == "text" || type == "image" || type == "tool_use" || type == "tool_result";
  const bool users = role == Role::kUser || role == Role::kTool;
  if (role == Role::kAssistant ? document || written : !(document && users)) return std::nullopt;
  if (type == "document" && MediaOf(json) > 0 && !reader.takes_images) return std::nullopt;
  const bool thinking = type == kThinking || type == "redacted_thinking";
  Block block{.kind = Block::Kind::kRaw,
              .text = part.data,
              .name = thinking ? kThinking : type,
              .is_document = document,
              .media = type == "document" ? MediaOf(json) : 0};
  if (!thinking && absl::StrContains(part.data, "cache_control")) {
    RemoveMarks(json);
    block.text = json.dump();
  }
  return block;
}

std::optional<Block> AnthropicDocument(const DocumentPart& part, const ReaderTraits& reader) {
  Block block{.kind = Block::Kind::kRaw, .is_document = true};
  std::string& out = block.text;
  const bool pdf = part.media_type == "application/pdf" || part.media_type.empty();
  const bool image = absl::StartsWith(part.media_type, "image/");
  if (IsTextDocument(part) && part.uri.empty()) {
    if (IsBlank(part.data)) return std::nullopt;
    out = R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":)";
    AppendString(TextBlock(part.data).text, out);
  } else if (!reader.takes_images || (!pdf && !image)) {
    return std::nullopt;
  } else if (!part.uri.empty()) {
    const bool address = IsAddress(part.uri);
    if (!address && !absl::StartsWith(part.uri, "file_")) return std::nullopt;
    out = absl::StrCat(R"({"type":")", image ? "image" : "document", R"(","source":{"type":")",
                       address ? R"(url","url":)" : R"(file","file_id":)");
    AppendString(TextBlock(part.uri).text, out);
    block.media = 1;
  } else if (pdf && !part.media_type.empty()) {
    out = R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":")";
    AppendBase64(part.data, out);
    out += '"';
    block.media = static_cast<size_t>(std::max<int64_t>(1, PdfPages(part.data)));
  } else {
    return std::nullopt;
  }
  out += '}';
  if (!image) {
    if (!IsBlank(part.name)) AppendField("title", part.name, out);
    if (!IsBlank(part.context)) AppendField("context", part.context, out);
    AppendCitations(part.attributes_json, out);
  }
  out += '}';
  return block;
}

std::optional<Block> AnthropicSearchResult(const SearchResultPart& part) {
  const bool texts =
      std::ranges::any_of(part.text, [](const auto& text) { return !IsBlank(text); });
  if (!texts || IsBlank(part.source) || IsBlank(part.title)) return std::nullopt;
  Block block{.kind = Block::Kind::kRaw, .text = R"({"type":"search_result")", .is_document = true};
  AppendField("source", part.source, block.text);
  AppendField("title", part.title, block.text);
  block.text += R"(,"content":[)";
  bool first = true;
  for (const std::string& text : part.text) {
    if (IsBlank(text)) continue;
    if (!first) block.text += ',';
    first = false;
    block.text += R"({"type":"text")";
    AppendField("text", text, block.text);
    block.text += '}';
  }
  block.text += ']';
  AppendCitations(part.attributes_json, block.text);
  block.text += '}';
  return block;
}

Block AnthropicToolReference(const ToolReferencePart& part) {
  Block block{.kind = Block::Kind::kRaw, .text = R"({"type":"tool_reference")"};
  AppendField("tool_name", part.tool_name, block.text);
  block.text += '}';
  return block;
}

uint32_t AnthropicSettle(std::vector<Block>* blocks, Conversation* /*conversation*/) {
  uint32_t taken = 0;
  while (!blocks->empty() && blocks->back().kind == Block::Kind::kRaw &&
         blocks->back().name == kThinking) {
    blocks->pop_back();
    ++taken;
  }
  return taken;
}

}  // namespace fovea::wire
