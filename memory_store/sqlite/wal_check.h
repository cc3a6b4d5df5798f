// Whether a write-ahead log holds commits that SQLite would pass over in silence.
#ifndef FOVEA_MEMORY_STORE_SQLITE_WAL_CHECK_H_
#define FOVEA_MEMORY_STORE_SQLITE_WAL_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace fovea::sqlite {

// When it opens a database, SQLite takes the log up to the first frame whose checksum is wrong, and
// forgets the rest: right for a commit that a power loss tore, wrong for a byte that flipped in the
// middle. Each commit is synced before the next begins, so that a torn end holds one commit at
// most. DATA_LOSS if more than one stands behind the first wrong frame, or if the log's own header
// is wrong before a commit. OK if there is no log. The file is read, and nothing is written. To be
// called while nobody has the database open.
absl::Status CheckWal(const std::string& wal_path);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_WAL_CHECK_H_
