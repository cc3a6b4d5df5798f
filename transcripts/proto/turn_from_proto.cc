// Proto to domain.
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "core/base/status_macros.h"
#include "core/log/part_text.h"
#include "nlohmann/json.hpp"
#include "transcripts/proto/turn_proto.h"

namespace fovea {
namespace {

constexpr size_t kMaxTypeBytes = 200;
constexpr size_t kMaxPhaseBytes = 64;
constexpr size_t kMaxNameBytes = 1'000;
constexpr size_t kMaxUriBytes = 8'192;
constexpr size_t kMaxAttributesBytes = 65'536;

absl::Status Invalid(absl::string_view path, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", problem));
}

absl::StatusOr<Role> RoleFromProto(v1::Role role, absl::string_view path) {
  switch (role) {
    case v1::ROLE_SYSTEM:
      return Role::kSystem;
    case v1::ROLE_USER:
      return Role::kUser;
    case v1::ROLE_ASSISTANT:
      return Role::kAssistant;
    case v1::ROLE_TOOL:
      return Role::kTool;
    default:
      return Invalid(absl::StrCat(path, ".role"), "must be system, user, assistant or tool");
  }
}

absl::StatusOr<ImagePart> ImageFromProto(const v1::ImagePart& image, absl::string_view path) {
  const std::string& type = image.media_type();
  if (type != "image/png" && type != "image/jpeg" && type != "image/webp" && type != "image/gif") {
    return Invalid(absl::StrCat(path, ".image.media_type"),
                   "must be image/png, image/jpeg, image/webp or image/gif");
  }
  if (image.data().empty()) return Invalid(absl::StrCat(path, ".image.data"), "must not be empty");
  return ImagePart{.media_type = type, .data = image.data()};
}

// INVALID_ARGUMENT if the field is longer than `most` bytes.
absl::Status CheckLength(absl::string_view path, absl::string_view field, const std::string& value,
                         size_t most) {
  if (value.size() <= most) return absl::OkStatus();
  return Invalid(absl::StrCat(path, field),
                 absl::StrCat(value.size(), " bytes; at most ", most, " are allowed"));
}

struct Field {
  absl::string_view name;
  const std::string& value;
  size_t most;
};

absl::Status CheckLengths(absl::string_view path, std::initializer_list<Field> fields) {
  for (const Field& field : fields) {
    FOVEA_RETURN_IF_ERROR(CheckLength(path, field.name, field.value, field.most));
  }
  return absl::OkStatus();
}

// Text that is not JSON is kept as it is, since models write such arguments: nothing parses it.
absl::Status CheckJsonDepth(absl::string_view path, const std::string& text) {
  if (IsShallowJson(text) || !nlohmann::json::accept(text)) return absl::OkStatus();
  return Invalid(path, absl::StrCat("is JSON nested deeper than ", kMaxJsonDepth, " levels"));
}

absl::StatusOr<DocumentPart> DocumentFromProto(const v1::DocumentPart& proto,
                                               absl::string_view path) {
  const std::string at = absl::StrCat(path, ".document");
  absl::Status status =
      CheckLengths(at, {{".media_type", proto.media_type(), kMaxTypeBytes},
                        {".name", proto.name(), kMaxNameBytes},
                        {".uri", proto.uri(), kMaxUriBytes},
                        {".attributes_json", proto.attributes_json(), kMaxAttributesBytes}});
  if (status.ok()) {
    status = CheckJsonDepth(absl::StrCat(at, ".attributes_json"), proto.attributes_json());
  }
  if (!status.ok()) return status;
  DocumentPart document{.media_type = proto.media_type(),
                        .name = proto.name(),
                        .data = proto.data(),
                        .uri = proto.uri(),
                        .context = proto.context(),
                        .attributes_json = proto.attributes_json()};
  if (!document.data.empty() && !document.uri.empty()) {
    return Invalid(at, "has data and uri; one of them is allowed");
  }
  if (document.data.empty() && document.uri.empty() && !IsTextDocument(document)) {
    return Invalid(at, "has neither data nor uri");
  }
  return document;
}

absl::StatusOr<SearchResultPart> SearchResultFromProto(const v1::SearchResultPart& proto,
                                                       absl::string_view path) {
  const std::string at = absl::StrCat(path, ".search_result");
  absl::Status status =
      CheckLengths(at, {{".source", proto.source(), kMaxUriBytes},
                        {".title", proto.title(), kMaxUriBytes},
                        {".attributes_json", proto.attributes_json(), kMaxAttributesBytes}});
  if (status.ok()) {
    status = CheckJsonDepth(absl::StrCat(at, ".attributes_json"), proto.attributes_json());
  }
  if (!status.ok()) return status;
  if (proto.text_size() > kMaxParts) {
    return Invalid(absl::StrCat(at, ".text"),
                   absl::StrCat(proto.text_size(), " texts; at most ", kMaxParts));
  }
  return SearchResultPart{.source = proto.source(),
                          .title = proto.title(),
                          .text = {proto.text().begin(), proto.text().end()},
                          .attributes_json = proto.attributes_json()};
}

absl::StatusOr<TextPart> TextFromProto(const v1::TextPart& proto, absl::string_view path) {
  FOVEA_RETURN_IF_ERROR(CheckLength(path, ".text.phase", proto.phase(), kMaxPhaseBytes));
  return TextPart{.text = proto.text(), .phase = proto.phase()};
}

absl::StatusOr<ResultItem> ItemFromProto(const v1::ToolResultContent& item,
                                         const std::string& path) {
  switch (item.kind_case()) {
    case v1::ToolResultContent::kText:
      return TextFromProto(item.text(), path);
    case v1::ToolResultContent::kImage:
      return ImageFromProto(item.image(), path);
    case v1::ToolResultContent::kDocument:
      return DocumentFromProto(item.document(), path);
    case v1::ToolResultContent::kSearchResult:
      return SearchResultFromProto(item.search_result(), path);
    case v1::ToolResultContent::kToolReference: {
      const std::string& name = item.tool_reference().tool_name();
      if (name.empty() || name.size() > kMaxTypeBytes) {
        return Invalid(absl::StrCat(path, ".tool_reference.tool_name"),
                       absl::StrCat(name.size(), " bytes; 1 to ", kMaxTypeBytes, " are allowed"));
      }
      return ToolReferencePart{name};
    }
    case v1::ToolResultContent::KIND_NOT_SET:
      break;
  }
  return Invalid(path, "must be a text, an image, a document, a search result or a tool reference");
}

absl::StatusOr<Part> ResultFromProto(const v1::ToolResultPart& proto, absl::string_view path) {
  ToolResultPart result{.call_id = proto.call_id(), .is_error = proto.is_error()};
  result.content.reserve(proto.content_size());
  for (int i = 0; i < proto.content_size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(
        auto item,
        ItemFromProto(proto.content(i), absl::StrCat(path, ".tool_result.content[", i, "]")));
    result.content.push_back(std::move(item));
  }
  return Part(std::move(result));
}

absl::StatusOr<Part> AudioFromProto(const v1::AudioPart& proto, absl::string_view path) {
  FOVEA_RETURN_IF_ERROR(CheckLengths(
      absl::StrCat(path, ".audio"),
      {{".media_type", proto.media_type(), kMaxTypeBytes}, {".id", proto.id(), kMaxNameBytes}}));
  return Part(AudioPart{.media_type = proto.media_type(),
                        .data = proto.data(),
                        .transcript = proto.transcript(),
                        .id = proto.id()});
}

template <typename T>
absl::StatusOr<Part> AsPart(absl::StatusOr<T> part) {
  if (!part.ok()) return part.status();
  return Part(*std::move(part));
}

absl::StatusOr<Part> PartFromProto(const v1::Part& part, Role role, const std::string& path) {
  switch (part.kind_case()) {
    case v1::Part::kText:
      return AsPart(TextFromProto(part.text(), path));
    case v1::Part::kImage:
      return AsPart(ImageFromProto(part.image(), path));
    case v1::Part::kToolCall:
      if (role != Role::kAssistant) {
        return Invalid(absl::StrCat(path, ".tool_call"), "only assistant turns make calls");
      }
      FOVEA_RETURN_IF_ERROR(CheckJsonDepth(absl::StrCat(path, ".tool_call.arguments_json"),
                                           part.tool_call().arguments_json()));
      return Part(ToolCallPart{.call_id = part.tool_call().call_id(),
                               .name = part.tool_call().name(),
                               .arguments_json = part.tool_call().arguments_json(),
                               .custom = part.tool_call().custom()});
    case v1::Part::kToolResult:
      return ResultFromProto(part.tool_result(), path);
    case v1::Part::kOpaque:
      if (part.opaque().kind().find('.') == std::string::npos) {
        return Invalid(absl::StrCat(path, ".opaque.kind"),
                       "must be the API, a dot, and the block's type");
      }
      FOVEA_RETURN_IF_ERROR(
          CheckJsonDepth(absl::StrCat(path, ".opaque.data"), part.opaque().data()));
      return Part(OpaquePart{.kind = part.opaque().kind(), .data = part.opaque().data()});
    case v1::Part::kDocument:
      return AsPart(DocumentFromProto(part.document(), path));
    case v1::Part::kSearchResult:
      return AsPart(SearchResultFromProto(part.search_result(), path));
    case v1::Part::kRefusal:
      if (role != Role::kAssistant) {
        return Invalid(absl::StrCat(path, ".refusal"), "only assistant turns refuse");
      }
      return Part(RefusalPart{part.refusal().text()});
    case v1::Part::kAudio:
      return AudioFromProto(part.audio(), path);
    case v1::Part::KIND_NOT_SET:
      break;
  }
  return Invalid(
      path,
      "must be a text, an image, a call, a result, an opaque block, a document, a search "
      "result, a refusal or a sound");
}

int CountItems(const v1::Turn& turn) {
  int items = turn.parts_size();
  for (const v1::Part& part : turn.parts()) {
    items += part.search_result().text_size() + part.tool_result().content_size();
    for (const v1::ToolResultContent& item : part.tool_result().content()) {
      items += item.search_result().text_size();
    }
  }
  return items;
}

}  // namespace

absl::StatusOr<Turn> TurnFromProto(const v1::Turn& proto, absl::string_view path) {
  FOVEA_ASSIGN_OR_RETURN(auto role, RoleFromProto(proto.role(), path));
  if (proto.parts_size() > kMaxParts) {
    return Invalid(absl::StrCat(path, ".parts"),
                   absl::StrCat(proto.parts_size(), " parts; at most ", kMaxParts));
  }
  if (const int items = CountItems(proto); items > kMaxItems) {
    return Invalid(absl::StrCat(path, ".parts"),
                   absl::StrCat(items,
                                " parts, contents of results and texts of search results; at "
                                "most ",
                                kMaxItems));
  }
  FOVEA_RETURN_IF_ERROR(CheckLength(path, ".agent_id", proto.agent_id(), kMaxAgentIdBytes));
  FOVEA_RETURN_IF_ERROR(
      CheckJsonDepth(absl::StrCat(path, ".attributes_json"), proto.attributes_json()));
  Turn turn{.seq = proto.seq(),
            .role = role,
            .time_us = proto.time_us(),
            .attributes_json = proto.attributes_json(),
            .agent_id = proto.agent_id()};
  turn.parts.reserve(proto.parts_size());
  for (int i = 0; i < proto.parts_size(); ++i) {
    FOVEA_ASSIGN_OR_RETURN(
        auto part, PartFromProto(proto.parts(i), role, absl::StrCat(path, ".parts[", i, "]")));
    turn.parts.push_back(std::move(part));
  }
  const uint64_t bytes = TurnBytes(turn);
  if (bytes > kMaxTurnBytes) {
    return Invalid(path, absl::StrCat("holds ", bytes, " bytes; at most ", kMaxTurnBytes));
  }
  return turn;
}

}  // namespace fovea
