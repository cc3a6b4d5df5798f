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
// Sidecars take at most this part of the budget together, the latent turns' a fifth of it.
constexpr int64_t kSidecarsInBudget = 12;
constexpr int64_t kLatentInSidecars = 5;
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
  const bool cold_due = plan_.cache_is_cold && worth_a_cold_step();
  if (!over && !tail_due && !pins_due && !cold_due) return absl::OkStatus();
  if (over || pins_due) {
    auto floor = Floor();
    if (!floor.ok()) return floor.status();
    if (*floor > inputs_.token_budget) {
      plan_.required_tokens = *floor;
      return absl::OkStatus();
    }
  }
  if (pins_due) return Step("an older turn was pinned", false);
  if (cold_due) return Step("the cache was cold: drawing anew costs nothing", true);
  return Step(tail_due ? "the verbatim tail was over its share" : "the context was over its budget",
              false);
}

// Half of what a step would move, or free, were the cache warm.
bool Planner::worth_a_cold_step() const {
  if (ladder_.empty()) return false;
  const int64_t step = tail_high_tokens() - tail_low_tokens();
  const bool tail =
      std::min(movable_verbatim_tokens(), tail_verbatim_tokens_ - tail_low_tokens()) >=
      std::max<int64_t>(1, step / 2);
  return tail || (tokens() > (goal_tokens() + inputs_.token_budget) / 2 && !plan_.runs.empty());
}

// Without pages there is nothing to keep a share for: text may fill the budget, and half of it goes
// at once.
int64_t Planner::tail_high_tokens() const {
  return ladder_.empty() ? available() : share(marks_.tail_high_permille);
}
int64_t Planner::tail_low_tokens() const {
  return ladder_.empty() ? available() / 2 : share(marks_.tail_low_permille);
}

// With `even_if_it_fits`, a context that has used up half of what a step frees is pressed, too.
absl::Status Planner::Step(std::string reason, bool even_if_it_fits) {
  changed_ = false;
  redrawn_characters_ = 0;
  plan_.epochs.push_back({.epoch = plan_.epoch() + 1,
                          .since_seq = plan_.last_seq,
                          .reason = std::move(reason),
                          .tokens_before = tokens(),
                          .kept_tokens = tokens()});
  absl::Status status = MoveTail(tail_low_tokens());
  if (status.ok()) status = Press(even_if_it_fits);
  if (status.ok() && over_limits()) status = MoveTail(0);
  if (status.ok()) status = Press(false);
  if (status.ok() && over_limits()) status = DrawTail();
  if (!status.ok()) return status;
  if (over_limits() && !plan_.latent_sidecar.text.empty()) {
    NoteChangeFrom(plan_.head_tokens);
    WriteLatentNote(false);
  }
  if (!changed_) {
    plan_.epochs.pop_back();
    return absl::OkStatus();
  }
  plan_.epochs.back().tokens_after = tokens();
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
  NoteChangeFrom(plan_.head_tokens + latent_note_tokens_ + runs_tokens_);
  run.last_chunk = plan_.tail_chunk - 1;
  auto built = BuildAt(std::move(run), ladder_.empty() ? gist_position() : entry_rung());
  if (!built.ok()) return built.status();
  AddRun(*std::move(built));
  WriteSidecars(plan_.runs.size() - 1);
  RefreshPins();
  return absl::OkStatus();
}

size_t Planner::entry_rung() const {
  if (ladder_.empty()) return 0;
  return std::min<size_t>(marks_.entry_rung, ladder_.size() - 1);
}

absl::StatusOr<Run> Planner::BuildAt(Run run, size_t position) const {
  run.gist = position == gist_position();
  // What is left of a gist is little, and worth being read well.
  run.rung = run.gist ? entry_rung() : position;
  return run_builder().Build(std::move(run));
}

void Planner::AddRun(Run run) {
  NoteMove(run, run.gist ? kGist : run.as_text ? kVerbatim : static_cast<int>(run.rung));
  runs_tokens_ += run.tokens;
  pages_ += run.pages.size();
  page_bytes_ += run.page_bytes;
  plan_.runs.push_back(std::move(run));
}

