// The cache of drawn pages in one SQLite file.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_PAGE_STORE_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_PAGE_STORE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/page/page_store.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/read_pool.h"
#include "memory_store/sqlite/writer.h"

namespace fovea::sqlite {

struct PageStoreOptions {
  std::string path;
  std::string store_id;                        // of the log that the pages are drawn from
  int readers = 2;                             // read connections, at least 1
  size_t max_queued_bytes = size_t{64} << 20;  // Put waits while more has yet to be written
  uint64_t max_bytes = 0;                      // of pages held; the oldest go first; 0: no limit
  // Whether a session is there. Pages of one that is not are dropped, so that a page drawn while
  // its session is deleted does not stay. Called on the writer's thread.
  std::function<bool(const SessionKey&)> session_exists;
};

// Pages are written in the background and visible at once. What the disk refuses is forgotten: it
// can be drawn again. Thread-safe.
class SqlitePageStore final : public PageStore {
 public:
  // A file that is damaged or belongs to another log is replaced by an empty one. UNAVAILABLE if it
  // cannot be opened.
  static absl::StatusOr<std::unique_ptr<SqlitePageStore>> Open(PageStoreOptions options);
  // Writes what is queued.
  ~SqlitePageStore() override;

  absl::Status Put(const SessionKey& key, std::vector<StoredPage> pages) override;
  absl::StatusOr<std::vector<std::optional<std::string>>> Get(
      const SessionKey& key, const std::vector<std::string>& page_ids) override;
  absl::StatusOr<uint64_t> DeleteSession(const SessionKey& key) override;
  absl::StatusOr<uint64_t> DeleteAll() override;
  absl::StatusOr<PageStats> Stats() override;

  // Problems of the file, read whole.
  absl::StatusOr<std::vector<std::string>> Verify();
  // Drops what is damaged, the whole file if its structure is; says what was done.
  absl::StatusOr<std::vector<std::string>> Repair();
  // Throws the file away, without taking any space for it, and goes on with a new one when there
  // is room again. True if that gave the disk something back.
  bool GiveUp();
  // As Writer::WaitUntilScrubbed.
  bool WaitUntilScrubbed(absl::Time deadline);

 private:
  using PageKey = std::tuple<std::string, std::string, std::string>;  // tenant, session, page
  using Png = std::shared_ptr<const std::string>;
  using Queued = std::vector<std::pair<std::string, Png>>;  // page ids and their bytes

  // The open file; replaced as a whole.
  struct File {
    std::unique_ptr<Writer> writer;
    std::unique_ptr<ReadPool> readers;  // closed before the writer's connection
  };

  explicit SqlitePageStore(PageStoreOptions options) : options_(std::move(options)) {}
  absl::StatusOr<std::unique_ptr<File>> OpenFile() const;
  void TryReopen();
  absl::Status Write(Database& database, const SessionKey& key, const Queued& pages) const;
  void Forget(const SessionKey& key, const Queued& pages);
  std::optional<std::string> FindQueued(const SessionKey& key, const std::string& page_id);
  std::optional<std::string> FindStored(File& file, Database& database, const SessionKey& key,
                                        const std::string& page_id, absl::Status& failure);
  absl::Status NoteDamage(absl::Status status) const;

  const PageStoreOptions options_;
  Mutex mutex_;
  absl::flat_hash_map<PageKey, Png> queued_ ABSL_GUARDED_BY(mutex_);
  // Shared by who uses the file, exclusive to replace it. Null: thrown away, and not made again
  // yet.
  std::shared_mutex file_mutex_;
  std::unique_ptr<File> file_;
  std::atomic<int64_t> reopen_at_us_ = 0;  // Unix time
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_PAGE_STORE_H_
