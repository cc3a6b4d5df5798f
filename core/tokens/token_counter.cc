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
    : family_(reader.family),
      text_family_(TokenFamilyOf(reader.vocabulary)),
      tokenizer_(reader.tokenizer),
      text_token_factor_(reader.text_token_factor),
      text_correction_(reader.text_correction),
      image_rule_(reader.image_rule),
      dearest_image_(DearestImage(reader)) {}

int64_t TokenCounter::Text(std::string_view text) const {
  if (tokenizer_ != nullptr && tokenizer_->Ready()) {
    // Exact for the text; a correction is for what the provider puts around it.
    const auto count = static_cast<double>(tokenizer_->Count(text));
    return static_cast<int64_t>(std::ceil(count * std::max(1.0, text_correction_)));
  }
  const auto estimate = static_cast<double>(EstimateTokens(text, text_family_));
  return static_cast<int64_t>(std::ceil(estimate * text_token_factor_ * text_correction_));
}

int64_t TokenCounter::Image(const ImagePart& image) const {
  if (image_rule_.kind == ImageTokenRule::Kind::kNone) return 0;
  // A picture of the agent's own comes without a resolution setting.
  if (image_rule_.kind == ImageTokenRule::Kind::kFlat) return dearest_image_;
  const std::optional<ImageSize> size = ReadImageSize(image.data);
  if (!size) return dearest_image_;
  const auto cost = PriceImage(image_rule_, size->width, size->height, 0);
  return cost.ok() ? cost->tokens : dearest_image_;
}

int64_t TokenCounter::ImageOrNote(const ImagePart& image) const {
  if (image_rule_.kind == ImageTokenRule::Kind::kNone) return kImageNoteTokens;
  return Image(image);
}

TokenCounter::Counts TokenCounter::Document(const DocumentPart& document) const {
  Counts counts{.texts = Text(document.context)};
  counts.all = kResultTokens + counts.texts + Text(DocumentNote(document)) + Text(document.uri) +
               Text(document.attributes_json);
  if (IsTextDocument(document)) {
    const int64_t data = Text(document.data);
    counts.texts += data;
    counts.all += data;
  } else if (absl::StartsWith(document.media_type, "image/")) {
    counts.all += dearest_image_;
  } else {
    counts.all += kDocumentPageTokens * DocumentPages(document);
  }
  return counts;
}

TokenCounter::Counts TokenCounter::SearchResult(const SearchResultPart& result) const {
  Counts counts;
  for (const std::string& text : result.text) counts.texts += Text(text);
  counts.all = kResultTokens + Text(result.source) + Text(result.title) + counts.texts +
               kMessageTokens * static_cast<int64_t>(result.text.size()) +
               Text(result.attributes_json);
  return counts;
}

TokenCounter::Counts TokenCounter::Item(const ResultItem& item) const {
  if (const auto* text = std::get_if<TextPart>(&item)) {
    const int64_t tokens = Text(text->text);
    return {.all = tokens, .texts = tokens};
  }
  if (const auto* image = std::get_if<ImagePart>(&item)) return {.all = ImageOrNote(*image)};
  if (const auto* document = std::get_if<DocumentPart>(&item)) return Document(*document);
  if (const auto* found = std::get_if<SearchResultPart>(&item)) return SearchResult(*found);
  return {.all = kMessageTokens + Text(std::get<ToolReferencePart>(item).tool_name)};
}

TokenCounter::Counts TokenCounter::Result(const ToolResultPart& result) const {
  Counts counts{.all = kResultTokens + Text(result.call_id) + (result.is_error ? kErrorTokens : 0)};
  for (const ResultItem& item : result.content) {
    const Counts of_item = Item(item);
    counts.all += of_item.all;
    counts.texts += of_item.texts;
  }
  return counts;
}

TokenCounter::Counts TokenCounter::Part(const fovea::Part& part) const {
  if (const auto* text = std::get_if<TextPart>(&part)) return {.all = Text(text->text)};
  if (const auto* image = std::get_if<ImagePart>(&part)) return {.all = ImageOrNote(*image)};
  if (const auto* call = std::get_if<ToolCallPart>(&part)) {
    return {.all =
                kCallTokens + Text(call->call_id) + Text(call->name) + Text(call->arguments_json)};
  }
  if (const auto* opaque = std::get_if<OpaquePart>(&part)) {
    // A note of it goes out where the request cannot hold it; of reasoning, nothing does.
    const bool sent = MayBeSent(family_, opaque->kind);
    if (!sent && ReadOpaqueBlock(*opaque).leads_on) return {};
    const int64_t note = Text(OpaqueNote(*opaque));
    if (!sent) return {.all = note};
    const std::optional<CarriedFile> carried = FileIn(*opaque);
    return {.all = std::max(note, carried.has_value()
                                      ? Text(carried->rest) + Document(carried->file).all
                                      : Text(opaque->data))};
  }
  if (const auto* document = std::get_if<DocumentPart>(&part)) return Document(*document);
  if (const auto* found = std::get_if<SearchResultPart>(&part)) return SearchResult(*found);
  if (const auto* refusal = std::get_if<RefusalPart>(&part)) return {.all = Text(refusal->text)};
  if (const auto* audio = std::get_if<AudioPart>(&part)) {
    return {.all = Text(AudioNote(*audio)) + Text(audio->transcript)};
  }
  return Result(std::get<ToolResultPart>(part));
}

TokenCounter::TurnTokens TokenCounter::Count(const fovea::Turn& turn) const {
  TurnTokens tokens{.all = kMessageTokens};
  for (const fovea::Part& part : turn.parts) {
    const Counts counts = Part(part);
    tokens.all += counts.all;
    if (std::holds_alternative<ToolResultPart>(part)) tokens.result_texts += counts.texts;
  }
  return tokens;
}

}  // namespace fovea
