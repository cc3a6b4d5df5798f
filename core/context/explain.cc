#include "core/context/explain.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/context/place_name.h"
#include "core/forgetting/plan.h"

namespace fovea {
namespace {

const EpochRecord* FindEpoch(const Plan& plan, uint64_t epoch) {
  return epoch == 0 || epoch > plan.epochs.size() ? nullptr : &plan.epochs[epoch - 1];
}

const Chunk* FindChunk(const Plan& plan, uint64_t seq) {
  auto chunk = std::lower_bound(
      plan.chunks.begin(), plan.chunks.end(), seq,
      [](const Chunk& candidate, uint64_t wanted) { return candidate.turns.last < wanted; });
  return chunk != plan.chunks.end() && chunk->turns.contains(seq) ? &*chunk : nullptr;
}

// The part's rung, and those of its pages that hold the turn.
void SayPages(const Planner& planner, const SheetPart& part, TurnExplanation& out) {
  const Rung& rung = planner.ladder()[part.rung];
  out.rung = rung.name;
  out.legibility = rung.legibility;
  out.evidence = EvidenceName(rung.evidence);
  for (const PlannedPage& page : part.drawn.pages) {
    if (page.extent.first_seq <= out.seq && out.seq <= page.extent.last_seq) {
      out.page_ids.push_back(page.page_id);
    }
  }
}

void SayRun(const Planner& planner, const SheetPart& run, TurnExplanation& out) {
  const bool gist = run.place.is_gist();
  const std::string turns = absl::StrCat("turns #", run.turns.first, " to #", run.turns.last);
  if (run.on_pages) {
    SayPages(planner, run, out);
    const size_t pages = run.drawn.pages.size();
    out.reason =
        absl::StrCat("It is older than the verbatim tail and was drawn with ", turns, " on ", pages,
                     pages == 1 ? " page" : " pages",
                     run.recalled ? "; it was recalled, so the next step passes it over." : ".");
  } else if (gist) {
    out.reason = absl::StrCat("It is old: of ", turns, " the gist is shown as text.");
  } else {
    out.reason = "It is old, but a page would cost more than its text.";
  }
  if (gist) out.rung = "gist";
  const uint64_t elided = run.ElidedOf(out.seq);
  if (elided == 0) return;
  absl::StrAppend(&out.reason, " Of its text ", elided, " characters in the middle are left out",
                  gist ? "." : ": a later turn has its result again.");
}

void ExplainPlace(const Planner& planner, TurnExplanation& out) {
  const Sheet& sheet = planner.plan().sheet;
  out.rung = "verbatim";
  out.evidence = "exact";
  if (out.seq <= sheet.head().size()) {
    out.reason = "It opens the conversation: system turns and the opening task are always text.";
    return;
  }
  const SheetPart* home = sheet.HomeOf(out.seq);
  if (!sheet.tail().empty() && out.seq >= sheet.tail().front().turns.first) {
    out.reason = "It is in the verbatim tail: the newest turns are text.";
    if (!home->on_pages) return;
    SayPages(planner, *home, out);
    out.reason =
        "It is in the verbatim tail, but its results are too large for text there: they are "
        "drawn in place.";
    return;
  }
  if (home == nullptr || home->place.is_latent()) {
    out.rung = "latent";
    out.legibility = 0;
    out.evidence = "recallable";
    out.reason = "The budget has no room for it at any rung; its exact text can be recalled.";
  } else {
    SayRun(planner, *home, out);
  }
  if (out.pinned) out.reason += " It is pinned, so its text is served as well.";
}

}  // namespace

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
                           .rung = PlaceName(planner, step.place),
                           .reason = record == nullptr ? "" : record->reason});
  }
  return out;
}

}  // namespace fovea
