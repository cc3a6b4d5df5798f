#include "transcripts/texts.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/base/utf8.h"

namespace fovea::transcripts {
namespace {

constexpr size_t kMaxMediaType = 200;
constexpr size_t kMaxName = 1'000;
constexpr size_t kMaxAddress = 8'192;
constexpr size_t kMaxAttributes = size_t{64} << 10;
constexpr size_t kMaxTexts = 1'000;

}  // namespace

std::string TypeOf(const Json& json) {
  if (!json.is_object() || !json.contains("type") || !IsText(json["type"])) return "";
  return BytesOf(json["type"]).value();
}

std::optional<std::string> PlainTextBlock(const Json& block) {
  if (TypeOf(block) != "text" || !block.contains("text") || !IsText(block["text"]) ||
      block.size() != 2) {
    return std::nullopt;
  }
  return BytesOf(block["text"]).value();
}

std::string ArgumentsOf(const Json* arguments) {
  if (arguments == nullptr) return "{}";
  return IsText(*arguments) ? BytesOf(*arguments).value() : DumpJson(*arguments);
}

Json Without(const Json& object, std::string_view name) {
  Json rest = object;
  rest.erase(std::string(name));
  return rest;
}

std::optional<DocumentPart> ReadFileData(std::string_view data) {
  absl::string_view rest(data.data(), data.size());
  DocumentPart document;
  if (absl::ConsumePrefix(&rest, "data:")) {
    const size_t comma = rest.find(',');
    if (comma == absl::string_view::npos) return std::nullopt;
    absl::string_view type = rest.substr(0, comma);
    if (!absl::ConsumeSuffix(&type, ";base64")) return std::nullopt;
    document.media_type = std::string(type);
    rest.remove_prefix(comma + 1);
  }
  if (!absl::Base64Unescape(rest, &document.data) || document.data.empty()) return std::nullopt;
  if (!Fits(document)) return std::nullopt;
  return document;
}

std::optional<AudioPart> ReadSound(std::string_view format, std::string_view base64) {
  AudioPart audio;
  if (!format.empty()) {
    audio.media_type = absl::StrCat("audio/", absl::string_view(format.data(), format.size()));
  }
  if (!absl::Base64Unescape(absl::string_view(base64.data(), base64.size()), &audio.data) ||
      audio.data.empty() || !Fits(audio)) {
    return std::nullopt;
  }
  return audio;
}

bool Fits(const DocumentPart& document) {
  return document.media_type.size() <= kMaxMediaType && document.name.size() <= kMaxName &&
         document.uri.size() <= kMaxAddress && document.attributes_json.size() <= kMaxAttributes &&
         IsWellFormedUtf8(document.media_type) && IsWellFormedUtf8(document.name) &&
         IsWellFormedUtf8(document.uri);
}

bool Fits(const SearchResultPart& result) {
  return result.source.size() <= kMaxAddress && result.title.size() <= kMaxAddress &&
         result.attributes_json.size() <= kMaxAttributes && result.text.size() <= kMaxTexts &&
         IsWellFormedUtf8(result.source) && IsWellFormedUtf8(result.title);
}

bool Fits(const ToolReferencePart& reference) {
  return !reference.tool_name.empty() && reference.tool_name.size() <= kMaxMediaType &&
         IsWellFormedUtf8(reference.tool_name);
}

bool Fits(const AudioPart& audio) {
  return audio.media_type.size() <= kMaxMediaType && audio.id.size() <= kMaxName &&
         IsWellFormedUtf8(audio.media_type) && IsWellFormedUtf8(audio.id);
}

}  // namespace fovea::transcripts
