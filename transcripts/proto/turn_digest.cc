// What tells turns apart, and how large they are: one list of all that their parts hold.
#include <string>
#include <variant>

#include "core/base/sha256.h"
#include "transcripts/proto/turn_proto.h"

namespace fovea {
namespace {

// Stands in a digest before an agent's id.
constexpr uint64_t kAgentId = 103;

// Feeds what a part or content holds to `field`, strings one by one, and to `number`, what else
// tells two of them apart. Fields that are new are given only where they are set, behind a number
// that no part gave before: digests of turns without them stay what they were.
template <typename Sink>
class Fields {
 public:
  explicit Fields(Sink& sink) : sink_(sink) {}

  void operator()(const TextPart& text) {
    sink_.Text(text.text);
    if (!text.phase.empty()) sink_.Number(kPhase).Text(text.phase);
  }
  void operator()(const ImagePart& image) { sink_.Text(image.media_type).Text(image.data); }
  void operator()(const ToolCallPart& call) {
    sink_.Text(call.call_id).Text(call.name).Text(call.arguments_json);
    if (call.custom) sink_.Number(kCustom);
  }
  void operator()(const ToolResultPart& result) {
    sink_.Text(result.call_id).Number(result.is_error ? 1 : 0).Number(result.content.size());
    for (const ResultItem& item : result.content) {
      sink_.Number(item.index());
      std::visit(*this, item);
    }
  }
  void operator()(const OpaquePart& opaque) { sink_.Text(opaque.kind).Text(opaque.data); }
  void operator()(const DocumentPart& document) {
    sink_.Text(document.media_type).Text(document.name).Text(document.data);
    sink_.Text(document.uri).Text(document.context).Text(document.attributes_json);
  }
  void operator()(const SearchResultPart& result) {
    sink_.Text(result.source).Text(result.title).Number(result.text.size());
    for (const std::string& text : result.text) sink_.Text(text);
    sink_.Text(result.attributes_json);
  }
  void operator()(const ToolReferencePart& reference) { sink_.Text(reference.tool_name); }
  void operator()(const RefusalPart& refusal) { sink_.Text(refusal.text); }
  void operator()(const AudioPart& audio) {
    sink_.Text(audio.media_type).Text(audio.data).Text(audio.transcript).Text(audio.id);
  }

 private:
  static constexpr uint64_t kPhase = 101;
  static constexpr uint64_t kCustom = 102;
  Sink& sink_;
};

class HashSink {
 public:
  explicit HashSink(Sha256& hash) : hash_(hash) {}
  HashSink& Text(const std::string& text) {
    hash_.UpdateField(text);
    return *this;
  }
  HashSink& Number(uint64_t number) {
    hash_.UpdateNumber(number);
    return *this;
  }

 private:
  Sha256& hash_;
};

class SizeSink {
 public:
  SizeSink& Text(const std::string& text) {
    bytes_ += text.size();
    return *this;
  }
  SizeSink& Number(uint64_t) { return *this; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

}  // namespace

std::string DigestTurns(const std::vector<Turn>& turns) {
  Sha256 hash;
  hash.UpdateNumber(turns.size());
  for (const Turn& turn : turns) {
    hash.UpdateNumber(static_cast<uint64_t>(turn.role))
        .UpdateNumber(static_cast<uint64_t>(turn.time_us))
        .UpdateField(turn.attributes_json)
        .UpdateNumber(turn.parts.size());
    HashSink sink(hash);
    for (const Part& part : turn.parts) {
      sink.Number(part.index());
      std::visit(Fields<HashSink>(sink), part);
    }
    if (!turn.agent_id.empty()) sink.Number(kAgentId).Text(turn.agent_id);
  }
  return hash.Digest();
}

uint64_t TurnBytes(const Turn& turn) {
  SizeSink sink;
  sink.Text(turn.attributes_json).Text(turn.agent_id);
  for (const Part& part : turn.parts) std::visit(Fields<SizeSink>(sink), part);
  return sink.bytes();
}

}  // namespace fovea
