#include "service/ladder.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/grouped.h"
#include "core/base/status_macros.h"
#include "core/tokens/token_counter.h"
#include "core/voice/notes.h"

namespace fovea::service {
namespace {

// Text that fills a page at every rung, with room to spare for text that is set tighter than usual.
constexpr double kSpare = 2;
constexpr uint64_t kReadBatch = 16;

double CharactersOfPage(const Rung& rung) {
  const PageBox& box = rung.papers.front().box;
  return static_cast<double>(box.width) * box.max_height / rung.pixels_per_character;
}

absl::StatusOr<PageContent> EnoughText(SeqRange turns, const ReaderProfile& reader,
                                       const TurnSource& source) {
  double wanted = 0;
  for (const Rung& rung : reader.ladder) {
    wanted = std::max(wanted, kSpare * CharactersOfPage(rung));
  }
  PageContent content;
  double characters = 0;
  for (uint64_t first = turns.first; first <= turns.last && characters < wanted;
       first += kReadBatch) {
    FOVEA_ASSIGN_OR_RETURN(auto read,
                           source.Turns({first, std::min(turns.last, first + kReadBatch - 1)}));
    for (const TurnPtr& turn : read) {
      AppendTurnWithPictures(turn, {}, &content);
      characters += static_cast<double>(TurnCharacters(*turn));
    }
  }
  return content;
}

// What the page's text costs as text.
int64_t TextTokens(const PageContent& content, const PageExtent& extent,
                   const TokenCounter& counter) {
  std::string text;
  for (size_t b = extent.begin.block; b < content.blocks.size() && b <= extent.end.block; ++b) {
    const PageBlock& block = content.blocks[b];
    if (!text.empty() && !block.joined) text += '\n';
    text += b == extent.end.block ? block.text.substr(0, extent.end.byte) : block.text;
  }
  return counter.Text(text);
}

std::string Caption(const v1::DrawLadderResponse::Page& page) {
  return absl::StrCat(page.rung(), " · ", Grouped(page.characters()), " characters, ",
                      Grouped(static_cast<uint64_t>(page.tokens())), " tokens");
}

absl::Status DrawRung(const PageContent& content, const Rung& rung, const ReaderProfile& reader,
                      const TokenCounter& counter, const PageRenderer& renderer,
                      v1::DrawLadderResponse::Page* page) {
  const PagePaper& paper = rung.papers.front();
  FOVEA_ASSIGN_OR_RETURN(auto extent, renderer.LayOut(content, {}, paper.box, rung.typography));
  const PageHeader header{
      .text = PageTitle({extent.first_seq, extent.last_seq}, rung.name, /*gist=*/false)};
  FOVEA_ASSIGN_OR_RETURN(auto drawn, renderer.Draw(content, extent, rung.typography, header));
  FOVEA_ASSIGN_OR_RETURN(auto tokens,
                         ImageTokens(reader, extent.width, extent.height, paper.flat_tokens));
  page->set_rung(rung.name);
  page->set_line_pitch_px(rung.typography.line_pitch_px);
  page->set_width(extent.width);
  page->set_height(extent.height);
  page->set_tokens(tokens);
  page->set_text_tokens(TextTokens(content, extent, counter));
  page->set_characters(extent.characters);
  page->set_last_seq(extent.last_seq);
  page->set_legibility(rung.legibility);
  page->set_evidence(EvidenceName(rung.evidence));
  page->set_png(std::move(drawn.png));
  return absl::OkStatus();
}

}  // namespace

absl::Status DrawReaderLadder(SeqRange turns, const ReaderProfile& reader, const TurnSource& source,
                              const PageRenderer& renderer, v1::DrawLadderResponse* response) {
  if (reader.ladder.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("view.reader: ", reader.name, " has no ladder: it gets text only"));
  }
  FOVEA_ASSIGN_OR_RETURN(auto content, EnoughText(turns, reader, source));
  if (content.blocks.empty()) return absl::InvalidArgumentError("first_seq: no text to draw");
  const TokenCounter counter(reader);
  std::vector<PageRenderer::Captioned> sheet;
  for (const Rung& rung : reader.ladder) {
    v1::DrawLadderResponse::Page* page = response->add_pages();
    FOVEA_RETURN_IF_ERROR(DrawRung(content, rung, reader, counter, renderer, page));
    sheet.push_back({.png = page->png(), .caption = Caption(*page)});
  }
  FOVEA_ASSIGN_OR_RETURN(auto contact_sheet, renderer.ContactSheet(sheet));
  response->set_contact_sheet_png(std::move(contact_sheet));
  return absl::OkStatus();
}

}  // namespace fovea::service
