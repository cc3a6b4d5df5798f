#include "service/view_cache.h"

#include <algorithm>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"
#include "core/forgetting/plan.h"
#include "service/steady_clock.h"

namespace fovea::service {
namespace {

constexpr uint64_t kFeedBatch = 64;
// How often a call that waits for another looks whether it is still wanted.
constexpr absl::Duration kAskAgain = absl::Milliseconds(20);
// Work that is worth a checkpoint, which takes some milliseconds itself; and at the end of the
// process.
constexpr absl::Duration kWorthACheckpoint = absl::Milliseconds(100);
constexpr absl::Duration kWorthALastCheckpoint = absl::Milliseconds(10);
constexpr int kWorkToSaving = 5;

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
                             const Patience& patience,
                             const std::function<absl::Status(const Planner&)>& read,
                             const std::function<absl::Status()>& may_make) {
  ViewKey key = asked.key;
  const int learnt = in_.usage->FactorUnits(key.session.tenant, key.reader);
  bool asked_for_it = false;
  const auto may_make_once = [&]() -> absl::Status {
    if (asked_for_it || !may_make) return absl::OkStatus();
    asked_for_it = true;
    return may_make();
  };
  // Who may not have a planner made takes nobody's place in the caches.
  const std::optional<Counting> counted = countings_.Get(asked.key);
  key.text_factor_units = counted.has_value() ? counted->factor_units : learnt;
  if (!views_.Get(key).has_value()) FOVEA_RETURN_IF_ERROR(may_make_once());
  Counting counting =
      countings_.GetOrMake(asked.key, 1, [&] { return Counting{.factor_units = learnt}; });
  key.text_factor_units = counting.factor_units;
  FOVEA_ASSIGN_OR_RETURN(const SessionInfo info, in_.log->GetSession(lease.state()->key));
  if (asked.as_of_seq > info.last_seq) {
    return absl::OutOfRangeError(absl::StrCat("view.as_of_seq: is ", asked.as_of_seq,
                                              "; the session ends at ", info.last_seq));
  }
  const uint64_t target = asked.as_of_seq == 0 ? info.last_seq : asked.as_of_seq;
  const bool newest = asked.as_of_seq == 0;
  while (true) {
    const ViewPtr view = views_.GetOrMake(key, 0, [&] {
      auto made = std::make_shared<View>();
      made->state = lease.state();
      return made;
    });
    FOVEA_RETURN_IF_ERROR(Take(*view, patience));
    const absl::Cleanup give_back = [&view] { GiveBack(*view); };
    const uint64_t at = view->planner == nullptr ? 0 : view->planner->plan().last_seq;
    const bool living = key.look_back_seq == 0;
    FOVEA_ASSIGN_OR_RETURN(
        const Used used,
        Use(*view, key, info, newest ? std::max(target, at) : target,
            living && learnt != key.text_factor_units, counting, patience, read, may_make_once));
    if (used == Used::kRecount) {
      key.text_factor_units = learnt;
      continue;
    }
    if (used == Used::kRead && living) {
      counting.factor_units = key.text_factor_units;
      countings_.Put(asked.key, counting, 1);
    }
    if (used == Used::kRead) return absl::OkStatus();
    // A look back: what it needs is gone from the living planner.
    key.look_back_seq = target;
  }
}

absl::Status ViewCache::Take(View& view, const Patience& patience) {
  const absl::MutexLock lock(&view.mutex);
  const auto free = [&view]() ABSL_SHARED_LOCKS_REQUIRED(view.mutex) { return !view.taken; };
  while (!view.mutex.AwaitWithTimeout(absl::Condition(&free), kAskAgain)) {
    FOVEA_RETURN_IF_ERROR(patience.Check());
  }
  view.taken = true;
  return absl::OkStatus();
}

void ViewCache::GiveBack(View& view) {
  const absl::MutexLock lock(&view.mutex);
  view.taken = false;
}

absl::StatusOr<ViewCache::Used> ViewCache::Use(
    View& view, const ViewKey& key, const SessionInfo& session, uint64_t target, bool learnt,
    Counting& counting, const Patience& patience,
    const std::function<absl::Status(const Planner&)>& read,
    const std::function<absl::Status()>& may_make) {
  view.session = session;
  if (view.planner == nullptr) {
    if (may_make) FOVEA_RETURN_IF_ERROR(may_make());
    FOVEA_ASSIGN_OR_RETURN(view.planner, NewPlanner(view, key, target));
    view.unsaved = absl::ZeroDuration();
  }
  const Plan& plan = view.planner->plan();
  const uint64_t at = plan.last_seq;
  if (target < at) return Used::kPast;
  const uint64_t epoch = plan.epoch();
  bool spoiled = false;
  const SteadyTime begun = SteadyNow();
  absl::Status status = Advance(*view.planner, target, *view.state, patience, &spoiled);
  if (spoiled) {
    view.planner.reset();
    return status;
  }
  views_.SetCost(key, PlannerBytes(*view.planner));
  view.unsaved += Since(begun);
  SaveIfWorth(view, key, kWorthACheckpoint);
  if (!status.ok()) return status;
  if (learnt && (plan.epoch() == 0 || plan.epoch() != counting.epoch)) return Used::kRecount;
  counting.epoch = plan.epoch();
  if (at > 0) in_.metrics->epochs_crossed += plan.epoch() - epoch;
  {
    const absl::MutexLock lock(&view.mutex);
    view.seen = {.last_seq = plan.last_seq,
                 .epoch = plan.epoch(),
                 .tokens = plan.required_tokens == 0 ? plan.sheet.tokens() : 0,
                 .used_us = absl::ToUnixMicros(absl::Now())};
  }
  FOVEA_RETURN_IF_ERROR(read(*view.planner));
  return Used::kRead;
}

std::vector<std::pair<ViewKey, ViewCache::Seen>> ViewCache::List(
    const std::string& tenant, const std::string& session_id) const {
  std::vector<std::pair<ViewKey, Seen>> list;
  for (const auto& [key, view] : views_.All()) {
    const bool wanted = key.session.tenant == tenant &&
                        (session_id.empty() || key.session.session_id == session_id);
    if (!wanted) continue;
    const absl::MutexLock lock(&view->mutex);
    if (view->seen.used_us > 0) list.emplace_back(key, view->seen);
  }
  return list;
}

void ViewCache::Forget(const SessionKey& session) {
  const auto of_it = [&](const ViewKey& key) { return key.session == session; };
  views_.EraseIf(of_it);
  countings_.EraseIf(of_it);
}

void ViewCache::SaveIfWorth(View& view, const ViewKey& key, absl::Duration worth) const {
  if (in_.checkpoints == nullptr || view.planner == nullptr) return;
  // A large planner is saved more rarely, so that saving stays a small part of the work.
  if (view.unsaved < std::max(worth, kWorkToSaving * view.saving)) return;
  const SteadyTime begun = SteadyNow();
  in_.checkpoints->Save(*view.planner, view.session, key.look_back_seq, *view.state);
  view.saving = Since(begun);
  view.unsaved = absl::ZeroDuration();
}

void ViewCache::SaveAll(absl::Duration most) {
  const SteadyTime begun = SteadyNow();
  for (const auto& [key, view] : views_.All()) {
    if (Since(begun) >= most) return;
    view->saving = absl::ZeroDuration();
    SaveIfWorth(*view, key, kWorthALastCheckpoint);
  }
}

absl::StatusOr<std::unique_ptr<Planner>> ViewCache::NewPlanner(const View& view, const ViewKey& key,
                                                               uint64_t target) const {
  FOVEA_ASSIGN_OR_RETURN(auto reader, in_.readers->Find(key.reader));
  ReaderProfile corrected = *reader;
  corrected.text_correction = double{1} * key.text_factor_units / UsageCorrection::kUnit;
  PlannerInputs inputs = {.reader = std::move(corrected),
                          .policy = key.policy,
                          .token_budget = key.token_budget,
                          .renderer = in_.renderer,
                          .turns = &view.state->turns};
  if (in_.checkpoints != nullptr) {
    auto kept =
        in_.checkpoints->Restore(inputs, view.session, key.look_back_seq, target, *view.state);
    if (kept != nullptr) {
      ++in_.metrics->views_restored;
      return kept;
    }
  }
  return Planner::Create(std::move(inputs));
}

// Turns and events in the log's order: an event applies after the turn that it names.
absl::Status ViewCache::Advance(Planner& planner, uint64_t target, const SessionState& state,
                                const Patience& patience, bool* spoiled) const {
  const Plan& plan = planner.plan();
  FOVEA_ASSIGN_OR_RETURN(const std::vector<LogEvent> events,
                         in_.log->ReadEvents(state.key, plan.last_event + 1));
  auto event = events.begin();
  std::vector<TurnPtr> batch;
  size_t next = 0;
  while (true) {
    for (; event != events.end() && event->after_seq <= plan.last_seq; ++event) {
      absl::Status applied = planner.Apply(*event);
      *spoiled = !applied.ok();
      if (*spoiled) return applied;
    }
    if (plan.last_seq >= target) return absl::OkStatus();
    FOVEA_RETURN_IF_ERROR(patience.Check());
    if (next == batch.size()) {
      const uint64_t last = std::min(target, plan.last_seq + kFeedBatch);
      FOVEA_ASSIGN_OR_RETURN(batch, state.turns.Turns({plan.last_seq + 1, last}));
      next = 0;
    }
    absl::Status appended = planner.Append(*batch[next++]);
    *spoiled = !appended.ok();
    if (*spoiled) return appended;
  }
}

}  // namespace fovea::service
