// Port: the cache of drawn pages. Losing it loses nothing but time. Implemented by memory_store.
#ifndef FOVEA_CORE_PAGE_PAGE_STORE_H_
#define FOVEA_CORE_PAGE_PAGE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/turn.h"

namespace fovea {

struct StoredPage {
  std::string page_id;  // 64 hex digits (core/page/page.h)
  std::string png;      // the bytes that are served
};

struct PageStats {
  uint64_t pages = 0;
  uint64_t bytes = 0;
  uint64_t file_bytes = 0;
};

// Thread-safe.
class PageStore {
 public:
  virtual ~PageStore() = default;

  // Keeps the pages, in the background if it likes: a page may be lost in a crash. A page that is
  // there already is left as it is.
  virtual absl::Status Put(const SessionKey& key, std::vector<StoredPage> pages) = 0;
  // One entry for each id, in order; nullopt where the page is not held.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> Get(
      const SessionKey& key, const std::vector<std::string>& page_ids) = 0;
  // Removes a session's pages and returns how many there were.
  virtual absl::StatusOr<uint64_t> DeleteSession(const SessionKey& key) = 0;
  // Removes every page of every session and returns how many there were.
  virtual absl::StatusOr<uint64_t> DeleteAll() = 0;
  virtual absl::StatusOr<PageStats> Stats() = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_PAGE_PAGE_STORE_H_
