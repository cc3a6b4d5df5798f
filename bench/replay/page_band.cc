#include "bench/replay/page_band.h"

#include <algorithm>
#include <optional>

#include "bench/replay/stable_hash.h"
#include "core/base/status_macros.h"
#include "render/metrics.h"
#include "render/page_geometry.h"

namespace fovea::replay {
namespace {

using render::kMarginPx;

bool HasPictures(const PageContent& content) {
  return std::ranges::any_of(content.blocks,
                             [](const PageBlock& block) { return block.IsPicture(); });
}

// Where the string stands first on the page as a whole.
std::optional<PagePosition> Find(const PageContent& content, const PageExtent& extent,
                                 const std::string& string) {
  for (size_t b = extent.begin.block; b < content.blocks.size() && b <= extent.end.block; ++b) {
    const std::string_view text = content.blocks[b].text;
    const size_t end = b == extent.end.block ? extent.end.byte : text.size();
    size_t at = text.find(string, b == extent.begin.block ? extent.begin.byte : 0);
    for (; at != std::string_view::npos && at + string.size() <= end;
         at = text.find(string, at + 1)) {
      if (StandsAlone(text, at, string)) return PagePosition{b, at};
    }
  }
  return std::nullopt;
}

// The line that the band is about.
size_t MiddleLine(const PageDemand& demand, const PageContent& content,
                  const std::vector<PagePosition>& starts) {
  const PlannedPage& page = demand.page->planned;
  std::optional<uint32_t> string;
  uint64_t least = 0;
  for (const auto& [candidate, moments] : demand.moments) {
    const uint64_t hash = StableHash(candidate, page.page_id);
    if (string.has_value() && hash >= least) continue;
    string = candidate;
    least = hash;
  }
  if (string.has_value()) {
    const auto found =
        Find(content, page.extent, demand.book->session().uses.strings[*string].text);
    if (found.has_value()) {
      const auto behind = std::ranges::upper_bound(starts, *found);
      return static_cast<size_t>(std::max<std::ptrdiff_t>(1, behind - starts.begin())) - 1;
    }
  }
  return StableHash(0, page.page_id) % (starts.size() - 1);
}

}  // namespace

absl::StatusOr<std::vector<PagePosition>> LineStarts(const PageContent& content,
                                                     const PlannedPage& page,
                                                     const PageRenderer& renderer) {
  std::vector<PagePosition> starts;
  if (HasPictures(content)) return starts;
  const int pitch = page.typography.line_pitch_px;
  const int most = render::LinesOnPage(page.extent.height, pitch);
  starts.push_back(page.extent.begin);
  for (int lines = 1; lines <= most && starts.back() < page.extent.end; ++lines) {
    const PageBox box{.width = page.extent.width,
                      .max_height = 2 * kMarginPx + (lines + 1) * pitch};
    FOVEA_ASSIGN_OR_RETURN(auto part,
                           renderer.LayOut(content, page.extent.begin, box, page.typography));
    starts.push_back(std::min(part.end, page.extent.end));
  }
  return starts;
}

absl::StatusOr<PageBand> BandOf(const PageDemand& demand, int lines, const PageRenderer& renderer) {
  const PlannedPage& page = demand.page->planned;
  FOVEA_ASSIGN_OR_RETURN(auto content, StripContent(page.strip, demand.book->session().source));
  FOVEA_ASSIGN_OR_RETURN(auto starts, LineStarts(content, page, renderer));
  const auto all = static_cast<int>(starts.size()) - 1;
  if (lines == 0 || all <= lines) {
    return PageBand{.last_line = std::max(all, 0),
                    .bottom = page.extent.height,
                    .text = TextBetween(content, page.extent.begin, page.extent.end)};
  }
  const auto middle = static_cast<int>(MiddleLine(demand, content, starts));
  PageBand band{.first_line = std::clamp(middle - lines / 2, 0, all - lines)};
  band.last_line = band.first_line + lines;
  const int pitch = page.typography.line_pitch_px;
  band.top = kMarginPx + (band.first_line + 1) * pitch;
  band.bottom = kMarginPx + (band.last_line + 1) * pitch;
  band.text = TextBetween(content, starts[static_cast<size_t>(band.first_line)],
                          starts[static_cast<size_t>(band.last_line)]);
  return band;
}

}  // namespace fovea::replay
