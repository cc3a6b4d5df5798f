#include "core/context/summary.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/context/place_name.h"
#include "core/forgetting/plan.h"

namespace fovea {
namespace {

void Extend(SeqRange& range, SeqRange more) {
  if (range.empty()) {
    range = more;
    return;
  }
  range.first = std::min(range.first, more.first);
  range.last = std::max(range.last, more.last);
}

// How much of the budget is used, and what the rest is for.
std::string BudgetUse(const Planner& planner) {
  const Plan& plan = planner.plan();
  const int64_t budget = planner.inputs().token_budget;
  const std::string used =
      absl::StrCat(100 * plan.sheet.tokens() / budget, " % of the budget is used: ");
  if (plan.sheet.runs().empty() && plan.sheet.latent() == nullptr) {
    return used + "the whole history is served, as text but for what is drawn in its place.";
  }
  if (plan.sheet.latent() == nullptr && !planner.marks().tail_fills()) {
    return absl::StrCat(used, "every turn is shown, and text enters pages above ",
                        planner.marks().tail_high_permille / 10,
                        " % of the budget, since that costs least for this reader.");
  }
  return absl::StrCat(
      used, "the rest is room for new turns, so that the next step of forgetting comes late.");
}

// One pass over the sheet.
class Summarizer {
 public:
  explicit Summarizer(const Planner& planner)
      : planner_(planner), plan_(planner.plan()), sheet_(plan_.sheet) {
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
    summary_.tokens = sheet_.tokens();
    summary_.budget = planner_.inputs().token_budget;
    summary_.budget_use = BudgetUse(planner_);
    summary_.tokens_exact = planner_.inputs().reader.text_tokens_exact();
    summary_.epoch = plan_.epoch();
    summary_.text_factor = planner_.inputs().reader.text_correction;
    if (!plan_.epochs.empty()) {
      summary_.epoch_since_seq = plan_.epochs.back().since_seq;
      summary_.epoch_reason = plan_.epochs.back().reason;
    }
    summary_.spare_tokens = planner_.spare_tokens();
    summary_.as_of_seq = plan_.last_seq;
    summary_.characters = CountCharacters(sheet_);
    for (const SheetPart& turn : sheet_.head()) AddHeadTurn(turn);
    if (sheet_.latent() != nullptr) AddLatent(*sheet_.latent());
    for (const SheetPart& run : sheet_.runs()) AddRun(run);
    for (const SheetPart& turn : sheet_.tail()) AddTailTurn(turn);
    for (const SheetPart& pin : sheet_.pins()) verbatim_.tokens += pin.tokens;
    summary_.groups_complete = GroupsAreComplete();
    ListPins();
    CollectRungs();
    summary_.cost = CostOf(planner_);
    summary_.marks = planner_.marks();
    summary_.forecast = planner_.forecast();
    return std::move(summary_);
  }

 private:
  void AddHeadTurn(const SheetPart& turn) {
    verbatim_.turns += turn.count;
    verbatim_.tokens += turn.tokens;
    verbatim_.text_tokens += turn.text_tokens;
    verbatim_.characters += turn.characters;
    Extend(verbatim_.range, turn.turns);
  }

  void AddLatent(const SheetPart& latent) {
    latent_ = {.rung = "latent",
               .turns = latent.count,
               .range = latent.turns,
               .characters = latent.characters,
               .tokens = latent.tokens,
               .text_tokens = latent.text_tokens,
               .legibility = 0,
               .exact_legibility = 0,
               .evidence = "recallable"};
    summary_.loss.push_back({.range = latent.turns,
                             .rung = "latent",
                             .evidence = latent_.evidence,
                             .characters = latent.characters,
                             .exact_in_sidecar = latent.sidecar.included,
                             .exact_omitted = latent.sidecar.omitted});
  }

  RungShare& ShareOf(const SheetPart& run) {
    if (!run.place.is_gist()) return run.on_pages ? by_rung_[run.rung] : verbatim_;
    if (run.on_pages) {
      gist_.legibility = by_rung_[run.rung].legibility;
      gist_.exact_legibility = by_rung_[run.rung].exact_legibility;
      gist_.evidence = by_rung_[run.rung].evidence;
    }
    return gist_;
  }

