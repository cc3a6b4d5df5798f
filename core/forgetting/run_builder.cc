#include "core/forgetting/run_builder.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "core/base/status_macros.h"
#include "core/page/picture_size.h"
#include "core/voice/notes.h"

namespace fovea {
namespace {

bool HasBody(const PageContent& content) {
  return std::any_of(content.blocks.begin(), content.blocks.end(), [](const PageBlock& block) {
    return block.style != PageBlock::Style::kLabel;
  });
}

class RunLayout {
 public:
  // `turns` are the run's, and outlive it.
  RunLayout(const RunBuilder& builder, absl::Span<const TurnPtr> turns, SheetPart& run)
      : builder_(builder), turns_(turns), run_(run) {}

  // Fills the run's pages at its rung.
  absl::Status LayOut() {
    run_.drawn = {};
    std::vector<DrawnResult>& results = run_.origin.drawn_results;
    std::erase_if(results, [this](const DrawnResult& drawn) {
      return drawn.rung < run_.rung || run_.elision.bulk || run_.ElidedOf(drawn.seq) > 0;
    });
    uint64_t next = run_.turns.first;
    for (const DrawnResult& drawn : results) {
      absl::Status status = Add({.turns = {next, drawn.seq - 1}});
      if (status.ok()) {
        status = Add({.turns = {drawn.seq, drawn.seq}, .parts = Strip::Parts::kAllButResults});
      }
      if (!status.ok()) return status;
      run_.drawn.Append(drawn.drawing);
      next = drawn.seq + 1;
    }
    return Add({.turns = {next, run_.turns.last}});
  }

 private:
  absl::Status Add(Strip strip) {
    if (strip.turns.empty()) return absl::OkStatus();
    strip.colour_codes = builder_.colour_codes;
    if (strip.parts == Strip::Parts::kAll) strip.elision = ElisionOf(strip.turns);
    const PageContent content =
        StripContent(strip, turns_.subspan(strip.turns.first - run_.turns.first,
                                           strip.turns.last - strip.turns.first + 1));
    if (strip.parts == Strip::Parts::kAllButResults && !HasBody(content)) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(auto laid_out, LayOutStrip(strip, content, builder_.ladder[run_.rung],
                                                      builder_.reader, builder_.renderer));
    run_.drawn.Append(laid_out);
    return absl::OkStatus();
  }

  Elision ElisionOf(SeqRange turns) const {
    Elision elision{.bulk = run_.elision.bulk};
    std::ranges::copy_if(run_.elision.superseded, std::back_inserter(elision.superseded),
                         [turns](const PartKey& key) { return turns.contains(key.seq); });
    return elision;
  }

  const RunBuilder& builder_;
  const absl::Span<const TurnPtr> turns_;
  SheetPart& run_;
};

bool HasPictures(const Turn& turn) {
  const std::vector<const ImagePart*> images = TurnImages(turn);
  return std::any_of(images.begin(), images.end(),
                     [](const ImagePart* image) { return DrawableSize(image->data).has_value(); });
}

// What the run shows of its turns, and what not.
void CountTurns(const std::vector<TurnPtr>& turns, SheetPart& run) {
  run.count = turns.size();
  run.opaque_omitted = run.images_omitted = 0;
  run.elided_characters = 0;
  run.elided_of_turns.clear();
  run.origin.gist_characters = run.characters;
  const Elision gist{.bulk = true};
  for (const TurnPtr& turn : turns) {
    for (const Part& part : turn->parts) {
      if (std::holds_alternative<OpaquePart>(part)) ++run.opaque_omitted;
    }
    for (const ImagePart* image : TurnImages(*turn)) {
      if (run.elision.bulk || !DrawableSize(image->data).has_value()) ++run.images_omitted;
    }
    run.origin.gist_characters -= ElidedCharacters(*turn, gist);
    const uint64_t elided = ElidedCharacters(*turn, run.elision);
    if (elided == 0) continue;
    run.elided_characters += elided;
    run.elided_of_turns.emplace_back(turn->seq, elided);
  }
}

std::vector<ExactString> ExactStringsOf(const std::vector<TurnPtr>& turns, const StringUses& uses,
                                        TurnStrings& turn_strings) {
  ExactStringCollector collector;
  for (const TurnPtr& turn : turns) collector.Add(turn_strings.Of(*turn));
  std::vector<ExactString> strings = std::move(collector).strings();
  KeepHighestRanked(uses, kSidecarCandidateBytes, &strings);
  return strings;
}

}  // namespace

absl::StatusOr<SheetPart> RunBuilder::Build(SheetPart run, bool gist) const {
  FOVEA_ASSIGN_OR_RETURN(auto read, turns.Turns(run.turns));
  run.elision = {.bulk = gist};
  if (gist || run.rung >= thin_from_rung) run.elision.superseded = calls.SupersededOf(read);
  CountTurns(read, run);
  // In its place only the texts of a result were drawn, as its pictures went out beside them. Here
  // they are on the pages, which are therefore drawn again.
  std::erase_if(run.origin.drawn_results, [&read](const DrawnResult& drawn) {
    return HasPictures(*read[drawn.seq - read.front()->seq]);
  });

  run.sidecar = {};
  run.sidecar_tokens = 0;
  run.origin.exact.clear();
  run.note.clear();
  const int64_t text_tokens = gist ? counter.Text(TurnsNote(read, run.elision)) : run.text_tokens;
  const size_t wanted_rung = run.rung;
  const size_t last_rung = gist ? std::min(wanted_rung + 1, ladder.size()) : ladder.size();
  for (; run.rung < last_rung; ++run.rung) {
    FOVEA_RETURN_IF_ERROR(RunLayout(*this, read, run).LayOut());
    const double price =
        static_cast<double>(legend_tokens + run.drawn.tokens) * reader.cache.write_price;
    if (price < static_cast<double>(text_tokens)) break;
  }
  run.on_pages = run.rung < last_rung;
  if (!run.on_pages) {
    run.rung = wanted_rung;
    run.place = gist ? Place::Gist() : Place::Verbatim();
    run.drawn = {};
    run.tokens = TokenCounter::kMessageTokens + counter.Text(TurnsNote(read, run.elision)) +
                 static_cast<int64_t>(read.size());
    return run;
  }
  run.place = gist ? Place::Gist() : Place::Rung(run.rung);
  run.origin.exact = ExactStringsOf(read, uses, turn_strings);
  run.tokens = TokenCounter::kMessageTokens + run.drawn.tokens;
  return run;
}

void SetSidecar(const TokenCounter& counter, int64_t max_tokens,
                const absl::flat_hash_set<std::string>& elsewhere, SheetPart* run) {
  if (!run->on_pages) return;
  run->tokens -= run->sidecar_tokens;
  const int64_t max_bytes = std::max<int64_t>(0, max_tokens) * kSidecarBytesPerToken;
  run->sidecar = WriteSidecar(run->origin.exact, static_cast<size_t>(max_bytes), elsewhere);
  run->sidecar_tokens = counter.Text(SidecarNote(run->turns, run->sidecar.text));
  run->tokens += run->sidecar_tokens;
}

}  // namespace fovea
