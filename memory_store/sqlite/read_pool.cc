#include "memory_store/sqlite/read_pool.h"

#include "core/base/status_macros.h"

namespace fovea::sqlite {

absl::StatusOr<std::unique_ptr<ReadPool>> ReadPool::Open(DatabaseOptions options, int count) {
  options.access = DatabaseOptions::Access::kReadOnly;
  std::unique_ptr<ReadPool> pool(new ReadPool());
  for (int i = 0; i < count; ++i) {
    FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(options));
    pool->Return(std::move(database));
  }
  return pool;
}

ReadPool::Lease ReadPool::Borrow() { return *BorrowBefore(absl::InfiniteFuture()); }

std::optional<ReadPool::Lease> ReadPool::BorrowBefore(absl::Time deadline) {
  const MutexLock lock(&mutex_);
  while (idle_.empty()) {
    if (!returned_.WaitUntil(&mutex_, deadline) && idle_.empty()) return std::nullopt;
  }
  // The most recently used one has the warmest cache.
  std::unique_ptr<Database> database = std::move(idle_.back());
  idle_.pop_back();
  return Lease(this, std::move(database));
}

void ReadPool::Return(std::unique_ptr<Database> database) {
  {
    const MutexLock lock(&mutex_);
    idle_.push_back(std::move(database));
  }
  returned_.NotifyOne();
}

}  // namespace fovea::sqlite
