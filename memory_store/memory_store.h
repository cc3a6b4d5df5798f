// The memory store: the log, its page cache and its search index, in one directory.
#ifndef FOVEA_MEMORY_STORE_MEMORY_STORE_H_
#define FOVEA_MEMORY_STORE_MEMORY_STORE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/forgetting/view_store.h"
#include "core/log/log_store.h"
#include "core/log/search_index.h"
#include "core/page/page_store.h"
#include "core/tokens/usage_store.h"
#include "memory_store/store_reports.h"

namespace fovea {

struct StoreOptions {
  // Made if there is none, for its owner alone. It will hold log.db (the truth), pages.db and
  // index.db (made again from the log if they are missing or damaged), views.db (made again, too),
  // usage.db (learnt again), head (how far the log reached), reserve and a lock file.
  std::string directory;
  // Connections that read the log at the same time; at least 1.
  int log_readers = 4;
  // Bytes of pages that may wait to be written before Put waits; at least one page is let in.
  size_t max_queued_page_bytes = size_t{64} << 20;
  // Bytes of pages held over all sessions; the oldest go first. 0: no limit.
  uint64_t max_page_bytes = uint64_t{16} << 30;
  // Bytes of planners' checkpoints; those written longest ago go first. 0: no limit.
  uint64_t max_view_bytes = uint64_t{1} << 30;
  // Kept on the disk for deletions when it is full; 0: none.
  uint64_t reserve_bytes = uint64_t{32} << 20;
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
  // version that this one cannot read; DATA_LOSS if the log is damaged, is missing beside what
  // belongs to it, or lacks turns that it had acknowledged; UNAVAILABLE if the disk refuses;
  // RESOURCE_EXHAUSTED if it is full and neither the reserve nor the caches, which go for this,
  // free enough.
  static absl::StatusOr<std::unique_ptr<MemoryStore>> Open(StoreOptions options);
  virtual ~MemoryStore() = default;

  virtual LogStore& log() = 0;
  virtual PageStore& pages() = 0;
  // Follows the log by itself, deletions included: a deleted session is not found from the moment
  // that LogStore::DeleteSession returns.
  virtual SearchIndex& search() = 0;
  virtual UsageStore& usage() = 0;
  virtual ViewStore& views() = 0;

  // OK while appends are taken. RESOURCE_EXHAUSTED: the disk was full at the last try.
  // UNAVAILABLE, with the reason: the disk refused a commit, or the directory, its lock or the log
  // was removed, replaced or cut; no append is acknowledged until the store is opened again. Cheap;
  // looks at the directory each time, so that it is noticed without a write, too.
  virtual absl::Status Writable() = 0;
  // Reads every file: structures, checksums, counters, and each turn. Slow; the store works
  // meanwhile.
  virtual absl::StatusOr<VerifyReport> Verify() = 0;
  // Mends what can be mended. Caches: damaged pages are dropped, a damaged index is made again. The
  // log: indexes and counters are made again from the turns; in the place of a turn that cannot be
  // read or is missing stands a note that says so, and its bytes are kept aside in the log; a log
  // whose structure is damaged is rewritten, while writes wait (docs/OPERATIONS.md). A second
  // run finds nothing to mend. RESOURCE_EXHAUSTED if the disk has no room for that.
  virtual absl::StatusOr<RepairReport> Repair() = 0;

  // Copies the log, as it is at one moment, to a new file, which holds all that cannot be made
  // again; and reads it whole, so that only a sound backup is one. The store works meanwhile.
  // UNAVAILABLE or RESOURCE_EXHAUSTED if the disk refuses, DATA_LOSS if the log is not sound: then
  // there is no file.
  virtual absl::StatusOr<VerifyReport> Backup(const std::string& path,
                                              const StillWanted& still_wanted) = 0;
  // Brings every session of a backup back whose name is free, with its events, idempotency keys and
  // time of creation, as updated now; each appears whole or not at all. The whole file is checked
  // before the first: DATA_LOSS if it is not a sound log, or holds more than one. The file, or a
  // log.db of an older version, may be changed. If `still_wanted` ends the call, some sessions may
  // be back already.
  virtual absl::StatusOr<RestoreReport> Restore(const std::string& path,
                                                const StillWanted& still_wanted) = 0;
  // A name for a file in the store's directory, which is removed at the next start if it is still
  // there.
  virtual std::string StagingPath() = 0;
  // A row is read for each session of the tenant.
  virtual absl::StatusOr<TenantHoldings> HoldingsOf(const std::string& tenant) = 0;
  // All sessions of all tenants, those first that were longest without an append. A time ahead of
  // the clock counts as now.
  virtual absl::StatusOr<std::vector<OldSession>> ListByAge() = 0;
  // Sessions whose time of the last append is ahead of the clock, which was ahead itself when they
  // were written, get the time that is now. Not for a clock that may be behind: when it is right
  // again, they would be old.
  virtual absl::Status BringTimesBack() = 0;
  // Deletes a session as LogStore::DeleteSession does, if nothing was appended to it since it was
  // listed: ABORTED otherwise. Waits for no file but the log.
  virtual absl::StatusOr<DeletionReceipt> DeleteUnchanged(const OldSession& session,
                                                          int64_t now_us) = 0;

  // Waits until the bytes of a deleted session have left every file: true. False at the deadline:
  // they leave shortly after, or, if the process ends before, at the start of the next.
  virtual bool WaitUntilErased(const DeletionReceipt& receipt, absl::Time deadline) = 0;

  // What a person should be told about the opening; usually empty.
  virtual std::vector<std::string> Notices() const = 0;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_MEMORY_STORE_H_
