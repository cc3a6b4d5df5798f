#include "service/convert_turn.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"

namespace fovea::service {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

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

absl::StatusOr<Part> ResultFromProto(const v1::ToolResultPart& proto, absl::string_view path) {
  ToolResultPart result{.call_id = proto.call_id(), .is_error = proto.is_error()};
  for (int i = 0; i < proto.content_size(); ++i) {
    const v1::ToolResultContent& item = proto.content(i);
    const std::string item_path = absl::StrCat(path, ".tool_result.content[", i, "]");
    if (item.has_text()) {
      result.content.emplace_back(TextPart{item.text().text()});
    } else if (item.has_image()) {
      auto image = ImageFromProto(item.image(), item_path);
      if (!image.ok()) return image.status();
      result.content.emplace_back(*std::move(image));
    } else {
      return Invalid(item_path, "must be a text or an image");
    }
  }
  return Part(std::move(result));
}

absl::StatusOr<Part> PartFromProto(const v1::Part& part, Role role, const std::string& path) {
  switch (part.kind_case()) {
    case v1::Part::kText:
      return Part(TextPart{part.text().text()});
    case v1::Part::kImage: {
      auto image = ImageFromProto(part.image(), path);
      if (!image.ok()) return image.status();
      return Part(*std::move(image));
    }
    case v1::Part::kToolCall:
      if (role != Role::kAssistant) {
        return Invalid(absl::StrCat(path, ".tool_call"), "only assistant turns make calls");
      }
      return Part(ToolCallPart{.call_id = part.tool_call().call_id(),
                               .name = part.tool_call().name(),
                               .arguments_json = part.tool_call().arguments_json()});
    case v1::Part::kToolResult:
      return ResultFromProto(part.tool_result(), path);
    case v1::Part::kOpaque:
      if (part.opaque().kind().find('.') == std::string::npos) {
        return Invalid(absl::StrCat(path, ".opaque.kind"),
                       "must be the API, a dot, and the block's type");
      }
      return Part(OpaquePart{.kind = part.opaque().kind(), .data = part.opaque().data()});
    case v1::Part::KIND_NOT_SET:
      break;
  }
  return Invalid(path, "must be a text, an image, a call, a result or an opaque block");
}

void ImageToProto(const ImagePart& image, v1::ImagePart* proto) {
  proto->set_media_type(image.media_type);
  proto->set_data(image.data);
}

void PartToProto(const Part& part, v1::Part* proto) {
  std::visit(
      Overloaded{[&](const TextPart& text) { proto->mutable_text()->set_text(text.text); },
                 [&](const ImagePart& image) { ImageToProto(image, proto->mutable_image()); },
                 [&](const ToolCallPart& call) {
                   v1::ToolCallPart* out = proto->mutable_tool_call();
                   out->set_call_id(call.call_id);
                   out->set_name(call.name);
                   out->set_arguments_json(call.arguments_json);
                 },
                 [&](const ToolResultPart& result) {
                   v1::ToolResultPart* out = proto->mutable_tool_result();
                   out->set_call_id(result.call_id);
                   out->set_is_error(result.is_error);
                   for (const auto& item : result.content) {
                     v1::ToolResultContent* content = out->add_content();
                     if (const auto* text = std::get_if<TextPart>(&item)) {
                       content->mutable_text()->set_text(text->text);
                     } else {
                       ImageToProto(std::get<ImagePart>(item), content->mutable_image());
                     }
                   }
                 },
                 [&](const OpaquePart& opaque) {
                   proto->mutable_opaque()->set_kind(opaque.kind);
                   proto->mutable_opaque()->set_data(opaque.data);
                 }},
      part);
}

void DigestPart(const Part& part, Sha256& hash) {
  hash.UpdateNumber(part.index());
  std::visit(
      Overloaded{
          [&](const TextPart& text) { hash.UpdateField(text.text); },
          [&](const ImagePart& image) {
            hash.UpdateField(image.media_type).UpdateField(image.data);
          },
          [&](const ToolCallPart& call) {
            hash.UpdateField(call.call_id).UpdateField(call.name).UpdateField(call.arguments_json);
          },
          [&](const ToolResultPart& result) {
            hash.UpdateField(result.call_id)
                .UpdateNumber(result.is_error ? 1 : 0)
                .UpdateNumber(result.content.size());
            for (const auto& item : result.content) {
              hash.UpdateNumber(item.index());
              if (const auto* text = std::get_if<TextPart>(&item)) {
                hash.UpdateField(text->text);
              } else {
                const auto& image = std::get<ImagePart>(item);
                hash.UpdateField(image.media_type).UpdateField(image.data);
              }
            }
          },
          [&](const OpaquePart& opaque) {
            hash.UpdateField(opaque.kind).UpdateField(opaque.data);
          }},
      part);
}

uint64_t PartBytes(const Part& part) {
  return std::visit(Overloaded{[](const TextPart& text) -> uint64_t { return text.text.size(); },
                               [](const ImagePart& image) -> uint64_t { return image.data.size(); },
                               [](const ToolCallPart& call) -> uint64_t {
                                 return call.call_id.size() + call.name.size() +
                                        call.arguments_json.size();
                               },
                               [](const ToolResultPart& result) {
                                 uint64_t bytes = result.call_id.size();
                                 for (const auto& item : result.content) {
                                   const auto* text = std::get_if<TextPart>(&item);
                                   bytes += text != nullptr ? text->text.size()
                                                            : std::get<ImagePart>(item).data.size();
                                 }
                                 return bytes;
                               },
                               [](const OpaquePart& opaque) -> uint64_t {
                                 return opaque.kind.size() + opaque.data.size();
                               }},
                    part);
}

}  // namespace

