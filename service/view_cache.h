// Planners that live on between calls, one for each way of looking at a session.
#ifndef FOVEA_SERVICE_VIEW_CACHE_H_
#define FOVEA_SERVICE_VIEW_CACHE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/forgetting/planner.h"
#include "core/log/log_store.h"
#include "core/reader/reader_profile.h"
#include "service/lru_cache.h"
#include "service/metrics.h"
#include "service/session_states.h"
#include "service/usage_ledger.h"

namespace fovea::service {

struct ViewKey {
  SessionKey session;
  std::string reader;
  int64_t token_budget = 0;
  Policy policy;
  // Set by the cache: text counted with another correction is another way of looking.
  int text_factor_units = UsageCorrection::kUnit;
  bool operator==(const ViewKey&) const = default;

  template <class H>
  friend H AbslHashValue(H h, const ViewKey& key) {
    const Policy& p = key.policy;
    return H::combine(std::move(h), key.session.tenant, key.session.session_id, key.reader,
                      key.token_budget, p.tail_high_permille, p.tail_low_permille,
                      p.pressure_low_permille, p.entry_rung, p.forbid_unmeasured_rungs,
                      p.forbid_drawn_results, p.sidecar_permille, key.text_factor_units);
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
  size_t max_views = 256;
  uint64_t max_bytes = uint64_t{256} << 20;  // of planners, about
};

// Thread-safe; calls on one view wait for each other.
class ViewCache {
 public:
  explicit ViewCache(ViewCacheInputs inputs)
      : in_(inputs), views_(inputs.max_views, inputs.max_bytes) {}

  // Brings a planner to the view's as_of_seq and runs `read` with it. The planner's state depends
  // on the log alone, not on which calls came before. `lease` is of the view's session;
  // `still_wanted` is asked now and then and ends the work when it fails.
  // NOT_FOUND for an unknown session or reader, INVALID_ARGUMENT for a bad budget or policy,
  // OUT_OF_RANGE if as_of_seq is past the log's end; and what `read` returns.
  absl::Status Read(const ViewSpec& asked, const SessionLease& lease,
                    const std::function<absl::Status()>& still_wanted,
                    const std::function<absl::Status(const Planner&)>& read);

  void Forget(const SessionKey& session);
  size_t size() const { return views_.size(); }

 private:
  struct View {
    StatePtr state;  // whose turns the planner reads
    absl::Mutex mutex;
    std::unique_ptr<Planner> planner
        ABSL_GUARDED_BY(mutex);  // null until used, and after a failure
  };

  absl::StatusOr<std::unique_ptr<Planner>> NewPlanner(const ViewKey& key,
                                                      const SessionState& state) const;
  absl::Status Advance(Planner& planner, uint64_t target, const SessionState& state,
                       const std::function<absl::Status()>& still_wanted) const;

  const ViewCacheInputs in_;
  LruCache<ViewKey, std::shared_ptr<View>> views_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_VIEW_CACHE_H_
