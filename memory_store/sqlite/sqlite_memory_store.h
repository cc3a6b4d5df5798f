// The store on SQLite: a database for the log and one for each cache.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SQLITE_MEMORY_STORE_H_
#define FOVEA_MEMORY_STORE_SQLITE_SQLITE_MEMORY_STORE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "memory_store/directory.h"
#include "memory_store/memory_store.h"

namespace fovea::sqlite {

// The store in the directory. The errors are MemoryStore::Open's.
absl::StatusOr<std::unique_ptr<MemoryStore>> OpenSqliteMemoryStore(
    std::unique_ptr<LockedDirectory> directory, const StoreOptions& options);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SQLITE_MEMORY_STORE_H_
