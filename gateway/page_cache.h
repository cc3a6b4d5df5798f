// The pages that were served lately.
#ifndef FOVEA_GATEWAY_PAGE_CACHE_H_
#define FOVEA_GATEWAY_PAGE_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace fovea::gateway {

// Pages in base64, so that each travels from fovead once. Thread-safe.
class PageCache {
 public:
  explicit PageCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  void Add(const std::string& page_id, absl::string_view png);
  std::shared_ptr<const std::string> Find(const std::string& page_id);
  // Those of `page_ids` that are here.
  std::vector<std::string> Held(const std::vector<std::string>& page_ids);
  // At most `limit`, those used last.
  std::vector<std::string> Newest(size_t limit);

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const std::string>>;
  const size_t max_bytes_;
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // used last first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> places_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_PAGE_CACHE_H_
