// What can be said about a plan: sums, losses, reasons and differences.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/context/context.h"

namespace fovea {
namespace {

std::string RungName(const Planner& planner, int rung) {
  if (rung == kVerbatim) return "verbatim";
  if (rung == kGist) return "gist";
  if (rung == kLatent) return "latent";
  return planner.ladder()[rung].name;
}

void Extend(SeqRange& range, SeqRange more) {
  if (range.empty()) {
    range = more;
    return;
  }
  range.first = std::min(range.first, more.first);
  range.last = std::max(range.last, more.last);
}

class Summarizer {
 public:
  explicit Summarizer(const Planner& planner) : planner_(planner), plan_(planner.plan()) {
    for (const Rung& rung : planner.ladder()) {
      by_rung_.push_back({.rung = rung.name,
                          .legibility = rung.legibility,
                          .exact_legibility = rung.exact_legibility,
                          .evidence = EvidenceName(rung.evidence)});
    }
    verbatim_ = {.rung = "verbatim", .evidence = "exact"};
    gist_ = {.rung = "gist", .evidence = "exact"};
  }

  ContextSummary Summarize() {
    summary_.reader = planner_.inputs().reader.name;
    summary_.tokens = planner_.tokens();
    summary_.budget = planner_.inputs().token_budget;
    summary_.tokens_exact = planner_.inputs().reader.text_tokens_exact();
    summary_.epoch = plan_.epoch();
    if (!plan_.epochs.empty()) {
      summary_.epoch_since_seq = plan_.epochs.back().since_seq;
      summary_.epoch_reason = plan_.epochs.back().reason;
    }
    summary_.as_of_seq = plan_.last_seq;
    AddLatent();
    for (const Run& run : plan_.runs) AddRun(run);
    AddHeadAndTail();
    AddPins();
    CollectRungs();
    AddCost();
    return std::move(summary_);
  }

 private:
  void AddLatent() {
    if (plan_.latent_turns == 0) return;
    latent_ = {.rung = "latent",
               .turns = plan_.latent_turns,
               .range = plan_.latent,
               .characters = plan_.latent_characters,
               .text_tokens = plan_.latent_text_tokens,
               .legibility = 0,
               .exact_legibility = 0,
               .evidence = "recallable"};
    summary_.characters.latent = plan_.latent_characters;
    summary_.loss.push_back({.range = plan_.latent,
                             .rung = "latent",
                             .evidence = latent_.evidence,
                             .characters = plan_.latent_characters,
                             .exact_in_sidecar = plan_.latent_sidecar.included,
                             .exact_omitted = plan_.latent_sidecar.omitted});
  }

  RungShare& ShareOf(const Run& run) {
    if (!run.gist) return run.as_text ? verbatim_ : by_rung_[run.rung];
    if (!run.as_text) {
      gist_.legibility = by_rung_[run.rung].legibility;
      gist_.exact_legibility = by_rung_[run.rung].exact_legibility;
      gist_.evidence = by_rung_[run.rung].evidence;
    }
    return gist_;
  }

  void AddRun(const Run& run) {
    RungShare& share = ShareOf(run);
    share.turns += run.turns.last - run.turns.first + 1;
    Extend(share.range, run.turns);
    share.characters += run.characters;
    share.tokens += run.tokens;
    share.text_tokens += run.text_tokens;
    share.pages += static_cast<uint32_t>(run.pages.size());
    const uint64_t shown = run.characters - run.elided_characters;
    (run.as_text ? summary_.characters.text : summary_.characters.pages) += shown;
    summary_.characters.elided += run.elided_characters;
    if (run.as_text && run.elided_characters == 0) return;
    if (!run.as_text) summary_.text_tokens_replaced += run.text_tokens;
    summary_.pages.insert(summary_.pages.end(), run.pages.begin(), run.pages.end());
    LossEntry loss{.range = run.turns,
                   .rung = share.rung,
                   .legibility = 1,
                   .evidence = "exact",
                   .characters = run.characters,
                   .elided_characters = run.elided_characters,
                   .hidden_characters = run.hidden_characters,
                   .exact_in_sidecar = run.sidecar.included,
                   .exact_omitted = run.sidecar.omitted,
                   .opaque_omitted = run.opaque_omitted,
                   .images_omitted = run.images_omitted};
    if (!run.as_text) {
      const Rung& rung = planner_.ladder()[run.rung];
      loss.legibility = rung.legibility;
      loss.evidence = EvidenceName(rung.evidence);
    }
    summary_.loss.push_back(std::move(loss));
  }

