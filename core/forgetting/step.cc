#include "core/forgetting/step.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/status_macros.h"
#include "core/forgetting/tail.h"
#include "core/forgetting/targets.h"

namespace fovea {
namespace {

using Section = Sheet::Section;

}  // namespace

absl::Status Step::Take(std::string reason, bool even_if_it_fits) {
  plan_.epochs.push_back({.epoch = plan_.epoch() + 1,
                          .since_seq = plan_.last_seq,
                          .reason = std::move(reason),
                          .tokens_before = plan_.sheet.tokens(),
                          .kept_tokens = plan_.sheet.tokens()});
  absl::Status status = MoveTail(room_.tail_low_tokens());
  if (status.ok() && setting_.few_pages()) status = KeepWhole();
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
  if (pressed_) prefix_.ForgetRecalls();
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
    run.origin.last_chunk = plan_.tail_chunk - 1;
    FOVEA_RETURN_IF_ERROR(mover_.Enter(std::move(run)));
    NoteChangeFrom(mover_.kept_tokens());
  }
  if (prefix_.RefreshPins()) changed_ = true;
  return absl::OkStatus();
}

// Frees a good part of the budget: moves runs down the ladder, oldest first, until the context is
// at its low mark. A step that has redrawn as much as a caller should wait for stops as soon as the
// context fits (docs/forgetting.md has the bound on epochs that follows).
absl::Status Step::Press(bool even_if_it_fits) {
  const int64_t goal = room_.goal_tokens();
  const bool asked = even_if_it_fits && plan_.sheet.tokens() > (goal + setting_.budget()) / 2;
  if (!room_.IsOverLimits() && !asked) return absl::OkStatus();
  const auto above_goal = [&] {
    if (mover_.redrawn_characters() >= Planner::kRedrawnCharacters) return room_.IsOverLimits();
    return plan_.sheet.tokens() > goal || room_.LoadIsOver(kLoadGoal);
  };
  return PressWhile(above_goal, false);
}

// Moves runs while `pressed` says so and there is what to move; `keep_whole` as in ChooseTargets.
absl::Status Step::PressWhile(absl::FunctionRef<bool()> pressed, bool keep_whole) {
  while (pressed() && !plan_.sheet.runs().empty()) {
    const Targets targets =
        ChooseTargets(setting_, plan_, room_, mover_.redrawn_characters(), keep_whole);
    if (!AnyMoves(setting_, plan_.sheet.runs(), targets)) break;
    changed_ = pressed_ = true;
    FOVEA_RETURN_IF_ERROR(mover_.Move(targets));
    NoteChangeFrom(mover_.kept_tokens());
  }
  return absl::OkStatus();
}

// Where few pages are all that the budget holds, a result in the tail that is large for it would
// drive out most of the history: all is drawn first, as deep as it goes.
absl::Status Step::KeepWhole() {
  absl::Status status = PressWhole();
  if (status.ok() && room_.IsOverLimits()) status = MoveTail(0);
  if (status.ok()) status = PressWhole();
  if (status.ok() && room_.IsOverLimits()) status = DrawTail();
  return status;
}

// Makes the context fit as far as moves do that drop nothing.
absl::Status Step::PressWhole() {
  return PressWhile([this] { return room_.IsOverLimits(); }, true);
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
    FOVEA_ASSIGN_OR_RETURN(
        auto drawing, DrawResultOf(setting_, tail[i].turns.first, setting_.ladder().size() - 1));
    plan_.sheet.Change(Section::kTail, i,
                       [&](SheetPart& turn) { SetDrawing(std::move(drawing), turn); });
    changed_ = true;
  }
  return absl::OkStatus();
}

}  // namespace fovea
