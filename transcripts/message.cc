#include "transcripts/message.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace fovea::transcripts {
namespace {

// What a turn of the public API may hold.
constexpr size_t kMaxParts = 1'000;

}  // namespace

void MessageBuilder::Add(Part part, const Json& attributes) {
  const bool result = std::holds_alternative<ToolResultPart>(part);
  const Role role = result && role_ != Role::kAssistant ? Role::kTool : role_;
  if (turns_.empty() || turns_.back().turn.role != role ||
      turns_.back().turn.parts.size() >= kMaxParts) {
    turns_.push_back({.turn = {.role = role}});
  }
  Building& building = turns_.back();
  if (!attributes.empty()) {
    building.part_attributes[absl::StrCat(building.turn.parts.size())] = attributes;
  }
  building.turn.parts.push_back(std::move(part));
}

void MessageBuilder::Keep(const Json& attributes) {
  for (const auto& [name, value] : attributes.items()) Keep(name, value);
}

void MessageBuilder::Keep(const std::string& name, Json value) {
  attributes_[name] = std::move(value);
}

absl::StatusOr<ReadMessage> MessageBuilder::Finish(std::string_view content) && {
  if (turns_.empty()) {
    std::string problem =
        absl::StrCat(absl::string_view(content.data(), content.size()), ": it holds nothing");
    for (const std::string& key : unknown_keys_) absl::StrAppend(&problem, "; unknown: ", key);
    return absl::InvalidArgumentError(problem);
  }
  ReadMessage read;
  for (Building& building : turns_) {
    Json attributes = read.turns.empty() ? std::move(attributes_) : Json::object();
    if (!building.part_attributes.empty()) {
      attributes[kPartAttributes] = std::move(building.part_attributes);
    }
    if (!attributes.empty()) building.turn.attributes_json = DumpJson(attributes);
    read.turns.push_back(std::move(building.turn));
  }
  read.unknown_keys = std::move(unknown_keys_);
  return read;
}

std::optional<ImagePart> ReadImage(std::string_view media_type, std::string_view base64) {
  if (media_type != "image/png" && media_type != "image/jpeg" && media_type != "image/webp" &&
      media_type != "image/gif") {
    return std::nullopt;
  }
  ImagePart image{.media_type = std::string(media_type)};
  if (!absl::Base64Unescape(absl::string_view(base64.data(), base64.size()), &image.data) ||
      image.data.empty()) {
    return std::nullopt;
  }
  return image;
}

std::optional<ImagePart> ReadDataUrl(std::string_view url) {
  absl::string_view rest(url.data(), url.size());
  if (!absl::ConsumePrefix(&rest, "data:")) return std::nullopt;
  const size_t comma = rest.find(',');
  if (comma == absl::string_view::npos) return std::nullopt;
  absl::string_view media_type = rest.substr(0, comma);
  if (!absl::ConsumeSuffix(&media_type, ";base64")) return std::nullopt;
  rest.remove_prefix(comma + 1);
  return ReadImage({media_type.data(), media_type.size()}, {rest.data(), rest.size()});
}

OpaquePart WholeBlock(std::string kind, const Json& block) {
  return {.kind = std::move(kind), .data = DumpJson(block)};
}

}  // namespace fovea::transcripts
