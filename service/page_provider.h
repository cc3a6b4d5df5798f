// The bytes of pages: from memory, from the page store, or drawn again from the log.
#ifndef FOVEA_SERVICE_PAGE_PROVIDER_H_
#define FOVEA_SERVICE_PAGE_PROVIDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/page/page_store.h"
#include "core/strip/strip.h"
#include "service/drawing_pool.h"
#include "service/lru_cache.h"
#include "service/metrics.h"
#include "service/patience.h"
#include "service/session_states.h"
#include "service/wire/json_text.h"
#include "service/worker_pool.h"

namespace fovea::service {

// All outlive the provider.
struct PageProviderInputs {
  PageStore* store = nullptr;
  const PageRenderer* renderer = nullptr;
  DrawingPool* drawing = nullptr;
  WorkerPool* background = nullptr;  // keeps drawn pages off the caller's path
  Metrics* metrics = nullptr;
  uint64_t max_bytes = uint64_t{128} << 20;  // of pages in memory
};

// Thread-safe.
class PageProvider {
 public:
  explicit PageProvider(PageProviderInputs inputs) : in_(inputs), cache_(SIZE_MAX, in_.max_bytes) {}

  // The bytes of all `pages`, by id. Fails only if drawing does, or as `patience` says: a store
  // that fails is a cache that missed. It is asked between two pages, once one was drawn, whether
  // there is time, and within them whether they are still wanted. What was drawn before is kept,
  // and found by who comes again.
  absl::StatusOr<wire::PageBytes> Load(const SessionLease& lease,
                                       const std::vector<const PlannedPage*>& pages,
                                       const Patience& patience);

  // Of one life of a session, and of all.
  void Forget(uint64_t state_id);
  void ForgetAll();

 private:
  using Png = std::shared_ptr<const std::string>;
  using Pages = std::vector<const PlannedPage*>;

  // Each takes the pages that it finds out of `wanted`.
  void FromMemory(uint64_t state_id, Pages& wanted, wire::PageBytes& found);
  void FromStore(const SessionState& state, Pages& wanted, wire::PageBytes& found);
  // Adds to `drawn` what it drew, also if it fails. `first`: nothing was drawn before.
  absl::Status Draw(const StatePtr& state, const Pages& wanted, const Patience& patience,
                    bool first, wire::PageBytes& drawn);
  // Those of `pages` that are among `bytes`.
  void Keep(const StatePtr& state, const Pages& pages, const wire::PageBytes& bytes);

  const PageProviderInputs in_;
  LruCache<std::pair<uint64_t, std::string>, Png> cache_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_PAGE_PROVIDER_H_
