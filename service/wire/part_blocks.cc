#include "service/wire/part_blocks.h"

#include <optional>
#include <utility>
#include <variant>

#include "core/base/image_size.h"
#include "core/log/opaque_block.h"
#include "core/log/part_text.h"

namespace fovea::wire {

bool PartBlocks::Refused(std::string_view text) const {
  return rules_.refuses_blank_text ? IsBlank(text) : text.empty();
}

void PartBlocks::AddText(std::string_view text, std::vector<Block>& blocks) const {
  if (!Refused(text)) blocks.push_back(TextBlock(std::string(text)));
}

// A note stands on a line of its own.
void PartBlocks::AddNote(std::string note, std::vector<Block>& blocks) const {
  const bool behind_text = !blocks.empty() && blocks.back().kind == Block::Kind::kText;
  if (behind_text) note.insert(0, "\n");
  blocks.push_back(TextBlock(note));
}

bool PartBlocks::IsSendable(const ImagePart& image) const {
  return to_.reader.takes_images && TakesPicture(to_.reader.picture, image.data) &&
         (rules_.takes_gifs || ImageMediaType(image.data) != "image/gif");
}

bool PartBlocks::TakeMedia() {
  if (to_.media_to_skip > 0) {
    --to_.media_to_skip;
    return false;
  }
  if (to_.media_left == 0) return false;
  --to_.media_left;
  return true;
}

void PartBlocks::AddImage(const ImagePart& image, std::vector<Block>& blocks,
                          std::vector<Block>& media) {
  if (IsSendable(image) && TakeMedia()) return media.push_back(OwnImageBlock(owner_, image));
  ++loss().images_omitted;
  blocks.push_back(TextBlock(ImageNote(image)));
}

void PartBlocks::AddOpaque(const Part& part, const OpaquePart& opaque, std::vector<Block>& blocks) {
  if (!lone_.contains(&part) && rules_.own_block != nullptr) {
    if (auto block = rules_.own_block(opaque, turn_.role, to_.reader)) {
      if (!block->is_document || TakeMedia()) return blocks.push_back(*std::move(block));
    }
  }
  ++loss().opaque_omitted;
  // Reasoning is for the API alone that it came from; of all else the model is told.
  if (!ReadOpaqueBlock(opaque).leads_on) AddNote(OpaqueNote(opaque), blocks);
}

void PartBlocks::AddDocument(const DocumentPart& document, bool allowed, bool texts,
                             std::vector<Block>& blocks, std::vector<Block>& media) {
  if (allowed && rules_.document != nullptr && (texts || !IsTextDocument(document))) {
    auto block = rules_.document(document, to_.reader);
    if (block.has_value() && TakeMedia()) return media.push_back(*std::move(block));
  }
  if (!IsTextDocument(document)) ++loss().parts_as_notes;
  AddNote(DocumentNote(document), blocks);
  if (!texts) return;
  TextsOf([&](std::string_view text) { AddText(text, blocks); })(document);
}

void PartBlocks::AddSearchResult(const SearchResultPart& found, bool allowed, bool texts,
                                 std::vector<Block>& blocks) {
  if (allowed && texts && rules_.search_result != nullptr) {
    if (auto block = rules_.search_result(found)) return blocks.push_back(*std::move(block));
  }
  AddNote(SearchResultNote(found), blocks);
  if (!texts) return;
  TextsOf([&](std::string_view text) { AddText(text, blocks); })(found);
}

void PartBlocks::Add(const Part& part, std::vector<Block>& blocks, std::vector<Block>& media) {
  const bool users = turn_.role == Role::kUser || turn_.role == Role::kTool;
  if (const auto* text = std::get_if<TextPart>(&part)) {
    const size_t before = blocks.size();
    AddText(text->text, blocks);
    if (blocks.size() > before) blocks.back().phase = text->phase;
  } else if (const auto* image = std::get_if<ImagePart>(&part)) {
    AddImage(*image, blocks, media);
  } else if (const auto* opaque = std::get_if<OpaquePart>(&part)) {
    AddOpaque(part, *opaque, blocks);
  } else if (const auto* document = std::get_if<DocumentPart>(&part)) {
    AddDocument(*document, users, /*texts=*/true, blocks, media);
  } else if (const auto* found = std::get_if<SearchResultPart>(&part)) {
    AddSearchResult(*found, users, /*texts=*/true, blocks);
  } else if (const auto* refusal = std::get_if<RefusalPart>(&part)) {
    const size_t before = blocks.size();
    AddText(refusal->text, blocks);
    if (blocks.size() > before) blocks.back().refusal = true;
  } else if (const auto* audio = std::get_if<AudioPart>(&part)) {
    ++loss().parts_as_notes;
    AddNote(AudioNote(*audio), blocks);
    AddText(audio->transcript, blocks);
  }
}

void PartBlocks::Add(const ResultItem& item, bool inside, bool texts, std::vector<Block>& blocks,
                     std::vector<Block>& media) {
  if (const auto* text = std::get_if<TextPart>(&item)) {
    if (texts) AddText(text->text, blocks);
  } else if (const auto* image = std::get_if<ImagePart>(&item)) {
    std::vector<Block> shown;
    std::vector<Block> note;
    AddImage(*image, note, shown);
    if (inside || shown.empty()) {
      for (Block& block : inside && !shown.empty() ? shown : note)
        blocks.push_back(std::move(block));
      return;
    }
    // The picture itself stands behind the results.
    AddNote(ImageNote(*image), blocks);
    media.push_back(std::move(shown.front()));
  } else if (const auto* document = std::get_if<DocumentPart>(&item)) {
    std::vector<Block> shown;
    std::vector<Block> note;
    AddDocument(*document, inside || rules_.documents_behind_results, texts, note, shown);
    if (shown.empty()) {
      for (Block& block : note) blocks.push_back(std::move(block));
    } else if (inside) {
      blocks.push_back(std::move(shown.front()));
    } else {
      AddNote(DocumentNote(*document), blocks);
      media.push_back(std::move(shown.front()));
    }
  } else if (const auto* found = std::get_if<SearchResultPart>(&item)) {
    AddSearchResult(*found, inside, texts, blocks);
  } else {
    const auto& reference = std::get<ToolReferencePart>(item);
    if (inside && rules_.tool_reference != nullptr) {
      blocks.push_back(rules_.tool_reference(reference));
    } else {
      AddNote(ToolReferenceNote(reference), blocks);
    }
  }
}

}  // namespace fovea::wire
