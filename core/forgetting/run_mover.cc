#include "core/forgetting/run_mover.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/base/status_macros.h"
#include "core/forgetting/run_builder.h"
#include "core/forgetting/run_pieces.h"
#include "core/voice/notes.h"

namespace fovea {
namespace {

using Section = Sheet::Section;

// What a run's turns cost, without what Fovea says beside them.
int64_t OwnTokens(const SheetPart& run) {
  return run.on_pages ? run.drawn.tokens + TokenCounter::kMessageTokens : run.tokens;
}

// Of the pages that two runs begin with alike.
int64_t SharedTokens(const SheetPart& before, const SheetPart& after) {
  int64_t tokens = 0;
  const std::vector<PlannedPage>& old_pages = before.drawn.pages;
  const std::vector<PlannedPage>& new_pages = after.drawn.pages;
  for (size_t i = 0; i < std::min(old_pages.size(), new_pages.size()); ++i) {
    if (old_pages[i].page_id != new_pages[i].page_id) break;
    tokens += new_pages[i].tokens;
  }
  return tokens;
}

}  // namespace

absl::StatusOr<SheetPart> RunMover::BuildAt(SheetPart run, Place place) const {
  const size_t rungs = setting_.ladder().size();
  run.rung = place.is_gist() ? setting_.gist_rung() : place.rung();
  // A page that a result took in the tail would part the run's own in two.
  if (setting_.few_pages()) run.origin.drawn_results.clear();
  const bool has_legend =
      std::ranges::any_of(plan_.sheet.runs(), [](const SheetPart& r) { return r.on_pages; });
  // What was left out once stays out, as a run never grows. Where there are few pages, a moment's
  // need would leave out what fits again soon.
  const bool whole = setting_.few_pages() || (whole_ && run.elided_characters == 0);
  const RunBuilder builder{
      .reader = setting_.reader(),
      .ladder = setting_.ladder(),
      .renderer = *setting_.inputs().renderer,
      .turns = *setting_.inputs().turns,
      .counter = setting_.counter(),
      .calls = memory_.calls,
      .uses = memory_.uses,
      .turn_strings = memory_.turn_strings,
      .thin_from_rung =
          whole ? rungs : std::max(setting_.entry_rung() + 1, rungs == 0 ? 0 : rungs - 1),
      .legend_tokens =
          has_legend ? 0 : setting_.counter().Text(setting_.few_pages() ? kShortLegend : kLegend),
      .colour_codes = setting_.inputs().policy.show_colour_codes};
  return builder.Build(std::move(run), place.is_gist());
}

// Its last page is less than half full.
bool RunMover::IsShort(const SheetPart& run) const {
  if (!run.on_pages || run.drawn.pages.empty()) return true;
  const PageExtent& last = run.drawn.pages.back().extent;
  const double full = setting_.characters_per_token()[run.rung] *
                      static_cast<double>(setting_.full_page_tokens()[run.rung]);
  return static_cast<double>(last.characters) < full / 2;
}

bool RunMover::IsShort(const Pending& pending) const {
  if (!pending.changes && pending.pieces.size() == 1) return IsShort(pending.pieces.front());
  if (setting_.ladder().empty()) return true;
  const size_t rung = pending.place.is_gist() ? setting_.gist_rung() : pending.place.rung();
  const double pages = pending.estimate / static_cast<double>(setting_.full_page_tokens()[rung]);
  return pages - std::floor(pages) < 0.5;
}

absl::Status RunMover::Enter(SheetPart run) {
  const Sheet::Parts& runs = plan_.sheet.runs();
  Place place = setting_.ladder().empty() ? Place::Gist() : Place::Rung(setting_.entry_rung());
  if (setting_.few_pages() && !runs.empty() && runs.back().place.is_rung()) {
    place = std::max(place, runs.back().place);
  }
  const bool joins = !runs.empty() && runs.back().origin.last_chunk + 1 == run.origin.first_chunk &&
                     (runs.back().place == place || runs.back().place.is_verbatim()) &&
                     !setting_.ladder().empty() && (setting_.few_pages() || IsShort(runs.back()));
  if (joins) {
    SheetPart older = plan_.sheet.TakeLast(Section::kRuns);
    SheetPart joined = older;
    JoinRuns(run, joined);
    FOVEA_ASSIGN_OR_RETURN(auto built, BuildAt(std::move(joined), place));
    // Pages that are served do not move to another rung yet.
    if (built.place == place) {
      kept_tokens_ = std::min(kept_tokens_, prefix_.tokens() + SharedTokens(older, built));
      prefix_.AddRun(std::move(built));
      prefix_.WriteNotes(runs.size() - 1);
      return absl::OkStatus();
    }
    prefix_.AddRun(std::move(older));
  }
  kept_tokens_ = std::min(kept_tokens_, prefix_.tokens());
  FOVEA_ASSIGN_OR_RETURN(auto built, BuildAt(std::move(run), place));
  prefix_.AddRun(std::move(built));
  prefix_.WriteNotes(runs.size() - 1);
  return absl::OkStatus();
}

absl::Status RunMover::Move(const Targets& targets) {
  whole_ = targets.whole;
  const size_t rungs = setting_.ladder().size();
  any_change_ = any_latent_ = false;
  Sheet::Parts old = plan_.sheet.TakeAll(Section::kRuns);
  for (size_t i = 0; i < old.size(); ++i) {
    SheetPart run = std::move(old[i]);
    // What was recalled stays as it is.
    const bool alone = run.recalled;
    const Target& target = targets.of_runs[i];
    const bool moves = target.position != run.faded().Position(rungs);
    if (target.dropped_chunks > 0) {
      prefix_.Forget(SplitOldest(plan_.chunks, target.dropped_chunks, run));
      any_latent_ = any_change_ = true;
    }
    const Place place = Place::At(target.position, rungs);
    if (place.is_latent()) {
      prefix_.Forget(std::move(run));
      any_latent_ = any_change_ = true;
      continue;
    }
    if (moves) redrawn_characters_ += run.characters;
    absl::Status status = alone ? Flush() : absl::OkStatus();
    if (status.ok()) status = Add(std::move(run), place, moves || target.dropped_chunks > 0);
    if (status.ok() && alone) status = Flush();
    if (!status.ok()) return status;
  }
  FOVEA_RETURN_IF_ERROR(Flush());
  if (any_latent_) {
    prefix_.WriteLatentNote(true);
    kept_tokens_ = std::min(kept_tokens_, plan_.sheet.totals(Section::kHead).tokens);
    first_changed_ = 0;
  }
  if (any_change_) prefix_.WriteNotes(first_changed_);
  return absl::OkStatus();
}

absl::Status RunMover::Add(SheetPart piece, Place place, bool changes) {
  if (!pending_.pieces.empty() && !Joins(piece, place, changes)) {
    FOVEA_RETURN_IF_ERROR(Flush());
  }
  pending_.place = place;
  pending_.changes = pending_.changes || changes;
  pending_.characters += piece.characters;
  pending_.estimate += EstimateAt(setting_, piece, place.Position(setting_.ladder().size()));
  pending_.pieces.push_back(std::move(piece));
  return absl::OkStatus();
}

// All behind a change is sent again anyway, so that drawing neighbours together costs nothing. A
// run's pages take a twelfth of the budget or a page, and more only to fill the last one.
bool RunMover::Joins(const SheetPart& piece, Place place, bool changes) const {
  if (pending_.place != place || pending_.last_chunk() + 1 != piece.origin.first_chunk) {
    return false;
  }
  // What is drawn at once, and later dropped at once, is not too much.
  constexpr uint64_t kMaxCharacters = Planner::kRedrawnCharacters / 4;
  const bool moves = pending_.changes || changes;
  if (!moves && !any_change_) return false;
  if (pending_.characters + piece.characters > kMaxCharacters) return false;
  if (IsShort(pending_)) return true;
  if (!moves) return false;
  const size_t rungs = setting_.ladder().size();
  int64_t most = Room(setting_, plan_).available() / kRunsInBudget;
  if (rungs > 0) {
    const size_t rung = place.is_gist() ? setting_.gist_rung() : place.rung();
    most = std::max(most, setting_.full_page_tokens()[rung]);
  }
  return pending_.estimate + EstimateAt(setting_, piece, place.Position(rungs)) <=
         static_cast<double>(most);
}

absl::Status RunMover::Flush() {
  Pending pending = std::exchange(pending_, {});
  if (pending.pieces.empty()) return absl::OkStatus();
  if (pending.pieces.size() == 1 && !pending.changes) {
    prefix_.AddRun(std::move(pending.pieces.front()));
    return absl::OkStatus();
  }
  return Draw(std::move(pending.pieces), pending.place);
}

absl::Status RunMover::Draw(std::vector<SheetPart> pieces, Place place) {
  SheetPart joined = pieces.front();
  int64_t most = 0;
  bool any_pages = false;
  for (size_t i = 0; i < pieces.size(); ++i) {
    most += OwnTokens(pieces[i]);
    any_pages = any_pages || pieces[i].on_pages;
    if (i > 0) JoinRuns(pieces[i], joined);
  }
  const size_t rungs = setting_.ladder().size();
  for (size_t position = place.Position(rungs);; ++position) {
    const Place next = Place::At(position, rungs);
    if (next.is_latent()) {
      prefix_.Forget(std::move(joined));
      any_latent_ = any_change_ = true;
      return absl::OkStatus();
    }
    FOVEA_ASSIGN_OR_RETURN(auto built, BuildAt(joined, next));
    const bool back_to_text = any_pages && built.place.is_verbatim();
    if (OwnTokens(built) > most || back_to_text) continue;
    if (!any_change_) {
      any_change_ = true;
      first_changed_ = plan_.sheet.runs().size();
      kept_tokens_ = std::min(kept_tokens_, prefix_.tokens() + SharedTokens(pieces.front(), built));
    }
    prefix_.AddRun(std::move(built));
    return absl::OkStatus();
  }
}

}  // namespace fovea
