#include "core/forgetting/run.h"

#include <algorithm>
#include <iterator>
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
                                rung.name, strip.elision.bulk ? " · gist" : "")},
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
    std::erase_if(run_.drawn_results, [this](const DrawnResult& drawn) {
      return drawn.rung < run_.rung || run_.gist || run_.ElidedOf(drawn.seq) > 0;
    });
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
  absl::Status Add(Strip strip) {
    if (strip.turns.empty()) return absl::OkStatus();
    if (strip.parts == Strip::Parts::kAll) strip.elision = ElisionOf(strip.turns);
    auto content = StripContent(strip, builder_.turns);
    if (!content.ok()) return content.status();
    if (strip.parts == Strip::Parts::kAllButResults && !HasBody(*content)) return absl::OkStatus();
    auto laid_out = LayOutStrip(strip, *content, builder_.ladder[run_.rung], builder_.reader,
                                builder_.renderer);
    if (!laid_out.ok()) return laid_out.status();
    Take(*laid_out);
    return absl::OkStatus();
  }

  Elision ElisionOf(SeqRange turns) const {
    Elision elision{.bulk = run_.elision.bulk};
    std::ranges::copy_if(run_.elision.superseded, std::back_inserter(elision.superseded),
                         [turns](const PartKey& key) { return turns.contains(key.seq); });
    return elision;
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

bool HasPictures(const Turn& turn) {
  const std::vector<const ImagePart*> images = TurnImages(turn);
  return std::any_of(images.begin(), images.end(),
                     [](const ImagePart* image) { return DrawableSize(image->data).has_value(); });
}

// What the run shows of its turns, and what not.
void CountTurns(const std::vector<TurnPtr>& turns, Run& run) {
  run.opaque_omitted = run.images_omitted = 0;
  run.elided_characters = 0;
  run.elided_of_turns.clear();
  run.gist_characters = run.characters;
  const Elision gist{.bulk = true};
  for (const TurnPtr& turn : turns) {
    for (const Part& part : turn->parts) {
      if (std::holds_alternative<OpaquePart>(part)) ++run.opaque_omitted;
    }
    for (const ImagePart* image : TurnImages(*turn)) {
      if (run.elision.bulk || !DrawableSize(image->data).has_value()) ++run.images_omitted;
    }
    run.gist_characters -= ElidedCharacters(*turn, gist);
    const uint64_t elided = ElidedCharacters(*turn, run.elision);
    if (elided == 0) continue;
    run.elided_characters += elided;
    run.elided_of_turns.emplace_back(turn->seq, elided);
  }
}

std::vector<ExactString> ExactStringsOf(const std::vector<TurnPtr>& turns, const StringUses& uses) {
  ExactStringCollector collector;
  for (const TurnPtr& turn : turns) collector.Add(*turn);
  std::vector<ExactString> strings = collector.strings();
  KeepHighestRanked(uses, kSidecarCandidateBytes, &strings);
  return strings;
}

}  // namespace

uint64_t Run::ElidedOf(uint64_t seq) const {
  const auto found =
      std::ranges::lower_bound(elided_of_turns, seq, {}, &std::pair<uint64_t, uint64_t>::first);
  return found != elided_of_turns.end() && found->first == seq ? found->second : 0;
}

absl::StatusOr<Run> RunBuilder::Build(Run run) const {
  auto read = turns.Turns(run.turns);
  if (!read.ok()) return read.status();
  run.elision = {.bulk = run.gist};
  if (run.gist || run.rung >= thin_from_rung) run.elision.superseded = calls.SupersededOf(*read);
  CountTurns(*read, run);
  // In its place only the texts of a result were drawn, as its pictures went out beside them. Here
  // they are on the pages, which are therefore drawn anew.
  std::erase_if(run.drawn_results, [&read](const DrawnResult& drawn) {
    return HasPictures(*(*read)[drawn.seq - (*read).front()->seq]);
  });

  run.sidecar = {};
  run.sidecar_tokens = 0;
  run.exact.clear();
  const int64_t text_tokens = run.gist ? counter.Text(TextRunNote(run, *read)) : run.text_tokens;
  const size_t wanted_rung = run.rung;
  const size_t last_rung = run.gist ? std::min(wanted_rung + 1, ladder.size()) : ladder.size();
  for (; run.rung < last_rung; ++run.rung) {
    absl::Status status = RunLayout(*this, run).LayOut();
    if (!status.ok()) return status;
    const int64_t served = counter.Text(RunIntroduction(run, ladder[run.rung])) + run.page_tokens;
    const double price = static_cast<double>(served) * reader.cache.write_price;
    if (price < static_cast<double>(text_tokens)) break;
  }
  run.as_text = run.rung == last_rung;
  if (run.as_text) {
    run.rung = wanted_rung;
    run.pages.clear();
    run.page_tokens = 0;
    run.page_bytes = 0;
    run.hidden_characters = 0;
    run.tokens = TokenCounter::kMessageTokens + counter.Text(TextRunNote(run, *read)) +
                 static_cast<int64_t>(read->size());
    return run;
  }
  run.exact = ExactStringsOf(*read, uses);
  run.tokens = TokenCounter::kMessageTokens + counter.Text(RunIntroduction(run, ladder[run.rung])) +
               run.page_tokens;
  return run;
}

void SetSidecar(const TokenCounter& counter, int64_t max_tokens,
                const absl::flat_hash_set<std::string>& elsewhere, Run* run) {
  if (run->as_text) return;
  run->tokens -= run->sidecar_tokens;
  const int64_t max_bytes = std::max<int64_t>(0, max_tokens) * kSidecarBytesPerToken;
  run->sidecar = WriteSidecar(run->exact, static_cast<size_t>(max_bytes), elsewhere);
  run->sidecar_tokens = counter.Text(RunSidecarNote(*run));
  run->tokens += run->sidecar_tokens;
}

const char kUnansweredCallNote[] = "[no result was recorded for this call]";

std::string RunIntroduction(const Run& run, const Rung& rung) {
  return absl::StrCat("[Turns ", RangeName(run.turns.first, run.turns.last), " on the next ",
                      run.pages.size(), run.pages.size() == 1 ? " page (" : " pages (", rung.name,
                      run.gist ? ", the middle of long results left out" : "",
                      "). Small text may mislead: recall #n for exact text.]");
}

std::string RunSidecarNote(const Run& run) {
  if (run.sidecar.text.empty()) return "";
  return absl::StrCat("[Exact strings of turns ", RangeName(run.turns.first, run.turns.last), "]\n",
                      run.sidecar.text);
}

std::string TurnNote(const Turn& turn, const Elision& elision) {
  PageContent content;
  AppendTurnToPage(turn, elision, &content);
  std::string note;
  for (const PageBlock& block : content.blocks) {
    if (!note.empty() && !block.joined) note += '\n';
    note += block.text;
  }
  return note;
}

std::string TextRunNote(const Run& run, const std::vector<TurnPtr>& turns) {
  std::string note;
  for (const TurnPtr& turn : turns) {
    if (!note.empty()) note += '\n';
    note += TurnNote(*turn, run.elision);
  }
  return note;
}

}  // namespace fovea
