// Gemini generateContent: contents of user and model. The responses to a step's calls stand first
// in the user content right behind it; pictures follow them there, which every model takes, with
// the resolution that a page was priced at.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/bounded_json.h"
#include "nlohmann/json.hpp"
#include "service/wire/composer.h"
#include "service/wire/validate.h"

namespace fovea::wire {
namespace {

constexpr char kSignature[] = "thoughtSignature";
constexpr char kCall[] = "functionCall";

// A step's first call must be signed. This is the signature that the documents give for a call that
// Gemini did not make.
constexpr char kNoSignature[] = R"("skip_thought_signature_validator")";

// A part needs one of these. What calls and responds to functions is written from calls and
// results.
constexpr std::array<const char*, 7> kData = {
    "text",           "inlineData",   "fileData",           "toolCall",
    "executableCode", "toolResponse", "codeExecutionResult"};

// A whole part of the model's; or, named kSignature, the signature of the part that comes next.
std::optional<Block> OwnPart(const OpaquePart& part, Role role, const ReaderTraits& /*reader*/) {
  if (!absl::StartsWith(part.kind, "gemini.") || !IsJsonObject(part.data)) return std::nullopt;
  const auto json = ParseBoundedJson(part.data);
  if (json.is_discarded()) return std::nullopt;
  if (role != Role::kAssistant) {
    const bool file = json.contains("fileData") || json.contains("inlineData");
    const bool users = role == Role::kUser || role == Role::kTool;
    if (!file || !users || json.contains(kCall) || json.contains("functionResponse")) {
      return std::nullopt;
    }
    return Block{.kind = Block::Kind::kRaw, .text = part.data, .is_document = true, .media = 1};
  }
  const bool whole = std::any_of(kData.begin(), kData.end(),
                                 [&json](const char* key) { return json.contains(key); });
  if (whole && !json.contains(kCall) && !json.contains("functionResponse")) {
    return Block{.kind = Block::Kind::kRaw, .text = part.data};
  }
  const auto signature = json.find(kSignature);
  if (signature == json.end() || !signature->is_string()) return std::nullopt;
  return Block{.kind = Block::Kind::kRaw,
               .text = signature->dump(),
               .id = json.contains(kCall) ? kCall : "",
               .name = kSignature};
}

std::optional<Block> Document(const DocumentPart& part, const ReaderTraits& reader) {
  const bool image = absl::StartsWith(part.media_type, "image/");
  const bool taken = part.media_type == "application/pdf" || (image && !part.uri.empty());
  if (!taken || !reader.takes_images) return std::nullopt;
  Block block{.kind = Block::Kind::kRaw, .is_document = true, .media = 1};
  if (part.uri.empty()) {
    block.text = R"({"inlineData":{"mimeType":"application/pdf","data":")";
    AppendBase64(part.data, block.text);
    block.text += R"("}})";
    return block;
  }
  if (!absl::StrContains(part.uri, "://")) return std::nullopt;
  block.text = R"({"fileData":{"mimeType":)";
  AppendString(TextBlock(part.media_type).text, block.text);
  block.text += R"(,"fileUri":)";
  AppendString(TextBlock(part.uri).text, block.text);
  block.text += "}}";
  return block;
}

// Puts signatures on the parts that they came with. One that came after the last part of a turn is
// an empty text's, as the API sends it.
uint32_t Settle(std::vector<Block>* blocks, Conversation* /*conversation*/) {
  uint32_t left_out = 0;
  std::vector<Block> kept;
  std::optional<Block> signature;
  const auto let_stand = [&] {
    if (signature && signature->id.empty()) {
      kept.push_back(
          {.kind = Block::Kind::kRaw,
           .text = absl::StrCat(R"({"text":"","thoughtSignature":)", signature->text, "}")});
    } else if (signature) {
      ++left_out;  // of a call that is not there
    }
    signature.reset();
  };
  for (Block& block : *blocks) {
    if (block.kind == Block::Kind::kRaw && block.name == kSignature) {
      let_stand();
      signature = std::move(block);
      continue;
    }
    const bool takes = block.kind == Block::Kind::kCall ||
                       (block.kind == Block::Kind::kText && signature && signature->id.empty());
    if (signature && takes) {
      block.signature = signature->text;
      signature.reset();
    }
    let_stand();
    kept.push_back(std::move(block));
  }
  let_stand();
  *blocks = std::move(kept);
  return left_out;
}

// What the API accepts (ai.google.dev/api/generate-content).
constexpr ApiRules kRules = {
    .call_ids = {.plain = false, .max_bytes = 128},
    .names = {.max_bytes = 128, .dots_and_colons = true, .begins_with_letter = true},
    .object_arguments = true,
    .one_system_text = true,
    .user_begins = true,
    .joins_assistants = true,
    .results_in_one_message = true,
    .documents_behind_results = true,
    .has_error_field = true,
    .takes_gifs = false,
    .own_block = OwnPart,
    .document = Document,
    .settle = Settle};

