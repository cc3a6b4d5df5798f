#include "service/view_cache.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/forgetting/plan.h"

namespace fovea::service {
namespace {

constexpr uint64_t kFeedBatch = 64;

// A planner's memory, about: it has no exact way to tell.
uint64_t PlannerBytes(const Planner& planner) {
  const Plan& plan = planner.plan();
  uint64_t pages = 0;
  uint64_t strings = 0;
  for (const SheetPart& run : plan.sheet.runs()) {
    pages += run.drawn.pages.size();
    strings += run.origin.exact.size() + run.sidecar.holds.size();
  }
  return 16'384 + planner.index_bytes() + 160 * strings + 160 * plan.chunks.size() + 600 * pages +
         sizeof(SheetPart) * plan.sheet.tail().size() + 200 * plan.epochs.size();
}

}  // namespace

absl::Status ViewCache::Read(const ViewSpec& asked, const SessionLease& lease,
                             const std::function<absl::Status()>& still_wanted,
                             const std::function<absl::Status(const Planner&)>& read) {
  ViewSpec spec = asked;
  spec.key.text_factor_units = in_.usage->FactorUnits(spec.key.session.tenant, spec.key.reader);
  const SessionState& state = *lease.state();
  auto info = in_.log->GetSession(state.key);
  if (!info.ok()) return info.status();
  if (spec.as_of_seq > info->last_seq) {
    return absl::OutOfRangeError(absl::StrCat("view.as_of_seq: is ", spec.as_of_seq,
                                              "; the session ends at ", info->last_seq));
  }
  uint64_t target = spec.as_of_seq == 0 ? info->last_seq : spec.as_of_seq;
  const std::shared_ptr<View> view = views_.GetOrMake(spec.key, 0, [&] {
    auto made = std::make_shared<View>();
    made->state = lease.state();
    return made;
  });
  {
    const absl::MutexLock lock(&view->mutex);
    if (view->planner == nullptr) {
      auto made = NewPlanner(spec.key, state);
      if (!made.ok()) return made.status();
      view->planner = *std::move(made);
    }
    const uint64_t at = view->planner->plan().last_seq;
    if (spec.as_of_seq == 0) target = std::max(target, at);
    if (target >= at) {
      const uint64_t epoch = view->planner->plan().epoch();
      absl::Status status = Advance(*view->planner, target, state, still_wanted);
      if (!status.ok()) {
        view->planner.reset();
        return status;
      }
      if (at > 0) in_.metrics->epochs_crossed += view->planner->plan().epoch() - epoch;
      views_.SetCost(spec.key, PlannerBytes(*view->planner));
      return read(*view->planner);
    }
  }
  // A look back: what it needs is gone from the living planner.
  auto planner = NewPlanner(spec.key, state);
  if (!planner.ok()) return planner.status();
  absl::Status status = Advance(**planner, target, state, still_wanted);
  return status.ok() ? read(**planner) : status;
}

void ViewCache::Forget(const SessionKey& session) {
  views_.EraseIf([&](const ViewKey& key) { return key.session == session; });
}

absl::StatusOr<std::unique_ptr<Planner>> ViewCache::NewPlanner(const ViewKey& key,
                                                               const SessionState& state) const {
  auto reader = in_.readers->FindOrTextOnly(key.reader);
  if (!reader.ok()) return reader.status();
  ReaderProfile corrected = **reader;
  corrected.text_correction = double{1} * key.text_factor_units / UsageCorrection::kUnit;
  return Planner::Create({.reader = std::move(corrected),
                          .policy = key.policy,
                          .token_budget = key.token_budget,
                          .renderer = in_.renderer,
                          .turns = &state.turns});
}

// Turns and events in the log's order: an event applies after the turn that it names.
absl::Status ViewCache::Advance(Planner& planner, uint64_t target, const SessionState& state,
                                const std::function<absl::Status()>& still_wanted) const {
  const Plan& plan = planner.plan();
  auto events = in_.log->ReadEvents(state.key, plan.last_event + 1);
  if (!events.ok()) return events.status();
  auto event = events->begin();
  std::vector<TurnPtr> batch;
  size_t next = 0;
  while (true) {
    for (; event != events->end() && event->after_seq <= plan.last_seq; ++event) {
      absl::Status status = planner.Apply(*event);
      if (!status.ok()) return status;
    }
    if (plan.last_seq >= target) return absl::OkStatus();
    if (next == batch.size()) {
      absl::Status status = still_wanted();
      if (!status.ok()) return status;
      const uint64_t last = std::min(target, plan.last_seq + kFeedBatch);
      auto turns = state.turns.Turns({plan.last_seq + 1, last});
      if (!turns.ok()) return turns.status();
      batch = *std::move(turns);
      next = 0;
    }
    absl::Status status = planner.Append(*batch[next++]);
    if (!status.ok()) return status;
  }
}

}  // namespace fovea::service
