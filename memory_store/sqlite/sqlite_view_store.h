// The cache of planners' checkpoints in one SQLite file.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_VIEW_STORE_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_VIEW_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/forgetting/view_store.h"
#include "memory_store/sqlite/read_pool.h"
#include "memory_store/sqlite/writer.h"

namespace fovea::sqlite {

struct ViewStoreOptions {
  std::string path;
  std::string store_id;    // of the log that the views are of
  uint64_t max_bytes = 0;  // of checkpoints as stored; those that were longest unused go; 0: none
  // Whether a session is there. Called on the writer's thread, and when the file is opened.
  std::function<bool(uint64_t session)> session_exists;
};

// Checkpoints are compressed in the caller's thread and written by one Writer. What the disk
// refuses is forgotten. They hold words of turns: what is deleted is overwritten. Thread-safe.
class SqliteViewStore final : public ViewStore {
 public:
  // A file that is damaged or belongs to another log is replaced by an empty one. UNAVAILABLE if it
  // cannot be opened.
  static absl::StatusOr<std::unique_ptr<SqliteViewStore>> Open(ViewStoreOptions options);

  void Put(uint64_t session, std::string view_id, std::string checkpoint) override;
  std::optional<std::string> Get(uint64_t session, const std::string& view_id) override;
  absl::Status DeleteSession(uint64_t session) override;
  absl::Status DeleteAll() override;

  // DATA_LOSS if the file's structure is wrong. A damaged checkpoint is no problem: it is not used.
  absl::Status Verify();
  // As Writer::WaitUntilScrubbed.
  bool WaitUntilScrubbed(absl::Time deadline);
  // Throws the file away, without taking any space for it; there is none until the store is opened
  // again. True if that gave the disk something back.
  bool GiveUp();

 private:
  // The open file.
  struct File {
    std::unique_ptr<Writer> writer;
    std::unique_ptr<ReadPool> readers;  // closed before the writer's connection
  };

  explicit SqliteViewStore(ViewStoreOptions options) : options_(std::move(options)) {}
  absl::Status OpenFile();
  absl::Status Write(Database& database, uint64_t session, const std::string& view_id,
                     const std::string& packed) const;
  absl::Status NoteDamage(absl::Status status) const;
  absl::Status Delete(std::function<absl::Status(Database&)> work);

  const ViewStoreOptions options_;
  // Shared by who uses the file, exclusive to throw it away. Null: thrown away.
  std::shared_mutex mutex_;
  std::unique_ptr<File> file_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_VIEW_STORE_H_