  void AddHeadAndTail() {
    verbatim_.turns += plan_.head.size() + plan_.tail.size();
    verbatim_.tokens += plan_.head_tokens;
    verbatim_.text_tokens += plan_.head_tokens;
    verbatim_.characters += plan_.head_characters;
    summary_.characters.text += plan_.head_characters;
    if (!plan_.head.empty()) Extend(verbatim_.range, {plan_.head.front(), plan_.head.back()});
    for (const TailTurn& turn : plan_.tail) AddTailTurn(turn);
    // Turns and groups of the tail must cover the same sequences, without a gap.
    uint64_t next = plan_.tail.empty() ? 0 : plan_.tail.front().seq;
    for (const TailGroup& group : plan_.tail_groups) {
      summary_.groups_complete &= group.group.turns.first == next;
      next = group.group.turns.last + 1;
    }
    if (!plan_.tail.empty()) summary_.groups_complete &= next == plan_.tail.back().seq + 1;
  }

  void AddTailTurn(const TailTurn& turn) {
    Extend(verbatim_.range, {turn.seq, turn.seq});
    uint64_t on_pages = 0;
    int64_t page_tokens = 0;
    if (turn.drawn) {
      const Rung& rung = planner_.ladder()[turn.drawing.rung];
      RungShare& share = by_rung_[turn.drawing.rung];
      on_pages = turn.result_characters;
      page_tokens = turn.tokens() - turn.verbatim_tokens();
      Extend(share.range, {turn.seq, turn.seq});
      share.characters += on_pages;
      share.tokens += page_tokens;
      share.text_tokens += turn.result_tokens;
      share.pages += static_cast<uint32_t>(turn.drawing.drawing.pages.size());
      summary_.text_tokens_replaced += turn.result_tokens;
      summary_.pages.insert(summary_.pages.end(), turn.drawing.drawing.pages.begin(),
                            turn.drawing.drawing.pages.end());
      summary_.loss.push_back({.range = {turn.seq, turn.seq},
                               .rung = rung.name,
                               .legibility = rung.legibility,
                               .evidence = EvidenceName(rung.evidence),
                               .characters = on_pages,
                               .hidden_characters = turn.drawing.drawing.hidden_characters});
    }
    summary_.characters.pages += on_pages;
    summary_.characters.text += turn.characters - on_pages;
    verbatim_.characters += turn.characters - on_pages;
    verbatim_.tokens += turn.tokens() - page_tokens;
    verbatim_.text_tokens += turn.verbatim_tokens();
  }

  // A pinned turn is text, wherever its chunk is.
  void AddPins() {
    for (const auto& [seq, pin] : plan_.pinned) {
      if (!summary_.pinned.empty() && summary_.pinned.back().last + 1 == seq) {
        summary_.pinned.back().last = seq;
      } else {
        summary_.pinned.push_back({seq, seq});
      }
    }
    for (const auto& [seq, pin] : plan_.served_pins) {
      verbatim_.tokens += pin.tokens;
      const uint64_t pinned_seq = seq;  // clang 14 captures no structured binding
      const auto run = std::find_if(
          plan_.runs.begin(), plan_.runs.end(),
          [pinned_seq](const Run& candidate) { return candidate.turns.contains(pinned_seq); });
      CharacterCounts& counts = summary_.characters;
      if (run == plan_.runs.end()) {
        counts.latent -= pin.characters;
        counts.text += pin.characters;
        continue;
      }
      const uint64_t elided = run->ElidedOf(seq);
      (run->as_text ? counts.text : counts.pages) -= pin.characters - elided;
      counts.elided -= elided;
      counts.text += pin.characters;
    }
  }

