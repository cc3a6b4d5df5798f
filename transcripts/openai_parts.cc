#include "transcripts/openai_parts.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "transcripts/fields.h"
#include "transcripts/texts.h"

namespace fovea::transcripts {
namespace {

// A part of a content, and what is kept beside it.
struct ReadPart {
  Part part;
  Json attributes = Json::object();
};

bool IsTextType(const std::string& type) {
  return type == "text" || type == "input_text" || type == "output_text" ||
         type == "summary_text" || type == "reasoning_text";
}

// The picture of {"image_url": {"url": "data:..."}} or {"image_url": "data:..."}.
std::optional<ImagePart> ReadImageUrl(const Json& url, Json& attributes) {
  if (IsText(url)) return ReadDataUrl(BytesOf(url).value());
  if (!url.is_object() || !url.contains("url") || !IsText(url["url"])) return std::nullopt;
  std::optional<ImagePart> image = ReadDataUrl(BytesOf(url["url"]).value());
  if (image.has_value()) attributes = Without(url, "url");
  return image;
}

// A file by its data, a URL or the provider's id.
std::optional<DocumentPart> ReadFile(const Json& file) {
  Fields fields(file, "");
  for (const char* read : {"type", "prompt_cache_breakpoint"}) fields.Drop(read);
  const std::string name = fields.TakeTextOrJson("filename");
  const std::string data = fields.TakeTextOrJson("file_data");
  std::string uri = fields.TakeTextOrJson("file_url");
  if (uri.empty()) uri = fields.TakeTextOrJson("file_id");
  std::optional<DocumentPart> document;
  if (!data.empty()) {
    if (!uri.empty()) return std::nullopt;
    document = ReadFileData(data);
  } else if (!uri.empty()) {
    document = DocumentPart{.uri = std::move(uri)};
  }
  if (!document.has_value()) return std::nullopt;
  document->name = name;
  std::vector<std::string> more;
  if (const Json rest = fields.Rest({}, more); !rest.empty()) {
    document->attributes_json = DumpJson(rest);
  }
  if (!Fits(*document)) return std::nullopt;
  return document;
}

std::optional<AudioPart> ReadInputAudio(const Json& audio) {
  if (!audio.is_object()) return std::nullopt;
  Fields fields(audio, "");
  const std::string format = fields.TakeTextOrJson("format");
  return ReadSound(format, fields.TakeTextOrJson("data"));
}

absl::StatusOr<ReadPart> ReadOne(const Json& json, const std::string& path, bool assistant,
                                 const std::string& phase, std::vector<std::string>& unknown_keys) {
  if (IsText(json)) return ReadPart{TextPart{.text = BytesOf(json).value(), .phase = phase}};
  if (!json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": must be an object"));
  }
  Fields fields(json, path);
  const std::string type = fields.TakeTextOrJson("type");
  fields.Drop("prompt_cache_breakpoint");
  fields.Drop("cache_control");
  if (type.empty()) return fields.Error("type", "is missing");
  if (IsTextType(type)) {
    if (!fields.Has("text")) return fields.Error("text", "is missing");
    FOVEA_ASSIGN_OR_RETURN(std::string text, fields.TakeText("text"));
    ReadPart read{TextPart{.text = std::move(text), .phase = phase}};
    read.attributes = fields.Rest({"annotations", "logprobs"}, unknown_keys);
    // Every text that the API writes has the two lists, nearly always empty.
    for (const char* name : {"annotations", "logprobs"}) {
      if (read.attributes.contains(name) && read.attributes[name].empty()) {
        read.attributes.erase(name);
      }
    }
    return read;
  }
  if (type == "refusal" && assistant) {
    FOVEA_ASSIGN_OR_RETURN(std::string text, fields.TakeText("refusal"));
    ReadPart read{RefusalPart{std::move(text)}};
    read.attributes = fields.Rest({}, unknown_keys);
    return read;
  }
  if ((type == "image_url" || type == "input_image") && json.contains("image_url")) {
    Json attributes = Json::object();
    if (auto image = ReadImageUrl(json["image_url"], attributes)) {
      fields.Drop("image_url");
      attributes.update(fields.Rest({"detail"}, unknown_keys));
      return ReadPart{*std::move(image), std::move(attributes)};
    }
  } else if (type == "file" && json.contains("file") && json["file"].is_object()) {
    if (auto document = ReadFile(json["file"])) {
      fields.Drop("file");
      return ReadPart{*std::move(document), fields.Rest({}, unknown_keys)};
    }
  } else if (type == "input_file") {
    if (auto document = ReadFile(json)) return ReadPart{*std::move(document)};
  } else if (type == "input_audio" && json.contains("input_audio")) {
    if (auto audio = ReadInputAudio(json["input_audio"])) {
      fields.Drop("input_audio");
      return ReadPart{*std::move(audio), fields.Rest({}, unknown_keys)};
    }
  }
  if (type != "refusal" && type != "image_url" && type != "input_image" && type != "file" &&
      type != "input_file" && type != "input_audio" && type != "video_url" &&
      type != "computer_screenshot" && type != "encrypted_content") {
    unknown_keys.push_back(absl::StrCat(path, ".type=", type));
  }
  return ReadPart{WholeBlock(absl::StrCat("openai.", type), json)};
}

}  // namespace

absl::Status ReadOpenAiContent(const Json& content, const std::string& path,
                               const std::string& phase, MessageBuilder& builder) {
  if (IsText(content)) {
    builder.Add(TextPart{.text = BytesOf(content).value(), .phase = phase});
    return absl::OkStatus();
  }
  if (!content.is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": must be a string or a list"));
  }
  const bool assistant = builder.role() == Role::kAssistant;
  if (content.empty()) builder.Add(TextPart{.phase = phase});
  for (size_t i = 0; i < content.size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(ReadPart read, ReadOne(content[i], absl::StrCat(path, "[", i, "]"),
                                                  assistant, phase, builder.unknown_keys()));
    builder.Add(std::move(read.part), read.attributes);
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> ReadOpenAiOutput(const Json& output, const std::string& path,
                                      ToolResultPart& result,
                                      std::vector<std::string>& unknown_keys) {
  Json attributes = Json::object();
  if (!output.is_array()) {
    result.content.emplace_back(
        TextPart{IsText(output) ? BytesOf(output).value() : DumpJson(output)});
    return attributes;
  }
  Json kept = Json::object();
  for (size_t i = 0; i < output.size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(ReadPart read, ReadOne(output[i], absl::StrCat(path, "[", i, "]"),
                                                  /*assistant=*/false, "", unknown_keys));
    if (!read.attributes.empty()) kept[absl::StrCat(i)] = std::move(read.attributes);
    if (auto* text = std::get_if<TextPart>(&read.part)) {
      result.content.emplace_back(std::move(*text));
    } else if (auto* image = std::get_if<ImagePart>(&read.part)) {
      result.content.emplace_back(std::move(*image));
    } else if (auto* document = std::get_if<DocumentPart>(&read.part)) {
      result.content.emplace_back(std::move(*document));
    } else {
      result.content.emplace_back(TextPart{DumpJson(output[i])});
    }
  }
  if (!kept.empty()) attributes["content"] = std::move(kept);
  return attributes;
}

}  // namespace fovea::transcripts
