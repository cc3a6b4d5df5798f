#include "core/strip/strip.h"

#include <memory>
#include <utility>
#include <variant>

#include "core/base/colour_codes.h"
#include "core/base/hidden_characters.h"
#include "core/base/status_macros.h"
#include "core/reader/page_layout.h"
#include "core/voice/notes.h"

namespace fovea {
namespace {

TurnPtr PartsOfStrip(const Turn& turn, Strip::Parts parts) {
  Turn kept{.seq = turn.seq, .role = turn.role, .time_us = turn.time_us};
  for (const Part& part : turn.parts) {
    const bool is_result = std::holds_alternative<ToolResultPart>(part);
    if (is_result == (parts == Strip::Parts::kResults)) kept.parts.push_back(part);
  }
  return std::make_shared<const Turn>(std::move(kept));
}

}  // namespace

void LaidOutStrip::Append(const LaidOutStrip& more) {
  pages.insert(pages.end(), more.pages.begin(), more.pages.end());
  tokens += more.tokens;
  bytes += more.bytes;
  hidden_characters += more.hidden_characters;
  colour_characters += more.colour_characters;
}

PageContent StripContent(const Strip& strip, absl::Span<const TurnPtr> turns) {
  PageContent content;
  for (const TurnPtr& turn : turns) {
    switch (strip.parts) {
      case Strip::Parts::kAll:
        AppendTurnWithPictures(turn, strip.elision, &content);
        break;
      case Strip::Parts::kAllButResults:
        AppendTurnWithPictures(PartsOfStrip(*turn, strip.parts), {}, &content);
        break;
      case Strip::Parts::kResults:
        AppendTurnToPage(*PartsOfStrip(*turn, strip.parts), {}, &content);
        break;
    }
  }
  if (strip.colour_codes) return content;
  for (PageBlock& block : content.blocks) {
    content.colour_characters += RemoveColourCodes(&block.text);
  }
  return content;
}

absl::StatusOr<PageContent> StripContent(const Strip& strip, const TurnSource& turns) {
  FOVEA_ASSIGN_OR_RETURN(const auto read, turns.Turns(strip.turns));
  return StripContent(strip, read);
}

absl::StatusOr<LaidOutStrip> LayOutStrip(const Strip& strip, const PageContent& content,
                                         const Rung& rung, const ReaderProfile& reader,
                                         const PageRenderer& renderer) {
  FOVEA_ASSIGN_OR_RETURN(auto laid_out_pages, LayOutPages(content, rung, reader, renderer));
  LaidOutStrip laid_out{.colour_characters = content.colour_characters};
  for (const PageBlock& block : content.blocks) {
    laid_out.hidden_characters += CountHiddenCharacters(block.text);
  }
  for (const LaidOutPage& placed : laid_out_pages) {
    PlannedPage page{.strip = strip,
                     .extent = placed.extent,
                     .typography = rung.typography,
                     .header = {PageTitle({placed.extent.first_seq, placed.extent.last_seq},
                                          rung.name, strip.elision.bulk)},
                     .rung = rung.name,
                     .resolution = placed.paper->resolution,
                     .tokens = placed.tokens};
    page.page_id = PageId(renderer.Version(), content, page.extent, page.typography, page.header);
    laid_out.tokens += page.tokens;
    laid_out.bytes += EstimatePageBytes(content, page.extent, page.typography);
    laid_out.pages.push_back(std::move(page));
  }
  return laid_out;
}

absl::StatusOr<DrawnPage> DrawPlannedPage(const PlannedPage& page, const PageContent& content,
                                          const PageRenderer& renderer,
                                          const StillWanted& still_wanted) {
  return renderer.Draw(content, page.extent, page.typography, page.header, still_wanted);
}

}  // namespace fovea