  void CollectRungs() {
    if (latent_.turns > 0) summary_.rungs.push_back(latent_);
    if (gist_.turns > 0) summary_.rungs.push_back(gist_);
    for (auto share = by_rung_.rbegin(); share != by_rung_.rend(); ++share) {
      if (share->characters > 0 || share->pages > 0) summary_.rungs.push_back(*share);
    }
    summary_.rungs.push_back(verbatim_);
  }

  // Of what the last request held, the cache has all up to the first change since.
  int64_t CachedTokens() const {
    if (plan_.cache_is_cold || plan_.last_request_seq == 0) return 0;
    int64_t cached = planner_.tokens();
    for (auto turn = plan_.tail.rbegin();
         turn != plan_.tail.rend() && turn->seq >= plan_.last_request_seq; ++turn) {
      cached -= turn->tokens();
    }
    for (auto epoch = plan_.epochs.rbegin();
         epoch != plan_.epochs.rend() && epoch->since_seq >= plan_.last_request_seq; ++epoch) {
      cached = std::min(cached, epoch->kept_tokens);
    }
    return std::max<int64_t>(0, cached);
  }

  void AddCost() {
    const ReaderProfile& reader = planner_.inputs().reader;
    ContextCost& cost = summary_.cost;
    cost.cache_is_cold = plan_.cache_is_cold;
    cost.cached_tokens = CachedTokens();
    cost.written_tokens = summary_.tokens - cost.cached_tokens;
    cost.now = static_cast<double>(cost.cached_tokens) * reader.cache.read_price +
               static_cast<double>(cost.written_tokens) * reader.cache.write_price;
    cost.next = static_cast<double>(summary_.tokens) * reader.cache.read_price;
    constexpr double kTokensOfPrice = 1'000'000;
    cost.now_usd = cost.now * reader.prices.input / kTokensOfPrice;
    cost.next_usd = cost.next * reader.prices.input / kTokensOfPrice;
    summary_.marks = planner_.marks();
    summary_.forecast = planner_.forecast();
  }