absl::StatusOr<Turn> TurnFromProto(const v1::Turn& proto, absl::string_view path) {
  auto role = RoleFromProto(proto.role(), path);
  if (!role.ok()) return role.status();
  if (proto.parts_size() > kMaxParts) {
    return Invalid(absl::StrCat(path, ".parts"),
                   absl::StrCat(proto.parts_size(), " parts; at most ", kMaxParts));
  }
  Turn turn{.seq = proto.seq(),
            .role = *role,
            .time_us = proto.time_us(),
            .attributes_json = proto.attributes_json()};
  turn.parts.reserve(proto.parts_size());
  for (int i = 0; i < proto.parts_size(); ++i) {
    auto part = PartFromProto(proto.parts(i), *role, absl::StrCat(path, ".parts[", i, "]"));
    if (!part.ok()) return part.status();
    turn.parts.push_back(*std::move(part));
  }
  const uint64_t bytes = TurnBytes(turn);
  if (bytes > kMaxTurnBytes) {
    return Invalid(path, absl::StrCat("holds ", bytes, " bytes; at most ", kMaxTurnBytes));
  }
  return turn;
}

absl::StatusOr<std::vector<Turn>> TurnsFromProto(
    const google::protobuf::RepeatedPtrField<v1::Turn>& protos) {
  if (protos.empty() || protos.size() > kMaxTurnsInAppend) {
    return Invalid("turns",
                   absl::StrCat(protos.size(), " turns; an append has 1 to ", kMaxTurnsInAppend));
  }
  std::vector<Turn> turns;
  turns.reserve(protos.size());
  for (int i = 0; i < protos.size(); ++i) {
    auto turn = TurnFromProto(protos[i], absl::StrCat("turns[", i, "]"));
    if (!turn.ok()) return turn.status();
    turns.push_back(*std::move(turn));
  }
  return turns;
}

void TurnToProto(const Turn& turn, v1::Turn* proto) {
  proto->set_seq(turn.seq);
  proto->set_role(RoleToProto(turn.role));
  proto->set_time_us(turn.time_us);
  proto->set_attributes_json(turn.attributes_json);
  proto->mutable_parts()->Reserve(static_cast<int>(turn.parts.size()));
  for (const Part& part : turn.parts) PartToProto(part, proto->add_parts());
}

absl::StatusOr<LogEvent> EventFromProto(const v1::Event& proto, absl::string_view path) {
  LogEvent event{.index = proto.index(),
                 .after_seq = proto.after_seq(),
                 .turns = {.first = proto.range().first(), .last = proto.range().last()},
                 .time_us = proto.time_us()};
  switch (proto.kind()) {
    case v1::Event::PIN:
      event.kind = LogEvent::Kind::kPin;
      return event;
    case v1::Event::UNPIN:
      event.kind = LogEvent::Kind::kUnpin;
      return event;
    case v1::Event::RECALL:
      event.kind = LogEvent::Kind::kRecall;
      return event;
    case v1::Event::COMPACT:
      event.kind = LogEvent::Kind::kCompact;
      return event;
    default:
      return Invalid(absl::StrCat(path, ".kind"),
                     "must be a pin, an unpin, a recall or a compaction");
  }
}

void EventToProto(const LogEvent& event, v1::Event* proto) {
  proto->set_index(event.index);
  proto->set_after_seq(event.after_seq);
  proto->set_kind(static_cast<v1::Event::Kind>(event.kind));
  RangeToProto(event.turns, proto->mutable_range());
  proto->set_time_us(event.time_us);
}

v1::Role RoleToProto(Role role) { return static_cast<v1::Role>(role); }

void RangeToProto(SeqRange range, v1::SeqRange* proto) {
  proto->set_first(range.first);
  proto->set_last(range.last);
}

std::string DigestTurns(const std::vector<Turn>& turns) {
  Sha256 hash;
  hash.UpdateNumber(turns.size());
  for (const Turn& turn : turns) {
    hash.UpdateNumber(static_cast<uint64_t>(turn.role))
        .UpdateNumber(static_cast<uint64_t>(turn.time_us))
        .UpdateField(turn.attributes_json)
        .UpdateNumber(turn.parts.size());
    for (const Part& part : turn.parts) DigestPart(part, hash);
  }
  return hash.Digest();
}

uint64_t TurnBytes(const Turn& turn) {
  uint64_t bytes = turn.attributes_json.size();
  for (const Part& part : turn.parts) bytes += PartBytes(part);
  return bytes;
}

}  // namespace fovea::service