class Writer {
 public:
  Writer(const PageBytes& pages, std::string* out) : pages_(pages), out_(*out) {}

  void WriteContent(const Message& message) {
    const bool model = message.role == Role::kAssistant;
    absl::StrAppend(&out_, R"({"role":")", model ? "model" : "user", R"(","parts":)");
    WriteParts(message.blocks);
    out_ += '}';
  }

  void WriteParts(const std::vector<Block>& blocks) {
    bool called = false;
    out_ += '[';
    for (const Block& block : blocks) {
      if (&block != &blocks.front()) out_ += ',';
      if (block.kind == Block::Kind::kRaw) {
        out_ += block.text;
        continue;
      }
      WriteData(block);
      const bool first_call = block.kind == Block::Kind::kCall && !std::exchange(called, true);
      if (!block.signature.empty() || first_call) {
        absl::StrAppend(&out_, R"(,"thoughtSignature":)",
                        block.signature.empty() ? kNoSignature : block.signature);
      }
      out_ += '}';
    }
    out_ += ']';
  }

 private:
  void WriteData(const Block& block) {
    switch (block.kind) {
      case Block::Kind::kImage:
        return WriteImage(block.image);
      case Block::Kind::kCall:
        out_ += R"({"functionCall":{"id":)";
        WriteIdAndName(block);
        absl::StrAppend(&out_, R"(,"args":)", block.text, "}");
        return;
      case Block::Kind::kResult:
        out_ += R"({"functionResponse":{"id":)";
        WriteIdAndName(block);
        out_ += block.is_error ? R"(,"response":{"error":)" : R"(,"response":{"output":)";
        WriteTexts(block.content);
        out_ += "}}";
        return;
      default:
        out_ += R"({"text":)";
        AppendString(block.text, out_);
    }
  }

  void WriteIdAndName(const Block& block) {
    AppendString(block.id, out_);
    out_ += R"(,"name":)";
    AppendString(block.name, out_);
  }

  void WriteTexts(const std::vector<Block>& blocks) {
    std::string text;
    for (const Block& block : blocks) text += block.text;
    AppendString(text, out_);
  }

  void WriteImage(const Image& image) {
    const std::string* bytes = ImageBytes(image, pages_);
    if (bytes == nullptr) {
      absl::StrAppend(&out_, R"({"fileData":{"mimeType":"image/png","fileUri":"fovea:page/)",
                      image.page_id, R"("})");
    } else {
      out_ += R"({"inlineData":{"mimeType":")";
      out_ += MediaType(image);
      out_ += R"(","data":")";
      AppendBase64(*bytes, out_);
      out_ += R"("})";
    }
    if (absl::StartsWith(image.resolution, "MEDIA_RESOLUTION_")) {
      absl::StrAppend(&out_, R"(,"mediaResolution":{"level":")", image.resolution, R"("})");
    }
  }

  const PageBytes& pages_;
  std::string& out_;
};

class GeminiFormat final : public ComposedFormat {
 public:
  GeminiFormat() : ComposedFormat(kRules) {}

  absl::Status Validate(const std::vector<Message>& prefix,
                        const std::vector<Message>& tail) const override {
    return ValidateGemini(prefix, tail);
  }

  void WritePrefix(const std::vector<Message>& prefix, const PageBytes& pages,
                   std::string* out) const override {
    Writer writer(pages, out);
    *out += '{';
    if (HasSystem(prefix)) {
      *out += R"("systemInstruction":{"parts":)";
      writer.WriteParts(prefix.front().blocks);
      *out += "},";
    }
    *out += R"("contents":[)";
    WriteContents(prefix, HasSystem(prefix) ? 1 : 0, /*first=*/true, pages, out);
  }

  void WriteTail(const std::vector<Message>& prefix, const std::vector<Message>& tail,
                 const PageBytes& pages, std::string* out) const override {
    WriteContents(tail, 0, prefix.size() == (HasSystem(prefix) ? 1 : 0), pages, out);
    *out += "]}";
  }

 private:
  static bool HasSystem(const std::vector<Message>& prefix) {
    return !prefix.empty() && prefix.front().role == Role::kSystem;
  }

  static void WriteContents(const std::vector<Message>& messages, size_t from, bool first,
                            const PageBytes& pages, std::string* out) {
    Writer writer(pages, out);
    for (size_t i = from; i < messages.size(); ++i) {
      if (!std::exchange(first, false)) *out += ',';
      writer.WriteContent(messages[i]);
    }
  }
};

}  // namespace

std::unique_ptr<JsonFormat> GeminiGenerateContent() { return std::make_unique<GeminiFormat>(); }

}  // namespace fovea::wire
