#include "memory_store/turn_codec.h"

#include <zstd.h>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea {
namespace {

// Version 1 had parts up to OpaquePart, no TextPart::phase, ToolCallPart::custom or Turn::agent_id.
constexpr char kFirstVersion = 1;
constexpr char kVersion = 2;
constexpr int kCompressionLevel = 3;
// Most turns are small, and hold a fifth of a history's bytes. A level below zero codes no
// literals, whose tables take longer to make and to read than such a turn is worth: for one of
// 1 KB, 3 us instead of 10 to write and 0.7 instead of 2.6 to read (ADR 58).
constexpr size_t kSmallTurnBytes = 2048;
constexpr int kSmallTurnLevel = -1;

// Of the objects themselves, and their like in a response.
constexpr uint64_t kTurnOverheadBytes = 256;
constexpr uint64_t kPartOverheadBytes = 256;

// Part tags are indices of the variants; reordering those needs a new version.
static_assert(std::is_same_v<std::variant_alternative_t<0, Part>, TextPart>);
static_assert(std::is_same_v<std::variant_alternative_t<1, Part>, ImagePart>);
static_assert(std::is_same_v<std::variant_alternative_t<2, Part>, ToolCallPart>);
static_assert(std::is_same_v<std::variant_alternative_t<3, Part>, ToolResultPart>);
static_assert(std::is_same_v<std::variant_alternative_t<4, Part>, OpaquePart>);
static_assert(std::is_same_v<std::variant_alternative_t<5, Part>, DocumentPart>);
static_assert(std::is_same_v<std::variant_alternative_t<6, Part>, SearchResultPart>);
static_assert(std::is_same_v<std::variant_alternative_t<7, Part>, RefusalPart>);
static_assert(std::is_same_v<std::variant_alternative_t<8, Part>, AudioPart>);
static_assert(std::variant_size_v<Part> == 9);
static_assert(std::is_same_v<std::variant_alternative_t<0, ResultItem>, TextPart>);
static_assert(std::is_same_v<std::variant_alternative_t<1, ResultItem>, ImagePart>);
static_assert(std::is_same_v<std::variant_alternative_t<2, ResultItem>, DocumentPart>);
static_assert(std::is_same_v<std::variant_alternative_t<3, ResultItem>, SearchResultPart>);
static_assert(std::is_same_v<std::variant_alternative_t<4, ResultItem>, ToolReferencePart>);
static_assert(std::variant_size_v<ResultItem> == 5);

class Encoder {
 public:
  void Byte(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  // Base 128, lowest first.
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }
  void String(std::string_view value) {
    Number(value.size());
    bytes_.append(value);
  }
  void operator()(const TextPart& part) {
    String(part.text);
    String(part.phase);
  }
  void operator()(const ImagePart& part) {
    String(part.media_type);
    String(part.data);
  }
  void operator()(const ToolCallPart& part) {
    String(part.call_id);
    String(part.name);
    String(part.arguments_json);
    Byte(part.custom ? 1 : 0);
  }
  void operator()(const ToolResultPart& part) {
    String(part.call_id);
    Byte(part.is_error ? 1 : 0);
    Variants(part.content);
  }
  void operator()(const OpaquePart& part) {
    String(part.kind);
    String(part.data);
  }
  void operator()(const DocumentPart& part) {
    for (const std::string* field : {&part.media_type, &part.name, &part.data, &part.uri,
                                     &part.context, &part.attributes_json}) {
      String(*field);
    }
  }
  void operator()(const SearchResultPart& part) {
    String(part.source);
    String(part.title);
    Number(part.text.size());
    for (const std::string& text : part.text) String(text);
    String(part.attributes_json);
  }
  void operator()(const ToolReferencePart& part) { String(part.tool_name); }
  void operator()(const RefusalPart& part) { String(part.text); }
  void operator()(const AudioPart& part) {
    String(part.media_type);
    String(part.data);
    String(part.transcript);
    String(part.id);
  }
  template <typename Variant>
  void Variants(const std::vector<Variant>& items) {
    Number(items.size());
    for (const Variant& item : items) {
      Byte(static_cast<uint8_t>(item.index()));
      std::visit(*this, item);
    }
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads past the end give zeros and set `failed`.
class Decoder {
 public:
  Decoder(std::string_view bytes, char version) : rest_(bytes), version_(version) {}

  uint8_t Byte() {
    if (rest_.empty()) return Fail();
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  std::string String() {
    const uint64_t size = Number();
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  std::vector<ResultItem> Contents() {
    std::vector<ResultItem> items;
    for (uint64_t left = Number(); left > 0 && !failed_; --left) items.push_back(Content());
    return items;
  }
  std::vector<Part> Parts() {
    std::vector<Part> parts;
    for (uint64_t left = Number(); left > 0 && !failed_; --left) parts.push_back(OnePart());
    return parts;
  }
  uint8_t Fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

 private:
  bool first_version() const { return version_ == kFirstVersion; }

  ResultItem Content() {
    const uint8_t tag = Byte();
    if (first_version() && tag > 1) Fail();
    switch (tag) {
      case 0:
        return Text();
      case 1:
        return Image();
      case 2:
        return Document();
      case 3:
        return SearchResult();
      case 4:
        return ToolReferencePart{String()};
      default:
        Fail();
        return TextPart{};
    }
  }
  TextPart Text() {
    TextPart part;
    part.text = String();
    if (!first_version()) part.phase = String();
    return part;
  }
  bool Flag() {
    const uint8_t flag = Byte();
    if (flag > 1) Fail();
    return flag == 1;
  }
  DocumentPart Document() {
    DocumentPart part;
    for (std::string* field : {&part.media_type, &part.name, &part.data, &part.uri, &part.context,
                               &part.attributes_json}) {
      *field = String();
    }
    return part;
  }
  SearchResultPart SearchResult() {
    SearchResultPart part;
    part.source = String();
    part.title = String();
    for (uint64_t left = Number(); left > 0 && !failed_; --left) part.text.push_back(String());
    part.attributes_json = String();
    return part;
  }
  AudioPart Audio() {
    AudioPart part;
    part.media_type = String();
    part.data = String();
    part.transcript = String();
    part.id = String();
    return part;
  }
  ImagePart Image() {
    ImagePart part;
    part.media_type = String();
    part.data = String();
    return part;
  }
  ToolCallPart ToolCall() {
    ToolCallPart part;
    part.call_id = String();
    part.name = String();
    part.arguments_json = String();
    if (!first_version()) part.custom = Flag();
    return part;
  }
  ToolResultPart ToolResult() {
    ToolResultPart part;
    part.call_id = String();
    part.is_error = Flag();
    part.content = Contents();
    return part;
  }
  OpaquePart Opaque() {
    OpaquePart part;
    part.kind = String();
    part.data = String();
    return part;
  }
  Part OnePart() {
    const uint8_t tag = Byte();
    if (first_version() && tag > 4) Fail();
    switch (tag) {
      case 0:
        return Text();
      case 1:
        return Image();
      case 2:
        return ToolCall();
      case 3:
        return ToolResult();
      case 4:
        return Opaque();
      case 5:
        return Document();
      case 6:
        return SearchResult();
      case 7:
        return RefusalPart{String()};
      case 8:
        return Audio();
      default:
        Fail();
        return TextPart{};
    }
  }

  std::string_view rest_;
  const char version_;
  bool failed_ = false;
};

bool IsRole(uint8_t value) {
  return value >= static_cast<uint8_t>(Role::kSystem) && value <= static_cast<uint8_t>(Role::kTool);
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A context is about a megabyte; making one costs more than compressing a usual turn.
ZSTD_CCtx* ThreadCompressor(size_t plain_bytes) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (context != nullptr) {
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel,
                           plain_bytes > kSmallTurnBytes ? kCompressionLevel : kSmallTurnLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  }
  return context.get();
}

ZSTD_DCtx* ThreadDecompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

absl::Status Damaged(uint64_t seq, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("turn ", seq, " does not decode: ", what));
}

absl::StatusOr<std::string> Decompress(std::string_view frame, uint64_t seq) {
  const uint64_t size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      size > kMaxEncodedTurnBytes) {
    return Damaged(seq, "no valid frame");
  }
  ZSTD_DCtx* const context = ThreadDecompressor();
  if (context == nullptr) return absl::UnavailableError("out of memory");
  std::string bytes(size, '\0');
  const size_t written =
      ZSTD_decompressDCtx(context, bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(written) != 0) return Damaged(seq, ZSTD_getErrorName(written));
  if (written != size) return Damaged(seq, "wrong length");
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> EncodeTurn(const Turn& turn) {
  if (!IsRole(static_cast<uint8_t>(turn.role))) return absl::InvalidArgumentError("unknown role");
  Encoder encoder;
  encoder.Byte(static_cast<uint8_t>(turn.role));
  encoder.Number(static_cast<uint64_t>(turn.time_us));
  encoder.String(turn.attributes_json);
  encoder.String(turn.agent_id);
  encoder.Variants(turn.parts);
  const std::string& plain = encoder.bytes();
  if (plain.size() > kMaxEncodedTurnBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a turn of ", plain.size(), " bytes; at most ",
                                                   kMaxEncodedTurnBytes, " are kept"));
  }
  ZSTD_CCtx* const context = ThreadCompressor(plain.size());
  if (context == nullptr) return absl::UnavailableError("out of memory");
  std::string bytes(1 + ZSTD_compressBound(plain.size()), kVersion);
  const size_t written =
      ZSTD_compress2(context, bytes.data() + 1, bytes.size() - 1, plain.data(), plain.size());
  if (ZSTD_isError(written) != 0) return absl::UnavailableError(ZSTD_getErrorName(written));
  bytes.resize(1 + written);
  return bytes;
}

absl::StatusOr<Turn> DecodeTurn(std::string_view bytes, uint64_t seq) {
  if (bytes.empty()) return Damaged(seq, "empty");
  const char version = bytes.front();
  if (version < kFirstVersion || version > kVersion) return Damaged(seq, "unknown version");
  FOVEA_ASSIGN_OR_RETURN(const std::string plain, Decompress(bytes.substr(1), seq));
  Decoder decoder(plain, version);
  Turn turn;
  turn.seq = seq;
  const uint8_t role = decoder.Byte();
  if (!IsRole(role)) return Damaged(seq, "unknown role");
  turn.role = static_cast<Role>(role);
  turn.time_us = static_cast<int64_t>(decoder.Number());
  turn.attributes_json = decoder.String();
  if (version != kFirstVersion) turn.agent_id = decoder.String();
  turn.parts = decoder.Parts();
  if (decoder.failed() || !decoder.at_end()) return Damaged(seq, "malformed fields");
  return turn;
}

uint64_t PlainBytes(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const uint64_t size = ZSTD_getFrameContentSize(bytes.data() + 1, bytes.size() - 1);
  return size > kMaxEncodedTurnBytes ? 0 : size;
}

uint64_t HeldBytes(const Turn& turn) {
  struct Sizes {
    uint64_t operator()(const TextPart& part) const { return part.text.size() + part.phase.size(); }
    uint64_t operator()(const ImagePart& part) const {
      return part.media_type.size() + part.data.size();
    }
    uint64_t operator()(const ToolCallPart& part) const {
      return part.call_id.size() + part.name.size() + part.arguments_json.size();
    }
    uint64_t operator()(const ToolResultPart& part) const {
      uint64_t size = part.call_id.size();
      for (const auto& item : part.content) size += kPartOverheadBytes + std::visit(*this, item);
      return size;
    }
    uint64_t operator()(const OpaquePart& part) const {
      return part.kind.size() + part.data.size();
    }
    uint64_t operator()(const DocumentPart& part) const {
      return part.media_type.size() + part.name.size() + part.data.size() + part.uri.size() +
             part.context.size() + part.attributes_json.size();
    }
    uint64_t operator()(const SearchResultPart& part) const {
      uint64_t size = part.source.size() + part.title.size() + part.attributes_json.size();
      for (const std::string& text : part.text) size += kPartOverheadBytes + text.size();
      return size;
    }
    uint64_t operator()(const ToolReferencePart& part) const { return part.tool_name.size(); }
    uint64_t operator()(const RefusalPart& part) const { return part.text.size(); }
    uint64_t operator()(const AudioPart& part) const {
      return part.media_type.size() + part.data.size() + part.transcript.size() + part.id.size();
    }
  };
  uint64_t size = kTurnOverheadBytes + turn.attributes_json.size() + turn.agent_id.size();
  for (const Part& part : turn.parts) size += kPartOverheadBytes + std::visit(Sizes{}, part);
  return size;
}

}  // namespace fovea
