// Planners that live on between calls, one for each way of looking at a session.
#ifndef FOVEA_SERVICE_VIEW_CACHE_H_
#define FOVEA_SERVICE_VIEW_CACHE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/forgetting/planner.h"
#include "core/log/log_store.h"
#include "core/reader/reader_profile.h"
#include "service/lru_cache.h"
#include "service/metrics.h"
#include "service/patience.h"
#include "service/session_states.h"
#include "service/usage_ledger.h"
#include "service/view_checkpoints.h"

namespace fovea::service {

struct ViewKey {
  SessionKey session;
  std::string reader;
  int64_t token_budget = 0;
  Policy policy;
  // Set by the cache: text counted with another correction is another way of looking.
  int text_factor_units = UsageCorrection::kUnit;
  uint64_t look_back_seq = 0;  // set by the cache: not 0 of a planner that stays at this turn
  bool operator==(const ViewKey&) const = default;

  template <class H>
  friend H AbslHashValue(H h, const ViewKey& key) {
    const Policy& p = key.policy;
    return H::combine(std::move(h), key.session.tenant, key.session.session_id, key.reader,
                      key.token_budget, p.name, p.tail_high_permille, p.tail_low_permille,
                      p.pressure_low_permille, p.entry_rung, p.forbid_unmeasured_rungs,
                      p.forbid_drawn_results, p.show_colour_codes, p.sidecar_permille,
                      key.text_factor_units, key.look_back_seq);
  }
};

struct ViewSpec {
  ViewKey key;
  uint64_t as_of_seq = 0;  // 0: the newest turn
};

// All outlive the cache.
struct ViewCacheInputs {
  LogStore* log = nullptr;
  const ReaderCatalogue* readers = nullptr;
  const PageRenderer* renderer = nullptr;
  Metrics* metrics = nullptr;
  const UsageLedger* usage = nullptr;
  const ViewCheckpoints* checkpoints = nullptr;  // null: planners are in memory alone
  size_t max_views = 256;
  uint64_t max_bytes = uint64_t{256} << 20;  // of planners, about
};

// Thread-safe; calls on one view take turns. What was built of a view is kept if its caller gives
// up, so that a view which is slower than any deadline is ready some day.
class ViewCache {
 public:
  explicit ViewCache(ViewCacheInputs inputs)
      : in_(inputs),
        views_(inputs.max_views, inputs.max_bytes),
        countings_(kMaxCountings, kMaxCountings) {}

  // Brings a planner to the view's as_of_seq and runs `read` with it. The planner's state depends
  // on the log alone, not on which calls came before. `lease` is of the view's session;
  // `patience` is asked before each turn and ends the work when it fails.
  // `may_make` is asked before a planner is made, if it is not empty; its error ends the call.
  // NOT_FOUND for an unknown session or reader, INVALID_ARGUMENT for a bad budget or policy,
  // OUT_OF_RANGE if as_of_seq is past the log's end; and what `read` returns.
  absl::Status Read(const ViewSpec& asked, const SessionLease& lease, const Patience& patience,
                    const std::function<absl::Status(const Planner&)>& read,
                    const std::function<absl::Status()>& may_make = {});

  // What is known of a view that is held: as it was when it was last looked at.
  struct Seen {
    uint64_t last_seq = 0;
    uint64_t epoch = 0;
    int64_t tokens = 0;   // 0 if the budget could not hold the context
    int64_t used_us = 0;  // microseconds since the Unix epoch
  };
  // The views of a tenant's session, or of all its sessions if `session_id` is empty; the latest
  // used first. Those that nobody has looked at yet are left out.
  std::vector<std::pair<ViewKey, Seen>> List(const std::string& tenant,
                                             const std::string& session_id) const;

  void Forget(const SessionKey& session);
  // Keeps what was built since the last checkpoints, as much as can be in `most`; for the end of
  // the process.
  void SaveAll(absl::Duration most);
  size_t size() const { return views_.size(); }
  uint64_t bytes() const { return views_.cost(); }

 private:
  static constexpr size_t kMaxCountings = 10'000;

  struct View {
    StatePtr state;  // whose turns the planner reads
    absl::Mutex mutex;
    bool taken ABSL_GUARDED_BY(mutex) = false;
    Seen seen ABSL_GUARDED_BY(mutex);
    // Of who took the view:
    std::unique_ptr<Planner> planner;  // null until used, and after a failure
    SessionInfo session;
    absl::Duration unsaved;  // work on the planner since its last checkpoint
    absl::Duration saving;   // what that checkpoint took
  };
  using ViewPtr = std::shared_ptr<View>;

  // Waits until nobody else has the view, as long as `patience` lasts.
  static absl::Status Take(View& view, const Patience& patience);
  static void GiveBack(View& view);
  // How a view's text is counted: as it was when its epoch began, so that what is learnt in the
  // middle of one moves no prefix.
  struct Counting {
    int factor_units = UsageCorrection::kUnit;
    uint64_t epoch = 0;  // when it was last read
  };
  enum class Used : uint8_t {
    kRead,
    kPast,    // its planner is past the target
    kRecount  // another epoch has begun: what was learnt meanwhile holds
  };
  // With the view taken. `learnt`: that other counts were; then `counting` says of which epoch the
  // view's are. Sets its epoch.
  absl::StatusOr<Used> Use(View& view, const ViewKey& key, const SessionInfo& session,
                           uint64_t target, bool learnt, Counting& counting,
                           const Patience& patience,
                           const std::function<absl::Status(const Planner&)>& read,
                           const std::function<absl::Status()>& may_make);

  // From its checkpoint, if there is one that is not past `target`; else of an empty session.
  absl::StatusOr<std::unique_ptr<Planner>> NewPlanner(const View& view, const ViewKey& key,
                                                      uint64_t target) const;
  // Takes a checkpoint if making the planner's last part again would take so long.
  void SaveIfWorth(View& view, const ViewKey& key, absl::Duration worth) const;
  // Between two turns the planner is as good as ever: `spoiled` is set where it fails itself.
  absl::Status Advance(Planner& planner, uint64_t target, const SessionState& state,
                       const Patience& patience, bool* spoiled) const;

  const ViewCacheInputs in_;
  LruCache<ViewKey, ViewPtr> views_;
  LruCache<ViewKey, Counting> countings_;  // by the view as it was asked for
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_VIEW_CACHE_H_
