#include "replay/page_book.h"

#include <algorithm>
#include <utility>

#include "core/base/status_macros.h"

namespace fovea::replay {

bool SeenPage::Holds(uint32_t string) const { return std::ranges::binary_search(strings, string); }
bool SeenNote::Holds(uint32_t string) const { return std::ranges::binary_search(strings, string); }

std::string TextBetween(const PageContent& content, PagePosition begin, PagePosition end) {
  std::string text;
  for (size_t i = begin.block; i < content.blocks.size() && i <= end.block; ++i) {
    const PageBlock& block = content.blocks[i];
    const size_t from = i == begin.block ? begin.byte : 0;
    const size_t to = i == end.block ? end.byte : block.text.size();
    if (from >= to) continue;
    if (!text.empty() && !block.joined) text += '\n';
    text.append(block.text, from, to - from);
  }
  return text;
}

absl::StatusOr<const PageContent*> PageBook::ContentOf(const Strip& strip) {
  if (last_content_.blocks.empty() || !(strip == last_strip_)) {
    FOVEA_ASSIGN_OR_RETURN(last_content_, StripContent(strip, session_.source));
    last_strip_ = strip;
  }
  return &last_content_;
}

std::vector<size_t> PageBook::EditCopiesOn(const PageExtent& extent,
                                           const std::string& text) const {
  std::vector<size_t> copies;
  std::string normal;
  for (size_t i = 0; i < session_.edit_copies.size(); ++i) {
    const EditCopy& copy = session_.edit_copies[i];
    const bool near = std::ranges::any_of(copy.sources, [&](const Occurrence& source) {
      return extent.first_seq <= source.seq && source.seq <= extent.last_seq;
    });
    if (!near) continue;
    if (normal.empty()) normal = NormalPassage(text);
    if (HoldsPassage(normal, copy.passage)) copies.push_back(i);
  }
  return copies;
}

absl::StatusOr<const SeenPage*> PageBook::Page(const PlannedPage& page, const Rung& rung) {
  const auto found = by_id_.find(page.page_id);
  if (found != by_id_.end()) return found->second;
  FOVEA_ASSIGN_OR_RETURN(auto content, ContentOf(page.strip));
  auto seen = std::make_unique<SeenPage>();
  seen->number = pages_.size();
  seen->planned = page;
  seen->legibility = rung.legibility;
  seen->exact_legibility = rung.exact_legibility;
  seen->characters = page.extent.characters;
  seen->session = session_.name;
  seen->passage_legibility = std::min(rung.passage_legibility, rung.exact_legibility);
  const std::string text = TextBetween(*content, page.extent.begin, page.extent.end);
  seen->strings = session_.uses.finder.FindIn(text);
  seen->edit_copies = EditCopiesOn(page.extent, text);
  by_id_.emplace(page.page_id, seen.get());
  pages_.push_back(std::move(seen));
  return pages_.back().get();
}

absl::StatusOr<std::string> PageBook::TextOf(const SeenPage& page) const {
  FOVEA_ASSIGN_OR_RETURN(auto content, StripContent(page.planned.strip, session_.source));
  return TextBetween(content, page.planned.extent.begin, page.planned.extent.end);
}

const SeenNote* PageBook::Note(const std::string& text) {
  auto found = notes_.find(text);
  if (found == notes_.end()) {
    auto note = std::make_unique<SeenNote>();
    note->number = notes_.size();
    note->strings = session_.uses.finder.FindIn(text);
    found = notes_.emplace(text, std::move(note)).first;
  }
  return found->second.get();
}

}  // namespace fovea::replay