  void AddRun(const SheetPart& run) {
    RungShare& share = ShareOf(run);
    share.turns += run.count;
    Extend(share.range, run.turns);
    share.characters += run.characters;
    share.tokens += run.tokens;
    share.text_tokens += run.text_tokens;
    share.pages += static_cast<uint32_t>(run.drawn.pages.size());
    if (!run.on_pages && run.elided_characters == 0) return;
    if (run.on_pages) summary_.text_tokens_replaced += run.text_tokens;
    AddPages(run);
    LossEntry loss{.range = run.turns,
                   .rung = share.rung,
                   .legibility = 1,
                   .evidence = "exact",
                   .characters = run.characters,
                   .elided_characters = run.elided_characters,
                   .hidden_characters = run.drawn.hidden_characters,
                   .colour_characters = run.drawn.colour_characters,
                   .exact_in_sidecar = run.sidecar.included,
                   .exact_omitted = run.sidecar.omitted,
                   .opaque_omitted = run.opaque_omitted,
                   .images_omitted = run.images_omitted};
    if (run.on_pages) {
      const Rung& rung = planner_.ladder()[run.rung];
      loss.legibility = rung.legibility;
      loss.evidence = EvidenceName(rung.evidence);
    }
    summary_.loss.push_back(std::move(loss));
  }

  void AddTailTurn(const SheetPart& turn) {
    verbatim_.turns += turn.count;
    Extend(verbatim_.range, turn.turns);
    uint64_t on_pages = 0;
    int64_t page_tokens = 0;
    if (turn.on_pages) {
      const Rung& rung = planner_.ladder()[turn.rung];
      RungShare& share = by_rung_[turn.rung];
      on_pages = turn.result_characters;
      page_tokens = turn.tokens - turn.unanswered_tokens - turn.verbatim_tokens();
      Extend(share.range, turn.turns);
      share.characters += on_pages;
      share.tokens += page_tokens;
      share.text_tokens += turn.result_tokens;
      share.pages += static_cast<uint32_t>(turn.drawn.pages.size());
      summary_.text_tokens_replaced += turn.result_tokens;
      AddPages(turn);
      summary_.loss.push_back({.range = turn.turns,
                               .rung = rung.name,
                               .legibility = rung.legibility,
                               .evidence = EvidenceName(rung.evidence),
                               .characters = on_pages,
                               .hidden_characters = turn.drawn.hidden_characters,
                               .colour_characters = turn.drawn.colour_characters});
    }
    verbatim_.characters += turn.characters - on_pages;
    verbatim_.tokens += turn.tokens - page_tokens;
    verbatim_.text_tokens += turn.verbatim_tokens();
  }

  void AddPages(const SheetPart& part) {
    summary_.pages.insert(summary_.pages.end(), part.drawn.pages.begin(), part.drawn.pages.end());
  }

  // Turns and groups of the tail must cover the same sequences, without a gap.
  bool GroupsAreComplete() const {
    if (sheet_.tail().empty()) return plan_.tail_groups.empty();
    uint64_t next = sheet_.tail().front().turns.first;
    for (const Group& group : plan_.tail_groups) {
      if (group.turns.first != next) return false;
      next = group.turns.last + 1;
    }
    return next == sheet_.tail().back().turns.last + 1;
  }

  void ListPins() {
    for (const auto& [seq, pin] : plan_.pinned) {
      if (!summary_.pinned.empty() && summary_.pinned.back().last + 1 == seq) {
        summary_.pinned.back().last = seq;
      } else {
        summary_.pinned.push_back({seq, seq});
      }
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

  const Planner& planner_;
  const Plan& plan_;
  const Sheet& sheet_;
  RungShare latent_;
  RungShare gist_;
  RungShare verbatim_;
  std::vector<RungShare> by_rung_;
  ContextSummary summary_;
};

}  // namespace

ContextSummary SummarizeContext(const Planner& planner) { return Summarizer(planner).Summarize(); }

}  // namespace fovea
