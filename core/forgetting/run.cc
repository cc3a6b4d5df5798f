#include "core/forgetting/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/hidden_characters.h"
#include "core/exact/sidecar.h"
#include "core/page/picture_size.h"
#include "core/reader/page_layout.h"

namespace fovea {
namespace {

std::string RangeName(uint64_t first, uint64_t last) {
  return first == last ? absl::StrCat("#", first) : absl::StrCat("#", first, "–#", last);
}

TurnPtr PartsOfStrip(const Turn& turn, Strip::Parts parts) {
  Turn kept{.seq = turn.seq, .role = turn.role, .time_us = turn.time_us};
  for (const Part& part : turn.parts) {
    const bool is_result = std::holds_alternative<ToolResultPart>(part);
    if (is_result == (parts == Strip::Parts::kResults)) kept.parts.push_back(part);
  }
  return std::make_shared<const Turn>(std::move(kept));
}

}  // namespace

absl::StatusOr<PageContent> StripContent(const Strip& strip, const TurnSource& turns) {
  auto read = turns.Turns(strip.turns);
  if (!read.ok()) return read.status();
  PageContent content;
  for (const TurnPtr& turn : *read) {
    switch (strip.parts) {
      case Strip::Parts::kAll:
        AppendTurnWithPictures(turn, &content);
        break;
      case Strip::Parts::kAllButResults:
        AppendTurnWithPictures(PartsOfStrip(*turn, strip.parts), &content);
        break;
      case Strip::Parts::kResults:
        AppendTurnToPage(*PartsOfStrip(*turn, strip.parts), &content);
        break;
    }
  }
  return content;
}

absl::StatusOr<LaidOutStrip> LayOutStrip(const Strip& strip, const PageContent& content,
                                         const Rung& rung, const ReaderProfile& reader,
                                         const PageRenderer& renderer) {
  auto laid_out_pages = LayOutPages(content, rung, reader, renderer);
  if (!laid_out_pages.ok()) return laid_out_pages.status();
  LaidOutStrip laid_out;
  for (const PageBlock& block : content.blocks) {
    laid_out.hidden_characters += CountHiddenCharacters(block.text);
  }
  for (const LaidOutPage& placed : *laid_out_pages) {
    PlannedPage page{
        .strip = strip,
        .extent = placed.extent,
        .typography = rung.typography,
        .header = {absl::StrCat(RangeName(placed.extent.first_seq, placed.extent.last_seq), " · ",
                                rung.name)},
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
                                          const PageRenderer& renderer) {
  return renderer.Draw(content, page.extent, page.typography, page.header);
}

namespace {

// The sidecar's share of what the pages cost, at most.
constexpr int64_t kSidecarPageShare = 8;
// Exact strings take about two bytes a token.
constexpr int64_t kSidecarBytesPerToken = 2;

bool HasBody(const PageContent& content) {
  return std::any_of(content.blocks.begin(), content.blocks.end(), [](const PageBlock& block) {
    return block.style != PageBlock::Style::kLabel;
  });
}

class RunLayout {
 public:
  RunLayout(const RunBuilder& builder, Run& run) : builder_(builder), run_(run) {}

  // Fills the run's pages at its rung.
  absl::Status LayOut() {
    run_.pages.clear();
    run_.page_tokens = 0;
    run_.page_bytes = 0;
    run_.hidden_characters = 0;
    std::erase_if(run_.drawn_results,
                  [this](const DrawnResult& drawn) { return drawn.rung < run_.rung; });
    uint64_t next = run_.turns.first;
    for (const DrawnResult& drawn : run_.drawn_results) {
      absl::Status status = Add({.turns = {next, drawn.seq - 1}});
      if (status.ok()) {
        status = Add({.turns = {drawn.seq, drawn.seq}, .parts = Strip::Parts::kAllButResults});
      }
      if (!status.ok()) return status;
      Take(drawn.drawing);
      next = drawn.seq + 1;
    }
    return Add({.turns = {next, run_.turns.last}});
  }

 private:
  absl::Status Add(const Strip& strip) {
    if (strip.turns.empty()) return absl::OkStatus();
    auto content = StripContent(strip, builder_.turns);
    if (!content.ok()) return content.status();
    if (strip.parts == Strip::Parts::kAllButResults && !HasBody(*content)) return absl::OkStatus();
    auto laid_out = LayOutStrip(strip, *content, builder_.ladder[run_.rung], builder_.reader,
                                builder_.renderer);
    if (!laid_out.ok()) return laid_out.status();
    Take(*laid_out);
    return absl::OkStatus();
  }

  void Take(const LaidOutStrip& strip) {
    run_.pages.insert(run_.pages.end(), strip.pages.begin(), strip.pages.end());
    run_.page_tokens += strip.tokens;
    run_.page_bytes += strip.bytes;
    run_.hidden_characters += strip.hidden_characters;
  }

  const RunBuilder& builder_;
  Run& run_;
};

void CountOmitted(const Turn& turn, Run& run) {
  for (const Part& part : turn.parts) {
    if (std::holds_alternative<OpaquePart>(part)) ++run.opaque_omitted;
  }
  for (const ImagePart* image : TurnImages(turn)) {
    if (!DrawableSize(image->data).has_value()) ++run.images_omitted;
  }
}

bool HasPictures(const Turn& turn) {
  const std::vector<const ImagePart*> images = TurnImages(turn);
  return std::any_of(images.begin(), images.end(),
                     [](const ImagePart* image) { return DrawableSize(image->data).has_value(); });
}

}  // namespace

absl::StatusOr<Run> RunBuilder::Build(Run run) const {
  auto read = turns.Turns(run.turns);
  if (!read.ok()) return read.status();
  run.opaque_omitted = run.images_omitted = 0;
  for (const TurnPtr& turn : *read) CountOmitted(*turn, run);
  // In its place only the texts of a result were drawn, as its pictures went out beside them. Here
  // they are on the pages, which are therefore drawn anew.
  std::erase_if(run.drawn_results, [&read](const DrawnResult& drawn) {
    return HasPictures(*(*read)[drawn.seq - (*read).front()->seq]);
  });

  const size_t wanted_rung = run.rung;
  for (; run.rung < ladder.size(); ++run.rung) {
    absl::Status status = RunLayout(*this, run).LayOut();
    if (!status.ok()) return status;
    const double price = static_cast<double>(run.page_tokens) * reader.cache.write_price;
    if (price < static_cast<double>(run.text_tokens)) break;
  }
  run.sidecar = {};
  run.as_text = run.rung == ladder.size();
  if (run.as_text) {
    run.rung = wanted_rung;
    run.pages.clear();
    run.page_tokens = 0;
    run.page_bytes = 0;
    run.hidden_characters = 0;
    run.tokens = TokenCounter::kMessageTokens;
    for (const TurnPtr& turn : *read) run.tokens += counter.Text(TurnNote(*turn)) + 1;
    return run;
  }
  const int64_t saved = run.text_tokens - run.page_tokens;
  const int64_t cap =
      std::min(saved * sidecar_permille / 1000, run.page_tokens / kSidecarPageShare);
  if (cap > 0) {
    ExactStringCollector collector;
    for (const TurnPtr& turn : *read) collector.Add(*turn);
    run.sidecar =
        WriteSidecar(collector.strings(), static_cast<size_t>(cap * kSidecarBytesPerToken));
  }
  run.tokens = TokenCounter::kMessageTokens + counter.Text(RunIntroduction(run, ladder[run.rung])) +
               run.page_tokens + counter.Text(RunSidecarNote(run));
  return run;
}

const char kUnansweredCallNote[] = "[no result was recorded for this call]";

std::string RunIntroduction(const Run& run, const Rung& rung) {
  return absl::StrCat("[Turns ", RangeName(run.turns.first, run.turns.last), " on the next ",
                      run.pages.size(), run.pages.size() == 1 ? " page (" : " pages (", rung.name,
                      "). Small text may mislead: recall #n for exact text.]");
}

std::string RunSidecarNote(const Run& run) {
  if (run.sidecar.text.empty()) return "";
  return absl::StrCat("[Exact strings of turns ", RangeName(run.turns.first, run.turns.last), "]\n",
                      run.sidecar.text);
}

std::string TurnNote(const Turn& turn) {
  PageContent content;
  AppendTurnToPage(turn, &content);
  std::string note;
  for (const PageBlock& block : content.blocks) {
    if (!note.empty() && !block.joined) note += '\n';
    note += block.text;
  }
  return note;
}

}  // namespace fovea