  const Planner& planner_;
  const Plan& plan_;
  RungShare latent_;
  RungShare gist_;
  RungShare verbatim_;
  std::vector<RungShare> by_rung_;
  ContextSummary summary_;
};

const EpochRecord* FindEpoch(const Plan& plan, uint64_t epoch) {
  return epoch == 0 || epoch > plan.epochs.size() ? nullptr : &plan.epochs[epoch - 1];
}

const Chunk* FindChunk(const Plan& plan, uint64_t seq) {
  auto chunk = std::lower_bound(
      plan.chunks.begin(), plan.chunks.end(), seq,
      [](const Chunk& candidate, uint64_t wanted) { return candidate.turns.last < wanted; });
  return chunk != plan.chunks.end() && chunk->turns.contains(seq) ? &*chunk : nullptr;
}

const Run* FindRun(const Plan& plan, uint64_t seq) {
  for (const Run& run : plan.runs) {
    if (run.turns.contains(seq)) return &run;
  }
  return nullptr;
}

void AddPageIds(const std::vector<PlannedPage>& pages, uint64_t seq,
                std::vector<std::string>& ids) {
  for (const PlannedPage& page : pages) {
    if (page.extent.first_seq <= seq && seq <= page.extent.last_seq) ids.push_back(page.page_id);
  }
}

void ExplainPlace(const Planner& planner, TurnExplanation& out) {
  const Plan& plan = planner.plan();
  out.rung = "verbatim";
  out.evidence = "exact";
  if (out.seq <= plan.head.size()) {
    out.reason = "It opens the conversation: system turns and the opening task are always text.";
    return;
  }
  const auto at_rung = [&](size_t index) {
    const Rung& rung = planner.ladder()[index];
    out.rung = rung.name;
    out.legibility = rung.legibility;
    out.evidence = EvidenceName(rung.evidence);
  };
  const auto tail = std::find_if(plan.tail.begin(), plan.tail.end(),
                                 [&](const TailTurn& turn) { return turn.seq == out.seq; });
  if (tail != plan.tail.end()) {
    out.reason = "It is in the verbatim tail: the newest turns are text.";
    if (!tail->drawn) return;
    at_rung(tail->drawing.rung);
    AddPageIds(tail->drawing.drawing.pages, out.seq, out.page_ids);
    out.reason =
        "It is in the verbatim tail, but its results are too large for text there: they are "
        "drawn in place.";
    return;
  }
  const Run* run = FindRun(plan, out.seq);
  if (run == nullptr) {
    out.rung = "latent";
    out.legibility = 0;
    out.evidence = "recallable";
    out.reason = "The budget has no room for it at any rung; its exact text can be recalled.";
  } else if (run->as_text && !run->gist) {
    out.reason = "It is old, but a page would cost more than its text.";
  } else if (run->as_text) {
    out.rung = "gist";
    out.reason = absl::StrCat("It is old: of turns #", run->turns.first, " to #", run->turns.last,
                              " the gist is shown as text.");
  } else {
    at_rung(run->rung);
    AddPageIds(run->pages, out.seq, out.page_ids);
    out.reason = absl::StrCat(
        "It is older than the verbatim tail and was drawn with turns #", run->turns.first, " to #",
        run->turns.last, " on ", run->pages.size(), run->pages.size() == 1 ? " page" : " pages",
        run->recalled ? "; it was recalled, so the next step passes it over." : ".");
    if (run->gist) out.rung = "gist";
  }
  if (run != nullptr && run->ElidedOf(out.seq) > 0) {
    absl::StrAppend(&out.reason, " Of its text ", run->ElidedOf(out.seq),
                    " characters in the middle are left out",
                    run->gist ? "." : ": later turns have its result anew.");
  }
  if (out.pinned) out.reason += " It is pinned, so its text is served as well.";
}

}  // namespace

ContextSummary SummarizeContext(const Planner& planner) { return Summarizer(planner).Summarize(); }

absl::StatusOr<TurnExplanation> ExplainTurn(const Planner& planner, uint64_t seq) {
  const Plan& plan = planner.plan();
  if (seq == 0 || seq > plan.last_seq) {
    return absl::NotFoundError(
        absl::StrCat("there is no turn ", seq, "; the log ends at ", plan.last_seq));
  }
  TurnExplanation out{.seq = seq, .pinned = plan.pinned.count(seq) > 0};
  ExplainPlace(planner, out);
  const Chunk* chunk = FindChunk(plan, seq);
  if (chunk == nullptr) return out;
  out.chunk = chunk->turns;
  for (const ChunkStep& step : chunk->history) {
    const EpochRecord* record = FindEpoch(plan, step.epoch);
    out.history.push_back({.epoch = step.epoch,
                           .since_seq = record == nullptr ? 0 : record->since_seq,
                           .rung = RungName(planner, step.rung),
                           .reason = record == nullptr ? "" : record->reason});
  }
  return out;
}

absl::StatusOr<EpochDiff> DiffEpochs(const Planner& planner, uint64_t from, uint64_t to) {
  const Plan& plan = planner.plan();
  if (from > to || to > plan.epoch()) {
    return absl::OutOfRangeError(
        absl::StrCat("epochs ", from, " to ", to, " are not in order within 0 to ", plan.epoch()));
  }
  const auto rung_at = [](const Chunk& chunk, uint64_t epoch) {
    int rung = kVerbatim;
    for (const ChunkStep& step : chunk.history) {
      if (step.epoch <= epoch) rung = step.rung;
    }
    return rung;
  };
  EpochDiff diff;
  for (const Chunk& chunk : plan.chunks) {
    const int before = rung_at(chunk, from);
    const int after = rung_at(chunk, to);
    if (before == after) continue;
    EpochDiff::Move move{.range = chunk.turns,
                         .from_rung = RungName(planner, before),
                         .to_rung = RungName(planner, after)};
    EpochDiff::Move* last = diff.moves.empty() ? nullptr : &diff.moves.back();
    if (last != nullptr && last->from_rung == move.from_rung && last->to_rung == move.to_rung &&
        last->range.last + 1 == move.range.first) {
      last->range.last = move.range.last;
    } else {
      diff.moves.push_back(std::move(move));
    }
  }
  for (uint64_t epoch = from + 1; epoch <= to; ++epoch) {
    diff.epochs.push_back(plan.epochs[epoch - 1]);
  }
  return diff;
}

}  // namespace fovea
