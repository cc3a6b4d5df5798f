// The memory store: the log, its page cache and its search index, in one directory.
#ifndef FOVEA_MEMORY_STORE_MEMORY_STORE_H_
#define FOVEA_MEMORY_STORE_MEMORY_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/log/log_store.h"
#include "core/log/search_index.h"
#include "core/page/page_store.h"
#include "core/tokens/usage_store.h"

namespace fovea {

struct StoreOptions {
  // Made if there is none, for its owner alone. It will hold log.db (the truth), pages.db and
  // index.db (made again from the log if they are missing or damaged), usage.db (learnt again), and
  // a lock file.
  std::string directory;
  // Connections that read the log at the same time; at least 1.
  int log_readers = 4;
  // Bytes of pages that may wait to be written before Put waits; at least one page is let in.
  size_t max_queued_page_bytes = size_t{64} << 20;
  // Bytes of pages held over all sessions; the oldest go first. 0: no limit.
  uint64_t max_page_bytes = uint64_t{16} << 30;
  // How long a search waits for the index to reach the log's end.
  absl::Duration search_wait = absl::Milliseconds(200);
  // Microseconds since the Unix epoch, for SessionInfo::updated_us. The system's clock if empty.
  // Called from many threads.
  std::function<int64_t()> now_us;
};

// Thread-safe. The ports live as long as the store, which must outlive every call on them;
// destroying it writes what is queued.
class MemoryStore {
 public:
  // FAILED_PRECONDITION if another process or object has the directory open, or the log is of a
  // version that this one cannot read; DATA_LOSS if the log is damaged; UNAVAILABLE if the disk
  // refuses.
  static absl::StatusOr<std::unique_ptr<MemoryStore>> Open(StoreOptions options);
  virtual ~MemoryStore() = default;

  virtual LogStore& log() = 0;
  virtual PageStore& pages() = 0;
  // Follows the log by itself, deletions included: a deleted session is not found from the moment
  // that LogStore::DeleteSession returns, and its words leave the file shortly after.
  virtual SearchIndex& search() = 0;
  virtual UsageStore& usage() = 0;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_MEMORY_STORE_H_
