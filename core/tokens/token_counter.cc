#include "core/tokens/token_counter.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "core/base/pdf_pages.h"
#include "core/log/opaque_block.h"
#include "core/log/part_text.h"
#include "core/tokens/opaque_tokens.h"
#include "core/tokens/token_estimate.h"

namespace fovea {
namespace {

// At least so many bytes a page: of files whose pages cannot be counted.
constexpr size_t kPageBytes = 50'000;
// Of a document that only the provider has.
constexpr int64_t kPagesUnseen = 4;

int64_t DocumentPages(const DocumentPart& document) {
  if (!document.uri.empty()) return kPagesUnseen;
  if (const int64_t pages = PdfPages(document.data); pages > 0) return pages;
  return 1 + static_cast<int64_t>(document.data.size() / kPageBytes);
}

// What the reader's dearest page costs, or an image at its rule's limit if that is more.
int64_t DearestImage(const ReaderProfile& reader) {
  const ImageTokenRule& rule = reader.image_rule;
  int64_t dearest = rule.max_tokens > 0 ? rule.max_tokens + rule.overhead_tokens : 0;
  if (rule.kind == ImageTokenRule::Kind::kRoundedGrid) {
    const int64_t patch_pixels = int64_t{rule.patch_px} * rule.patch_px;
    dearest = rule.max_pixels / patch_pixels + rule.overhead_tokens;
  }
  for (const Rung& rung : reader.ladder) {
    for (const PagePaper& paper : rung.papers) {
      const absl::StatusOr<int64_t> tokens =
          ImageTokens(reader, paper.box.width, paper.box.max_height, paper.flat_tokens);
      if (tokens.ok()) dearest = std::max(dearest, *tokens);
    }
  }
  return dearest;
}

}  // namespace

TokenCounter::TokenCounter(const ReaderProfile& reader)
    : reader_(reader), dearest_image_(DearestImage(reader)) {}

int64_t TokenCounter::Text(std::string_view text) const {
  if (reader_.tokenizer != nullptr) {
    // Exact for the text; a correction is for what the provider puts around it.
    const auto count = static_cast<double>(reader_.tokenizer->Count(text));
    return static_cast<int64_t>(std::ceil(count * std::max(1.0, reader_.text_correction)));
  }
  const auto estimate =
      static_cast<double>(EstimateTokens(text, TokenFamilyOf(reader_.vocabulary)));
  return static_cast<int64_t>(
      std::ceil(estimate * reader_.text_token_factor * reader_.text_correction));
}

int64_t TokenCounter::Image(const ImagePart& image) const {
  if (reader_.image_rule.kind == ImageTokenRule::Kind::kNone) return 0;
  // A picture of the agent's own comes without a resolution setting.
  if (reader_.image_rule.kind == ImageTokenRule::Kind::kFlat) return dearest_image_;
  const std::optional<ImageSize> size = ReadImageSize(image.data);
  if (!size) return dearest_image_;
  return ImageTokens(reader_, size->width, size->height, 0).value_or(dearest_image_);
}

int64_t TokenCounter::ImageOrNote(const ImagePart& image) const {
  if (reader_.image_rule.kind == ImageTokenRule::Kind::kNone) return kImageNoteTokens;
  return Image(image);
}

int64_t TokenCounter::Document(const DocumentPart& document) const {
  int64_t tokens = kResultTokens + Text(DocumentNote(document)) + Text(document.context) +
                   Text(document.uri) + Text(document.attributes_json);
  if (IsTextDocument(document)) return tokens + Text(document.data);
  if (absl::StartsWith(document.media_type, "image/")) return tokens + dearest_image_;
  return tokens + kDocumentPageTokens * DocumentPages(document);
}

int64_t TokenCounter::SearchResult(const SearchResultPart& result) const {
  int64_t tokens = kResultTokens + Text(result.source) + Text(result.title);
  for (const std::string& text : result.text) tokens += kMessageTokens + Text(text);
  return tokens + Text(result.attributes_json);
}

int64_t TokenCounter::Item(const ResultItem& item) const {
  if (const auto* text = std::get_if<TextPart>(&item)) return Text(text->text);
  if (const auto* image = std::get_if<ImagePart>(&item)) return ImageOrNote(*image);
  if (const auto* document = std::get_if<DocumentPart>(&item)) return Document(*document);
  if (const auto* found = std::get_if<SearchResultPart>(&item)) return SearchResult(*found);
  return kMessageTokens + Text(std::get<ToolReferencePart>(item).tool_name);
}

int64_t TokenCounter::Part(const fovea::Part& part) const {
  if (const auto* text = std::get_if<TextPart>(&part)) return Text(text->text);
  if (const auto* image = std::get_if<ImagePart>(&part)) return ImageOrNote(*image);
  if (const auto* call = std::get_if<ToolCallPart>(&part)) {
    return kCallTokens + Text(call->call_id) + Text(call->name) + Text(call->arguments_json);
  }
  if (const auto* opaque = std::get_if<OpaquePart>(&part)) {
    // A note of it goes out where the request cannot hold it; of reasoning, nothing does.
    const bool sent = MayBeSent(reader_.family, opaque->kind);
    if (!sent && ReadOpaqueBlock(*opaque).leads_on) return 0;
    const int64_t note = Text(OpaqueNote(*opaque));
    if (!sent) return note;
    const std::optional<CarriedFile> carried = FileIn(*opaque);
    return std::max(note, carried.has_value() ? Text(carried->rest) + Document(carried->file)
                                              : Text(opaque->data));
  }
  if (const auto* document = std::get_if<DocumentPart>(&part)) return Document(*document);
  if (const auto* found = std::get_if<SearchResultPart>(&part)) return SearchResult(*found);
  if (const auto* refusal = std::get_if<RefusalPart>(&part)) return Text(refusal->text);
  if (const auto* audio = std::get_if<AudioPart>(&part)) {
    return Text(AudioNote(*audio)) + Text(audio->transcript);
  }
  const auto& result = std::get<ToolResultPart>(part);
  int64_t tokens = kResultTokens + Text(result.call_id) + (result.is_error ? kErrorTokens : 0);
  for (const ResultItem& item : result.content) tokens += Item(item);
  return tokens;
}

int64_t TokenCounter::Turn(const fovea::Turn& turn) const {
  int64_t tokens = kMessageTokens;
  for (const fovea::Part& part : turn.parts) tokens += Part(part);
  return tokens;
}

}  // namespace fovea
