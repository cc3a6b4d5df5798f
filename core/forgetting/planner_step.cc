// The planner's steps of forgetting: when an epoch ends, and what the next one looks like.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/forgetting/planner.h"

namespace fovea {
namespace {

// A rung is thinned before the next deeper one when it holds at least this share of what that one
// holds.
constexpr double kThinningRatio = 0.7;
// Each rung keeps this part of the budget before the last one begins to drop: what is newer stays
// sharper, however long the session.
constexpr double kReserveInBudget = 20;
// A step that presses leaves this much of the reader's limits on images and bytes in use.
constexpr double kLoadGoal = 0.85;
// A merged run's pages take at most this part of the budget, so that what is dropped later is not
// too much at once.
constexpr int64_t kRunsInBudget = 12;

}  // namespace

// Decides whether the epoch ends. Late: only when the tail is over its share and a whole step of it
// can move, or when the context is over the budget. A context that cannot fit at all changes
// nothing: it fails now, and the next turn may fit again.
absl::Status Planner::Review() {
  plan_.required_tokens = 0;
  const bool over = over_limits();
  const int64_t high = tail_high_tokens();
  const bool tail_due = tail_verbatim_tokens_ > high &&
                        movable_verbatim_tokens() >= std::max<int64_t>(1, high - tail_low_tokens());
  const bool pins_due = HasUnservedPin();
  if (!over && !tail_due && !pins_due) return absl::OkStatus();
  if (over || pins_due) {
    auto floor = Floor();
    if (!floor.ok()) return floor.status();
    if (*floor > inputs_.token_budget) {
      plan_.required_tokens = *floor;
      return absl::OkStatus();
    }
  }
  return Step(pins_due   ? "an older turn was pinned"
              : tail_due ? "the verbatim tail was over its share"
                         : "the context was over its budget");
}

// Without pages there is nothing to keep a share for: text may fill the budget, and half of it goes
// at once.
int64_t Planner::tail_high_tokens() const {
  return ladder_.empty() ? available() : share(inputs_.policy.tail_high_permille);
}
int64_t Planner::tail_low_tokens() const {
  return ladder_.empty() ? available() / 2 : share(inputs_.policy.tail_low_permille);
}

absl::Status Planner::Step(std::string reason) {
  changed_ = false;
  redrawn_characters_ = 0;
  plan_.epochs.push_back({.epoch = plan_.epoch() + 1,
                          .since_seq = plan_.last_seq,
                          .reason = std::move(reason),
                          .tokens_before = tokens()});
  absl::Status status = MoveTail(tail_low_tokens());
  if (status.ok()) status = Press();
  if (status.ok() && over_limits()) status = MoveTail(0);
  if (status.ok()) status = Press();
  if (status.ok() && over_limits()) status = DrawTail();
  if (!status.ok()) return status;
  plan_.epochs.back().tokens_after = tokens();
  if (!changed_) plan_.epochs.pop_back();
  return absl::OkStatus();
}

// Moves the tail's oldest chunks onto pages until what is text in it is at `low_tokens`.
absl::Status Planner::MoveTail(int64_t low_tokens) {
  const size_t first = plan_.tail_chunk;
  Run run{.first_chunk = first};
  while (plan_.tail_chunk < plan_.chunks.size() && tail_verbatim_tokens_ > low_tokens) {
    const Chunk& chunk = plan_.chunks[plan_.tail_chunk++];
    if (run.turns.empty()) run.turns.first = chunk.turns.first;
    run.turns.last = chunk.turns.last;
    run.text_tokens += chunk.text_tokens;
    run.characters += chunk.characters;
    while (!plan_.tail.empty() && plan_.tail.front().seq <= chunk.turns.last) {
      TailTurn& turn = plan_.tail.front();
      tail_tokens_ -= turn.tokens();
      tail_verbatim_tokens_ -= turn.verbatim_tokens();
      if (turn.drawn) run.drawn_results.push_back(std::move(turn.drawing));
      plan_.tail.pop_front();
    }
    while (!plan_.tail_groups.empty() &&
           plan_.tail_groups.front().group.turns.last <= chunk.turns.last) {
      tail_tokens_ -= plan_.tail_groups.front().note_tokens;
      plan_.tail_groups.pop_front();
    }
  }
  if (run.turns.empty()) {
    RefreshPins();
    return absl::OkStatus();
  }
  changed_ = true;
  run.last_chunk = plan_.tail_chunk - 1;
  if (ladder_.empty()) {
    ForgetRun(run);
  } else {
    run.rung = std::min<size_t>(inputs_.policy.entry_rung, ladder_.size() - 1);
    auto built = run_builder().Build(std::move(run));
    if (!built.ok()) return built.status();
    AddRun(*std::move(built));
  }
  RefreshPins();
  return absl::OkStatus();
}

void Planner::AddRun(Run run) {
  NoteMove(run, run.as_text ? kVerbatim : static_cast<int>(run.rung));
  runs_tokens_ += run.tokens;
  pages_ += run.pages.size();
  page_bytes_ += run.page_bytes;
  plan_.runs.push_back(std::move(run));
}

void Planner::NoteMove(const Run& run, int rung) {
  for (size_t i = run.first_chunk; i <= run.last_chunk; ++i) {
    Chunk& chunk = plan_.chunks[i];
    if (chunk.rung == rung) continue;
    chunk.rung = rung;
    // A step may take a run further than it first meant to: only where it ends counts.
    if (!chunk.history.empty() && chunk.history.back().epoch == plan_.epoch()) {
      chunk.history.back().rung = rung;
    } else {
      chunk.history.push_back({.epoch = plan_.epoch(), .rung = rung});
    }
  }
}

void Planner::ForgetRun(const Run& run) {
  NoteMove(run, kLatent);
  if (plan_.latent_turns == 0) plan_.latent = run.turns;
  plan_.latent.first = std::min(plan_.latent.first, run.turns.first);
  plan_.latent.last = std::max(plan_.latent.last, run.turns.last);
  plan_.latent_turns += run.turns.last - run.turns.first + 1;
  plan_.latent_characters += run.characters;
  plan_.latent_text_tokens += run.text_tokens;
  latent_note_tokens_ = TokenCounter::kMessageTokens + counter_.Text(LatentNote(plan_));
}

uint64_t Planner::first_tail_seq() const {
  return plan_.tail.empty() ? plan_.last_seq + 1 : plan_.tail.front().seq;
}

bool Planner::HasUnservedPin() const {
  return std::any_of(plan_.pinned.begin(), plan_.pinned.lower_bound(first_tail_seq()),
                     [this](const auto& pin) { return plan_.served_pins.count(pin.first) == 0; });
}

void Planner::RefreshPins() {
  std::map<uint64_t, PinnedTurn> served(plan_.pinned.begin(),
                                        plan_.pinned.lower_bound(first_tail_seq()));
  const auto same_seq = [](const auto& a, const auto& b) { return a.first == b.first; };
  changed_ |= !std::equal(served.begin(), served.end(), plan_.served_pins.begin(),
                          plan_.served_pins.end(), same_seq);
  plan_.served_pins = std::move(served);
}

// Frees a good part of the budget: moves runs down the ladder, oldest first, until the context is
// at its low mark. Where a huge newest group or pins take more than half of what is available, only
// as much is freed as is needed: the group will soon be history itself, and what is forgotten for
// it is forgotten for good. A step that has redrawn as much as a caller should wait for stops as
// soon as the context fits (docs/forgetting.md has the bound on epochs that follows).
absl::Status Planner::Press() {
  if (!over_limits()) return absl::OkStatus();
  const int64_t fixed = pins_tokens(plan_.served_pins) + staying_tokens();
  const int64_t spare = std::max<int64_t>(0, available() - 2 * fixed);
  const int64_t goal =
      inputs_.token_budget - spare * (1000 - inputs_.policy.pressure_low_permille) / 1000;
  const auto above_goal = [&] {
    if (redrawn_characters_ >= kRedrawnCharacters) return over_limits();
    return tokens() > goal || load_over(kLoadGoal);
  };
  while (above_goal() && !plan_.runs.empty()) {
    absl::Status status = MoveRuns(ChooseTargets(goal));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// For each run the rung that it should be at (ladder_.size(): latent), so that the context comes
// down to the goal, or this step's redrawing to its limit, by estimate; at least one run moves.
std::vector<size_t> Planner::ChooseTargets(int64_t goal_tokens) const {
  const size_t latent = ladder_.size();
  std::vector<size_t> target(plan_.runs.size());
  std::vector<double> estimate(plan_.runs.size());
  std::vector<double> by_rung(latent + 1, 0.0);
  double total = static_cast<double>(tokens());
  double load = request_load();
  uint64_t redrawn = redrawn_characters_;
  const double reserve = static_cast<double>(available()) / kReserveInBudget;
  for (size_t i = 0; i < plan_.runs.size(); ++i) {
    target[i] = plan_.runs[i].rung;
    estimate[i] = static_cast<double>(plan_.runs[i].tokens);
    by_rung[target[i]] += estimate[i];
  }

  const auto oldest_at = [&](size_t rung, bool even_recalled) -> std::optional<size_t> {
    for (size_t i = 0; i < target.size(); ++i) {
      if (target[i] == rung && (even_recalled || !plan_.runs[i].recalled)) return i;
    }
    return std::nullopt;
  };
  const auto choose = [&](bool even_recalled) -> std::optional<size_t> {
    for (size_t rung = 0; rung + 1 < latent; ++rung) {
      const bool full = by_rung[rung] > 0 && by_rung[rung] >= kThinningRatio * by_rung[rung + 1];
      auto run = full ? oldest_at(rung, even_recalled) : std::nullopt;
      if (run.has_value()) return run;
    }
    for (size_t rung = latent - 1; rung-- > 0;) {
      auto run = oldest_at(rung, even_recalled);
      if (run.has_value() && by_rung[rung] - estimate[*run] >= reserve) return run;
    }
    for (size_t rung = latent; rung-- > 0;) {
      auto run = oldest_at(rung, even_recalled);
      if (run.has_value()) return run;
    }
    return std::nullopt;
  };
  const auto estimate_at = [&](const Run& run, size_t rung) -> double {
    if (rung == latent) return 0;
    if (run.as_text) return static_cast<double>(run.characters) / characters_per_token_[rung];
    const double notes = static_cast<double>(run.tokens - run.page_tokens);
    return notes + static_cast<double>(run.page_tokens) * characters_per_token_[run.rung] /
                       characters_per_token_[rung];
  };

  const auto enough = [&] {
    if (redrawn < kRedrawnCharacters) {
      return total <= static_cast<double>(goal_tokens) && load <= kLoadGoal;
    }
    return total <= static_cast<double>(inputs_.token_budget) && load <= 1;
  };
  bool moved = false;
  while (!moved || !enough()) {
    auto run = choose(false);
    if (!run.has_value()) run = choose(true);
    if (!run.has_value()) break;
    const double next = estimate_at(plan_.runs[*run], target[*run] + 1);
    const double change = next - estimate[*run];
    total += change;
    // Images and bytes go with the tokens of pages, near enough for an estimate.
    load += load * change / std::max(1.0, total - change);
    by_rung[target[*run]] -= estimate[*run];
    if (target[*run] == plan_.runs[*run].rung) redrawn += plan_.runs[*run].characters;
    if (++target[*run] == latent) redrawn -= plan_.runs[*run].characters;
    by_rung[target[*run]] += next;
    estimate[*run] = next;
    moved = true;
  }
  return target;
}

// Moves each run to its target. Neighbours that move to the same rung are drawn together, so that
// their pages are full.
absl::Status Planner::MoveRuns(const std::vector<size_t>& targets) {
  changed_ = true;
  const int64_t most_tokens = available() / kRunsInBudget;
  std::vector<Run> old = std::exchange(plan_.runs, {});
  runs_tokens_ = 0;
  pages_ = 0;
  page_bytes_ = 0;
  for (size_t i = 0; i < old.size();) {
    Run run = std::move(old[i]);
    const size_t target = targets[i];
    ++i;
    const bool moves = target != run.rung;
    run.recalled = false;
    if (!moves || target == ladder_.size()) {
      if (moves) {
        ForgetRun(run);
      } else {
        AddRun(std::move(run));
      }
      continue;
    }
    double estimate = static_cast<double>(run.characters) / characters_per_token_[target];
    while (i < old.size() && targets[i] == target && old[i].rung != target &&
           old[i].first_chunk == run.last_chunk + 1) {
      estimate += static_cast<double>(old[i].characters) / characters_per_token_[target];
      if (estimate > static_cast<double>(most_tokens)) break;
      run.last_chunk = old[i].last_chunk;
      run.turns.last = old[i].turns.last;
      run.text_tokens += old[i].text_tokens;
      run.characters += old[i].characters;
      std::move(old[i].drawn_results.begin(), old[i].drawn_results.end(),
                std::back_inserter(run.drawn_results));
      ++i;
    }
    run.rung = target;
    redrawn_characters_ += run.characters;
    auto built = run_builder().Build(std::move(run));
    if (!built.ok()) return built.status();
    AddRun(*std::move(built));
  }
  return absl::OkStatus();
}

// The last resort: results that must stay in the tail go to the last rung, the largest first.
absl::Status Planner::DrawTail() {
  std::vector<TailTurn*> candidates;
  for (TailTurn& turn : plan_.tail) {
    if (turn.floor_tokens >= 0 && turn.floor_tokens < turn.tokens()) candidates.push_back(&turn);
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const TailTurn* a, const TailTurn* b) {
    return a->tokens() - a->floor_tokens > b->tokens() - b->floor_tokens;
  });
  for (TailTurn* turn : candidates) {
    if (!over_limits()) break;
    auto drawing = DrawResultOf(turn->seq, ladder_.size() - 1);
    if (!drawing.ok()) return drawing.status();
    SetDrawing(*turn, *std::move(drawing));
    changed_ = true;
  }
  return absl::OkStatus();
}

// The fewest tokens that a context of this log can have: the head, pins, and what must stay in the
// tail, with its results on pages of the last rung where that is cheaper.
absl::StatusOr<int64_t> Planner::Floor() {
  const uint64_t first = first_staying_seq();
  int64_t floor = plan_.head_tokens;
  const bool any_older =
      plan_.latent_turns > 0 || !plan_.runs.empty() || plan_.tail_chunk < plan_.chunks.size();
  if (any_older) {
    Plan all_latent;
    all_latent.latent = {.first = plan_.last_seq, .last = plan_.last_seq};
    all_latent.latent_turns = plan_.last_seq;
    floor += TokenCounter::kMessageTokens + counter_.Text(LatentNote(all_latent));
  }
  floor += pins_tokens({plan_.pinned.begin(), plan_.pinned.lower_bound(first)});
  for (auto turn = plan_.tail.rbegin(); turn != plan_.tail.rend() && turn->seq >= first; ++turn) {
    absl::Status status = FindFloor(*turn);
    if (!status.ok()) return status;
    floor += std::min(turn->tokens(), turn->floor_tokens);
  }
  for (auto group = plan_.tail_groups.rbegin();
       group != plan_.tail_groups.rend() && group->group.turns.first >= first; ++group) {
    floor += group->note_tokens;
  }
  return floor;
}

absl::Status Planner::FindFloor(TailTurn& turn) {
  if (turn.floor_tokens >= 0) return absl::OkStatus();
  turn.floor_tokens = turn.tokens();
  if (ladder_.empty() || inputs_.policy.forbid_drawn_results) return absl::OkStatus();
  if (turn.result_tokens < kMinDrawnTokens) return absl::OkStatus();
  auto drawing = DrawResultOf(turn.seq, ladder_.size() - 1);
  if (!drawing.ok()) return drawing.status();
  TailTurn deepest = turn;
  deepest.drawn = true;
  deepest.drawing = *std::move(drawing);
  turn.floor_tokens = std::min(turn.tokens(), deepest.tokens());
  return absl::OkStatus();
}

}  // namespace fovea
