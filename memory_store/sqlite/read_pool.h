// A fixed number of read connections to one file, lent out one at a time.
#ifndef FOVEA_MEMORY_STORE_SQLITE_READ_POOL_H_
#define FOVEA_MEMORY_STORE_SQLITE_READ_POOL_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "memory_store/mutex.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

// Thread-safe. Must outlive its leases.
class ReadPool {
 public:
  // A connection on loan. Thread-compatible.
  class Lease {
   public:
    Lease(ReadPool* pool, std::unique_ptr<Database> database)
        : pool_(pool), database_(std::move(database)) {}
    Lease(Lease&& other) noexcept = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (database_ != nullptr) pool_->Return(std::move(database_));
    }
    Database* operator->() const { return database_.get(); }
    Database& operator*() const { return *database_; }

   private:
    ReadPool* pool_;
    std::unique_ptr<Database> database_;
  };

  // Opens `count` connections (at least 1) with `options`, whose access is taken as read-only. The
  // file must exist in write-ahead-log mode. Fails as Database::Open does.
  static absl::StatusOr<std::unique_ptr<ReadPool>> Open(DatabaseOptions options, int count);

  // Waits until a connection is free.
  Lease Borrow();
  // None if there is none before the deadline.
  std::optional<Lease> BorrowBefore(absl::Time deadline);

 private:
  ReadPool() = default;
  void Return(std::unique_ptr<Database> database);

  Mutex mutex_;
  ConditionVariable returned_;
  std::vector<std::unique_ptr<Database>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_READ_POOL_H_
