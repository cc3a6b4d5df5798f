#include "memory_store/memory_store.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "memory_store/directory.h"
#include "memory_store/sqlite/sqlite_memory_store.h"

namespace fovea {

absl::StatusOr<std::unique_ptr<MemoryStore>> MemoryStore::Open(StoreOptions options) {
  if (options.directory.empty()) return absl::InvalidArgumentError("a store needs a directory");
  if (!options.now_us) options.now_us = [] { return absl::GetCurrentTimeNanos() / 1000; };
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<LockedDirectory> directory,
                         LockedDirectory::Open(options.directory));
  return sqlite::OpenSqliteMemoryStore(std::move(directory), options);
}

}  // namespace fovea
