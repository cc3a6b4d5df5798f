#include "core/reader/page_layout.h"

#include <utility>

namespace fovea {
namespace {

// Lays one page out on one paper and prices it.
absl::StatusOr<LaidOutPage> TryPaper(const PageContent& content, PagePosition from,
                                     const PagePaper& paper, const Rung& rung,
                                     const ReaderProfile& reader, const PageRenderer& renderer) {
  auto extent = renderer.LayOut(content, from, paper.box, rung.typography);
  if (!extent.ok()) return extent.status();
  auto tokens = ImageTokens(reader, extent->width, extent->height, paper.flat_tokens);
  if (!tokens.ok()) return tokens.status();
  return LaidOutPage{.extent = *extent, .paper = &paper, .tokens = *tokens};
}

// A full page on the first paper, or the cheapest page that holds all the rest.
absl::StatusOr<LaidOutPage> NextPage(const PageContent& content, PagePosition from,
                                     const Rung& rung, const ReaderProfile& reader,
                                     const PageRenderer& renderer) {
  const PagePosition end{.block = content.blocks.size()};
  auto best = TryPaper(content, from, rung.papers.front(), rung, reader, renderer);
  if (!best.ok() || best->extent.end != end) return best;
  for (size_t i = 1; i < rung.papers.size(); ++i) {
    auto page = TryPaper(content, from, rung.papers[i], rung, reader, renderer);
    if (!page.ok()) return page;
    if (page->extent.end == end && page->tokens < best->tokens) best = std::move(page);
  }
  return best;
}

}  // namespace

absl::StatusOr<std::vector<LaidOutPage>> LayOutPages(const PageContent& content, const Rung& rung,
                                                     const ReaderProfile& reader,
                                                     const PageRenderer& renderer) {
  std::vector<LaidOutPage> pages;
  PagePosition at;
  const PagePosition end{.block = content.blocks.size()};
  while (at != end) {
    auto page = NextPage(content, at, rung, reader, renderer);
    if (!page.ok()) return page.status();
    if (!(at < page->extent.end)) return absl::InternalError("a page holds no text");
    at = page->extent.end;
    pages.push_back(*page);
  }
  return pages;
}

}  // namespace fovea
