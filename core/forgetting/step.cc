#include "core/forgetting/step.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/forgetting/run_builder.h"
#include "core/forgetting/tail.h"
#include "core/forgetting/targets.h"

namespace fovea {
namespace {

using Section = Sheet::Section;

// A merged run's pages take at most this part of the budget, so that what is dropped later is not
// too much at once.
constexpr int64_t kRunsInBudget = 12;

// Takes `next`, which follows `run`, into it.
void Join(SheetPart next, SheetPart& run) {
  run.origin.last_chunk = next.origin.last_chunk;
  run.turns.last = next.turns.last;
  run.text_tokens += next.text_tokens;
  run.characters += next.characters;
  std::ranges::move(next.origin.drawn_results, std::back_inserter(run.origin.drawn_results));
}

}  // namespace

absl::Status Step::Take(std::string reason, bool even_if_it_fits) {
  plan_.epochs.push_back({.epoch = plan_.epoch() + 1,
                          .since_seq = plan_.last_seq,
                          .reason = std::move(reason),
                          .tokens_before = plan_.sheet.tokens(),
                          .kept_tokens = plan_.sheet.tokens()});
  absl::Status status = MoveTail(room_.tail_low_tokens());
  // Where the tail fills what pages leave, pages must leave it the room of half a step.
  if (status.ok()) status = Press(even_if_it_fits || setting_.marks().tail_fills());
  if (status.ok() && room_.IsOverLimits()) status = MoveTail(0);
  if (status.ok()) status = Press(false);
  if (status.ok() && room_.IsOverLimits()) status = DrawTail();
  if (!status.ok()) return status;
  const SheetPart* latent = plan_.sheet.latent();
  if (latent != nullptr && !latent->sidecar.text.empty() && room_.IsOverLimits()) {
    NoteChangeFrom(plan_.sheet.totals(Section::kHead).tokens);
    prefix_.WriteLatentNote(false);
  }
  if (!changed_) {
    plan_.epochs.pop_back();
    return absl::OkStatus();
  }
  plan_.epochs.back().tokens_after = plan_.sheet.tokens();
  return absl::OkStatus();
}

void Step::NoteChangeFrom(int64_t kept_tokens) {
  int64_t& kept = plan_.epochs.back().kept_tokens;
  kept = std::min(kept, kept_tokens);
}

// Moves the tail's oldest chunks onto pages until what is text in it is at `low_tokens`.
absl::Status Step::MoveTail(int64_t low_tokens) {
  SheetPart run;
  run.origin.first_chunk = plan_.tail_chunk;
  while (plan_.tail_chunk < plan_.chunks.size() &&
         plan_.sheet.totals(Section::kTail).verbatim_tokens > low_tokens) {
    const Chunk& chunk = plan_.chunks[plan_.tail_chunk++];
    if (run.turns.empty()) run.turns.first = chunk.turns.first;
    run.turns.last = chunk.turns.last;
    run.text_tokens += chunk.text_tokens;
    run.characters += chunk.characters;
    std::ranges::move(TakeFromTail(chunk.turns.last, plan_),
                      std::back_inserter(run.origin.drawn_results));
  }
  if (!run.turns.empty()) {
    changed_ = true;
    NoteChangeFrom(prefix_.tokens());
    run.origin.last_chunk = plan_.tail_chunk - 1;
    const bool any_rung = !setting_.ladder().empty();
    auto built =
        BuildAt(std::move(run), any_rung ? Place::Rung(setting_.entry_rung()) : Place::Gist());
    if (!built.ok()) return built.status();
    prefix_.AddRun(*std::move(built));
    prefix_.WriteSidecars(plan_.sheet.runs().size() - 1);
  }
  if (prefix_.RefreshPins()) changed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<SheetPart> Step::BuildAt(SheetPart run, Place place) const {
  const size_t rungs = setting_.ladder().size();
  // What is left of a gist is little, and worth being read well.
  run.rung = place.is_gist() ? setting_.entry_rung() : place.rung();
  const RunBuilder builder{
      .reader = setting_.reader(),
      .ladder = setting_.ladder(),
      .renderer = *setting_.inputs().renderer,
      .turns = *setting_.inputs().turns,
      .counter = setting_.counter(),
      .calls = memory_.calls,
      .uses = memory_.uses,
      .thin_from_rung = std::max(setting_.entry_rung() + 1, rungs == 0 ? 0 : rungs - 1)};
  return builder.Build(std::move(run), place.is_gist());
}

// Frees a good part of the budget: moves runs down the ladder, oldest first, until the context is
// at its low mark. A step that has redrawn as much as a caller should wait for stops as soon as the
// context fits (docs/forgetting.md has the bound on epochs that follows).
absl::Status Step::Press(bool even_if_it_fits) {
  const int64_t goal = room_.goal_tokens();
  const bool asked = even_if_it_fits && plan_.sheet.tokens() > (goal + setting_.budget()) / 2;
  if (!room_.IsOverLimits() && !asked) return absl::OkStatus();
  const auto above_goal = [&] {
    if (redrawn_characters_ >= Planner::kRedrawnCharacters) return room_.IsOverLimits();
    return plan_.sheet.tokens() > goal || room_.LoadIsOver(kLoadGoal);
  };
  while (above_goal() && !plan_.sheet.runs().empty()) {
    absl::Status status = MoveRuns(ChooseTargets(setting_, plan_.sheet.runs(),
                                                 {.tokens = plan_.sheet.tokens(),
                                                  .goal = goal,
                                                  .available = room_.available(),
                                                  .load = room_.request_load(),
                                                  .redrawn_characters = redrawn_characters_}));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Moves each run to its target. Neighbours that move to the same rung are drawn together, so that
// their pages are full.
absl::Status Step::MoveRuns(const std::vector<size_t>& targets) {
  changed_ = true;
  const size_t rungs = setting_.ladder().size();
  const auto most_tokens = static_cast<double>(room_.available() / kRunsInBudget);
  Sheet::Parts old = plan_.sheet.TakeAll(Section::kRuns);
  const auto moves = [&](size_t i) { return targets[i] != old[i].faded().Position(rungs); };
  size_t first_changed = old.size();
  bool any_latent = false;
  for (size_t i = 0; i < old.size();) {
    const size_t target = targets[i];
    const Place place = Place::At(target, rungs);
    const bool run_moves = moves(i);
    SheetPart run = std::move(old[i++]);
    run.recalled = false;
    if (!run_moves) {
      prefix_.AddRun(std::move(run));
      continue;
    }
    first_changed = std::min(first_changed, plan_.sheet.runs().size());
    if (place.is_latent()) {
      any_latent = true;
      prefix_.Forget(std::move(run));
      continue;
    }
    double estimate = EstimateAt(setting_, run, target);
    for (; i < old.size() && targets[i] == target && moves(i) &&
           old[i].origin.first_chunk == run.origin.last_chunk + 1;
         ++i) {
      estimate += EstimateAt(setting_, old[i], target);
      if (estimate > most_tokens) break;
      Join(std::move(old[i]), run);
    }
    redrawn_characters_ += run.characters;
    auto built = BuildAt(std::move(run), place);
    if (!built.ok()) return built.status();
    prefix_.AddRun(*std::move(built));
  }
  first_changed = any_latent ? 0 : std::min(first_changed, plan_.sheet.runs().size());
  if (any_latent) prefix_.WriteLatentNote(true);
  NoteChangeFrom(any_latent ? plan_.sheet.totals(Section::kHead).tokens
                            : TokensBefore(first_changed));
  prefix_.WriteSidecars(first_changed);
  return absl::OkStatus();
}

// Of what stands before the run.
int64_t Step::TokensBefore(size_t run) const {
  int64_t tokens =
      plan_.sheet.totals(Section::kHead).tokens + plan_.sheet.totals(Section::kLatent).tokens;
  for (size_t i = 0; i < run; ++i) tokens += plan_.sheet.runs()[i].tokens;
  return tokens;
}

// The last resort: results that must stay in the tail go to the last rung, the largest first.
absl::Status Step::DrawTail() {
  const Sheet::Parts& tail = plan_.sheet.tail();
  const auto saving = [&tail](size_t i) {
    return tail[i].tokens - tail[i].unanswered_tokens - tail[i].floor_tokens;
  };
  std::vector<size_t> candidates;
  for (size_t i = 0; i < tail.size(); ++i) {
    if (tail[i].floor_tokens >= 0 && saving(i) > 0) candidates.push_back(i);
  }
  std::ranges::stable_sort(candidates, std::greater<>(), saving);
  for (const size_t i : candidates) {
    if (!room_.IsOverLimits()) break;
    auto drawing = DrawResultOf(setting_, tail[i].turns.first, setting_.ladder().size() - 1);
    if (!drawing.ok()) return drawing.status();
    plan_.sheet.Change(Section::kTail, i,
                       [&](SheetPart& turn) { SetDrawing(*std::move(drawing), turn); });
    changed_ = true;
  }
  return absl::OkStatus();
}

}  // namespace fovea