// Gives the runs from `first_run` on their sidecars anew, the newest first: a string stands in one
// place only, and in the one that stays longest. What is before them in the prefix does not change.
void Planner::WriteSidecars(size_t first_run) {
  absl::flat_hash_set<std::string> elsewhere = head_strings_;
  int64_t room = available() / kSidecarsInBudget;
  const auto take = [&](const Sidecar& sidecar, int64_t tokens) {
    elsewhere.insert(sidecar.holds.begin(), sidecar.holds.end());
    room -= tokens;
  };
  take(plan_.latent_sidecar, counter_.Text(plan_.latent_sidecar.text));
  for (size_t i = 0; i < first_run; ++i) {
    take(plan_.runs[i].sidecar, plan_.runs[i].sidecar_tokens);
  }
  for (size_t i = plan_.runs.size(); i-- > first_run;) {
    Run& run = plan_.runs[i];
    const int64_t share = run.saved_tokens() * inputs_.policy.sidecar_permille / 1000;
    runs_tokens_ -= run.tokens;
    SetSidecar(counter_, std::min(share, room), elsewhere, &run);
    runs_tokens_ += run.tokens;
    take(run.sidecar, run.sidecar_tokens);
  }
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

void Planner::ForgetRun(Run run) {
  NoteMove(run, kLatent);
  if (plan_.latent_turns == 0) plan_.latent = run.turns;
  plan_.latent.first = std::min(plan_.latent.first, run.turns.first);
  plan_.latent.last = std::max(plan_.latent.last, run.turns.last);
  plan_.latent_turns += run.turns.last - run.turns.first + 1;
  plan_.latent_characters += run.characters;
  plan_.latent_text_tokens += run.text_tokens;
  std::ranges::move(run.exact, std::back_inserter(latent_strings_));
}

void Planner::WriteLatentNote(bool with_sidecar) {
  plan_.latent_sidecar = {};
  if (plan_.latent_turns == 0) return;
  // A string that several runs brought stands once, by its first turn.
  std::ranges::stable_sort(latent_strings_, {}, &ExactString::first_seq);
  absl::flat_hash_set<std::string> seen;
  std::erase_if(latent_strings_,
                [&](const ExactString& string) { return !seen.insert(string.text).second; });
  KeepHighestRanked(uses_, kSidecarCandidateBytes, &latent_strings_);
  const int64_t room = available() / kSidecarsInBudget / kLatentInSidecars;
  if (with_sidecar && inputs_.policy.sidecar_permille > 0) {
    plan_.latent_sidecar = WriteSidecar(
        latent_strings_, static_cast<size_t>(room * kSidecarBytesPerToken), head_strings_);
  }
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
absl::Status Planner::Press(bool even_if_it_fits) {
  const int64_t goal = goal_tokens();
  const bool asked = even_if_it_fits && tokens() > (goal + inputs_.token_budget) / 2;
  if (!over_limits() && !asked) return absl::OkStatus();
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

int64_t Planner::goal_tokens() const {
  const int64_t fixed = pins_tokens(plan_.served_pins) + staying_tokens();
  const int64_t spare = std::max<int64_t>(0, available() - 2 * fixed);
  return inputs_.token_budget - spare * (1000 - marks_.pressure_low_permille) / 1000;
}

void Planner::NoteChangeFrom(int64_t kept_tokens) {
  int64_t& kept = plan_.epochs.back().kept_tokens;
  kept = std::min(kept, kept_tokens);
}

// For each run the rung that it should be at (ladder_.size(): latent), so that the context comes
// down to the goal, or this step's redrawing to its limit, by estimate; at least one run moves.
std::vector<size_t> Planner::ChooseTargets(int64_t goal_tokens) const {
  const size_t latent = latent_position();
  std::vector<size_t> target(plan_.runs.size());
  std::vector<double> estimate(plan_.runs.size());
  std::vector<double> by_position(latent + 1, 0.0);
  double total = static_cast<double>(tokens());
  double load = request_load();
  uint64_t redrawn = redrawn_characters_;
  const double reserve = static_cast<double>(available()) / kReserveInBudget;
  for (size_t i = 0; i < plan_.runs.size(); ++i) {
    target[i] = PositionOf(plan_.runs[i]);
    estimate[i] = static_cast<double>(plan_.runs[i].tokens);
    by_position[target[i]] += estimate[i];
  }

  const auto oldest_at = [&](size_t position, bool even_recalled) -> std::optional<size_t> {
    for (size_t i = 0; i < target.size(); ++i) {
      if (target[i] == position && (even_recalled || !plan_.runs[i].recalled)) return i;
    }
    return std::nullopt;
  };
  const auto choose = [&](bool even_recalled) -> std::optional<size_t> {
    for (size_t position = 0; position + 1 < latent; ++position) {
      const bool full = by_position[position] > 0 &&
                        by_position[position] >= kThinningRatio * by_position[position + 1];
      auto run = full ? oldest_at(position, even_recalled) : std::nullopt;
      if (run.has_value()) return run;
    }
    for (size_t position = latent - 1; position-- > 0;) {
      auto run = oldest_at(position, even_recalled);
      if (run.has_value() && by_position[position] - estimate[*run] >= reserve) return run;
    }
    for (size_t position = latent; position-- > 0;) {
      auto run = oldest_at(position, even_recalled);
      if (run.has_value()) return run;
    }
    return std::nullopt;
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
    const Run& chosen = plan_.runs[*run];
    const double next = EstimateAt(chosen, target[*run] + 1);
    const double change = next - estimate[*run];
    total += change;
    // Images and bytes go with the tokens of pages, near enough for an estimate.
    load += load * change / std::max(1.0, total - change);
    by_position[target[*run]] -= estimate[*run];
    if (target[*run] == PositionOf(chosen)) redrawn += chosen.characters;
    if (++target[*run] == latent) redrawn -= chosen.characters;
    by_position[target[*run]] += next;
    estimate[*run] = next;
    moved = true;
  }
  return target;
}

// Of a run's tokens if it stood there.
double Planner::EstimateAt(const Run& run, size_t position) const {
  if (position == latent_position()) return 0;
  const bool gist = position == gist_position();
  const auto characters = static_cast<double>(gist ? run.gist_characters : run.characters);
  if (ladder_.empty()) {
    return static_cast<double>(run.text_tokens) * characters /
           std::max(1.0, static_cast<double>(run.characters));
  }
  const double per_token = characters_per_token_[gist ? entry_rung() : position];
  const double notes = run.as_text ? 0 : static_cast<double>(run.tokens - run.page_tokens);
  return notes + characters / per_token;
}

// Moves each run to its target. Neighbours that move to the same rung are drawn together, so that
// their pages are full.
absl::Status Planner::MoveRuns(const std::vector<size_t>& targets) {
  changed_ = true;
  const int64_t most_tokens = available() / kRunsInBudget;
  const uint64_t latent_before = plan_.latent_turns;
  std::vector<Run> old = std::exchange(plan_.runs, {});
  runs_tokens_ = 0;
  pages_ = 0;
  page_bytes_ = 0;
  size_t first_changed = old.size();
  for (size_t i = 0; i < old.size();) {
    Run run = std::move(old[i]);
    const size_t target = targets[i];
    const bool moves = target != PositionOf(run);
    if (moves) first_changed = std::min(first_changed, plan_.runs.size());
    ++i;
    run.recalled = false;
    if (!moves) {
      AddRun(std::move(run));
      continue;
    }
    if (target == latent_position()) {
      ForgetRun(std::move(run));
      continue;
    }
    double estimate = EstimateAt(run, target);
    while (i < old.size() && targets[i] == target && PositionOf(old[i]) != target &&
           old[i].first_chunk == run.last_chunk + 1) {
      estimate += EstimateAt(old[i], target);
      if (estimate > static_cast<double>(most_tokens)) break;
      run.last_chunk = old[i].last_chunk;
      run.turns.last = old[i].turns.last;
      run.text_tokens += old[i].text_tokens;
      run.characters += old[i].characters;
      std::move(old[i].drawn_results.begin(), old[i].drawn_results.end(),
                std::back_inserter(run.drawn_results));
      ++i;
    }
    redrawn_characters_ += run.characters;
    auto built = BuildAt(std::move(run), target);
    if (!built.ok()) return built.status();
    AddRun(*std::move(built));
  }
  if (plan_.latent_turns != latent_before) {
    WriteLatentNote(true);
    first_changed = 0;
    NoteChangeFrom(plan_.head_tokens);
  } else {
    int64_t kept = plan_.head_tokens + latent_note_tokens_;
    for (size_t i = 0; i < std::min(first_changed, plan_.runs.size()); ++i) {
      kept += plan_.runs[i].tokens;
    }
    NoteChangeFrom(kept);
  }
  WriteSidecars(std::min(first_changed, plan_.runs.size()));
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
