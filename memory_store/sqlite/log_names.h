// Whose a session of a damaged log is.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_NAMES_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_NAMES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

// A session's tenant and name stand three times in a log: in the table and in both of its indexes.
// Compares those of `salvaged`, into which all that the damaged log's table gave was copied, with
// the indexes of `damaged`. Where one of the three differs, the other two are right; a session that
// both indexes name alike and the table does not hold comes back, with the turns that are there,
// but without its title and metadata. Where that does not tell whose a session is, its row goes, so
// that nobody sees it, and MendTables sets its turns aside. Says in `said` what was done. Reads
// what can be read of the indexes, and holds in memory only what differs. Inside a transaction of
// the caller's on `salvaged`.
absl::Status MendNames(Database& damaged, Database& salvaged, std::vector<std::string>& said);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_NAMES_H_
