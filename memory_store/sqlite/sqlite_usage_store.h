// Corrections of text counts in usage.db.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_USAGE_STORE_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_USAGE_STORE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/tokens/usage_store.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

// Thread-safe. Reports are rare and small: each is a transaction of its own on the caller's thread,
// one at a time.
class SqliteUsageStore final : public UsageStore {
 public:
  // A file of another store, or a damaged one, is thrown away: corrections are learnt again.
  static absl::StatusOr<std::unique_ptr<SqliteUsageStore>> Open(const std::string& path,
                                                                const std::string& store_id);

  absl::StatusOr<std::vector<StoredCorrection>> ReadAll() override;
  absl::Status Put(const StoredCorrection& correction) override;
  // DATA_LOSS if the file is damaged.
  absl::Status Verify();

 private:
  explicit SqliteUsageStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Mutex mutex_;
  const std::unique_ptr<Database> database_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_USAGE_STORE_H_
