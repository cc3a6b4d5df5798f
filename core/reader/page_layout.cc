#include "core/reader/page_layout.h"

#include <utility>

#include "core/base/status_macros.h"

namespace fovea {
namespace {

// Lays one page out on one paper and prices it.
absl::StatusOr<LaidOutPage> TryPaper(const PageContent& content, PagePosition from,
                                     const PagePaper& paper, const Rung& rung,
                                     const ReaderProfile& reader, const PageRenderer& renderer) {
  FOVEA_ASSIGN_OR_RETURN(auto extent, renderer.LayOut(content, from, paper.box, rung.typography));
  FOVEA_ASSIGN_OR_RETURN(auto tokens,
                         ImageTokens(reader, extent.width, extent.height, paper.flat_tokens));
  return LaidOutPage{.extent = extent, .paper = &paper, .tokens = tokens};
}

// What is left when the last full page is done: on one page of the first paper, or on cheaper ones
// that take less together. A flat price makes a page that is half empty dear.
absl::StatusOr<std::vector<LaidOutPage>> LayOutRest(const PageContent& content, LaidOutPage whole,
                                                    PagePosition from, const Rung& rung,
                                                    const ReaderProfile& reader,
                                                    const PageRenderer& renderer) {
  const PagePosition end{.block = content.blocks.size()};
  std::vector<LaidOutPage> best = {whole};
  int64_t least = whole.tokens;
  for (size_t i = 1; i < rung.papers.size(); ++i) {
    std::vector<LaidOutPage> pages;
    int64_t tokens = 0;
    PagePosition at = from;
    // Of this paper, then of the next ones where the rest fits on them.
    for (size_t paper = i; at != end && tokens < least;) {
      auto page = TryPaper(content, at, rung.papers[paper], rung, reader, renderer);
      if (!page.ok()) return page.status();
      while (page->extent.end == end && paper + 1 < rung.papers.size()) {
        auto smaller = TryPaper(content, at, rung.papers[paper + 1], rung, reader, renderer);
        if (!smaller.ok()) return smaller.status();
        if (smaller->extent.end != end || smaller->tokens >= page->tokens) break;
        page = std::move(smaller);
        ++paper;
      }
      if (!(at < page->extent.end)) return absl::InternalError("a page holds no text");
      at = page->extent.end;
      tokens += page->tokens;
      pages.push_back(*page);
    }
    if (at == end && tokens < least) {
      least = tokens;
      best = std::move(pages);
    }
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
    FOVEA_ASSIGN_OR_RETURN(auto page,
                           TryPaper(content, at, rung.papers.front(), rung, reader, renderer));
    if (!(at < page.extent.end)) return absl::InternalError("a page holds no text");
    if (page.extent.end == end && rung.papers.size() > 1) {
      FOVEA_ASSIGN_OR_RETURN(auto rest, LayOutRest(content, page, at, rung, reader, renderer));
      pages.insert(pages.end(), rest.begin(), rest.end());
      break;
    }
    at = page.extent.end;
    pages.push_back(page);
  }
  return pages;
}

}  // namespace fovea
