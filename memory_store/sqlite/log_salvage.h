// A damaged log, copied to a sound one.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_SALVAGE_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_SALVAGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

// A turn whose number another of its session has stands under the negative number until MendSession
// finds out which of the two it belongs to; where that is taken as well, below this.
inline constexpr int64_t kLowestRival = -(int64_t{1} << 40);

struct SalvagedLog {
  std::unique_ptr<Database> database;  // whose structure is sound; not synced
  std::vector<std::string> lost;       // which rows, and what MendNames says
};

// Copies every row that can be read by its table, whatever the state of the indexes and of the free
// pages, to a new log at `path`, with the store's id and this number of a commit; from the indexes,
// MendNames (log_names.h) tells whose each session is. The sessions' counters and chains are as
// they were, for MendSession. Reads each row once; a damaged page costs some thousands of lookups.
// RESOURCE_EXHAUSTED or UNAVAILABLE if the new file cannot be written. `damaged` must not be
// written meanwhile.
absl::StatusOr<SalvagedLog> SalvageLog(Database& damaged, const std::string& path,
                                       const std::string& store_id, uint64_t commit);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_SALVAGE_H_
