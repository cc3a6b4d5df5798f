// The native format: the context block by block.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "core/log/part_text.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "service/convert_context.h"
#include "service/convert_turn.h"
#include "service/native.h"

namespace fovea::service {
namespace {

// Takes out what the pages of a drawn result show.
void ClearText(ResultItem& item) {
  if (auto* text = std::get_if<TextPart>(&item)) text->text.clear();
  if (auto* result = std::get_if<SearchResultPart>(&item)) result->text.clear();
  auto* document = std::get_if<DocumentPart>(&item);
  if (document == nullptr) return;
  document->context.clear();
  if (IsTextDocument(*document)) document->data.clear();
}

class NativeWriter {
 public:
  explicit NativeWriter(google::protobuf::RepeatedPtrField<v1::ContextBlock>* blocks)
      : blocks_(*blocks) {}

  // Only the newest group's calls can still get results.
  void AddGroup(const ServedGroup& group, bool in_prefix, bool newest) {
    for (const ServedTurn& turn : group.turns) {
      v1::ContextBlock* block = Add(in_prefix);
      if (turn.results_drawn) {
        AddDrawn(turn, block->mutable_drawn_result());
      } else {
        TurnToProto(*turn.turn, block->mutable_turn());
      }
      Digest(*block);
    }
    if (newest && group.open) return;
    for (const std::string& id : group.unanswered) {
      v1::ContextBlock* block = Add(in_prefix);
      block->set_note(MakeWellFormed(absl::StrCat(id, ": ", kUnansweredCallNote)));
      Digest(*block);
    }
  }

  void AddHistory(const HistoryMessage& message) {
    for (const auto& item : message.items) {
      v1::ContextBlock* block = Add(true);
      if (const auto* note = std::get_if<std::string>(&item)) {
        block->set_note(MakeWellFormed(*note));
      } else {
        PageRefToProto(std::get<PlannedPage>(item), block->mutable_page());
      }
      Digest(*block);
    }
  }

  std::string digest() const { return hash_.HexDigest(); }

 private:
  v1::ContextBlock* Add(bool in_prefix) {
    v1::ContextBlock* block = blocks_.Add();
    block->set_in_prefix(in_prefix);
    return block;
  }

  static void AddDrawn(const ServedTurn& served, v1::DrawnResult* drawn) {
    Turn turn = *served.turn;
    for (Part& part : turn.parts) {
      auto* result = std::get_if<ToolResultPart>(&part);
      if (result == nullptr) continue;
      for (auto& item : result->content) {
        ClearText(item);
      }
    }
    TurnToProto(turn, drawn->mutable_turn());
    for (const PlannedPage& page : served.pages) PageRefToProto(page, drawn->add_pages());
  }

  void Digest(const v1::ContextBlock& block) {
    std::string bytes;
    {
      google::protobuf::io::StringOutputStream stream(&bytes);
      google::protobuf::io::CodedOutputStream out(&stream);
      out.SetSerializationDeterministic(true);
      block.SerializeToCodedStream(&out);
    }
    hash_.UpdateField(bytes);
  }

  google::protobuf::RepeatedPtrField<v1::ContextBlock>& blocks_;
  Sha256 hash_;
};

}  // namespace

NativeDigests WriteNative(const Context& context,
                          google::protobuf::RepeatedPtrField<v1::ContextBlock>* blocks) {
  NativeWriter writer(blocks);
  for (const ServedGroup& group : context.head) writer.AddGroup(group, true, false);
  for (const HistoryMessage& message : context.history) writer.AddHistory(message);
  NativeDigests digests{.prefix_sha256 = writer.digest()};
  for (const ServedGroup& group : context.tail) {
    writer.AddGroup(group, false, &group == &context.tail.back());
  }
  digests.sha256 = writer.digest();
  return digests;
}

}  // namespace fovea::service
