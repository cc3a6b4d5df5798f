// Domain to proto.
#include <string>
#include <variant>

#include "transcripts/proto/turn_proto.h"

namespace fovea {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// Any part or content of a result, into the message that is for its kind.
void Fill(const TextPart& text, v1::TextPart* out) {
  out->set_text(text.text);
  out->set_phase(text.phase);
}
void Fill(const ImagePart& image, v1::ImagePart* out) {
  out->set_media_type(image.media_type);
  out->set_data(image.data);
}
void Fill(const DocumentPart& document, v1::DocumentPart* out) {
  out->set_media_type(document.media_type);
  out->set_name(document.name);
  out->set_data(document.data);
  out->set_uri(document.uri);
  out->set_context(document.context);
  out->set_attributes_json(document.attributes_json);
}
void Fill(const SearchResultPart& result, v1::SearchResultPart* out) {
  out->set_source(result.source);
  out->set_title(result.title);
  for (const std::string& text : result.text) out->add_text(text);
  out->set_attributes_json(result.attributes_json);
}
void Fill(const ToolCallPart& call, v1::ToolCallPart* out) {
  out->set_call_id(call.call_id);
  out->set_name(call.name);
  out->set_arguments_json(call.arguments_json);
  out->set_custom(call.custom);
}

void ItemToProto(const ResultItem& item, v1::ToolResultContent* out) {
  std::visit(
      Overloaded{
          [&](const TextPart& text) { Fill(text, out->mutable_text()); },
          [&](const ImagePart& image) { Fill(image, out->mutable_image()); },
          [&](const DocumentPart& document) { Fill(document, out->mutable_document()); },
          [&](const SearchResultPart& result) { Fill(result, out->mutable_search_result()); },
          [&](const ToolReferencePart& reference) {
            out->mutable_tool_reference()->set_tool_name(reference.tool_name);
          }},
      item);
}

void PartToProto(const Part& part, v1::Part* proto) {
  std::visit(
      Overloaded{
          [&](const TextPart& text) { Fill(text, proto->mutable_text()); },
          [&](const ImagePart& image) { Fill(image, proto->mutable_image()); },
          [&](const ToolCallPart& call) { Fill(call, proto->mutable_tool_call()); },
          [&](const ToolResultPart& result) {
            v1::ToolResultPart* out = proto->mutable_tool_result();
            out->set_call_id(result.call_id);
            out->set_is_error(result.is_error);
            for (const ResultItem& item : result.content) ItemToProto(item, out->add_content());
          },
          [&](const OpaquePart& opaque) {
            proto->mutable_opaque()->set_kind(opaque.kind);
            proto->mutable_opaque()->set_data(opaque.data);
          },
          [&](const DocumentPart& document) { Fill(document, proto->mutable_document()); },
          [&](const SearchResultPart& result) { Fill(result, proto->mutable_search_result()); },
          [&](const RefusalPart& refusal) { proto->mutable_refusal()->set_text(refusal.text); },
          [&](const AudioPart& audio) {
            v1::AudioPart* out = proto->mutable_audio();
            out->set_media_type(audio.media_type);
            out->set_data(audio.data);
            out->set_transcript(audio.transcript);
            out->set_id(audio.id);
          }},
      part);
}

}  // namespace

void TurnToProto(const Turn& turn, v1::Turn* proto) {
  proto->set_seq(turn.seq);
  proto->set_role(RoleToProto(turn.role));
  proto->set_time_us(turn.time_us);
  proto->set_attributes_json(turn.attributes_json);
  proto->set_agent_id(turn.agent_id);
  proto->mutable_parts()->Reserve(static_cast<int>(turn.parts.size()));
  for (const Part& part : turn.parts) PartToProto(part, proto->add_parts());
}

v1::Role RoleToProto(Role role) { return static_cast<v1::Role>(role); }

}  // namespace fovea
