// Keeps deleted words out of database files. SQLite's secure_delete overwrites a row where it lay,
// but not the copies that it left in the unused middle of a page when it moved rows together there
// (rebuildPage in its btree.c); they stay in the file until that page fills up.
#ifndef FOVEA_MEMORY_STORE_SQLITE_CLEARING_VFS_H_
#define FOVEA_MEMORY_STORE_SQLITE_CLEARING_VFS_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace fovea::sqlite {

// The name of a file system for SQLite that is `base` ("" for the default), but clears the unused
// middle of each page on its way into a database. The write-ahead log gets pages as they are, since
// its checksums are over all of them: empty it with CheckpointMode::kTruncate. Registered for as
// long as the process lives; `base` may be registered again meanwhile. Thread-safe. NOT_FOUND if
// there is no `base`.
absl::StatusOr<std::string> ClearingVfs(const std::string& base);

// Fills what lies between the cell pointers and the cells of a b-tree page with zeros; any other
// page stays as it is. The format: https://www.sqlite.org/fileformat2.html#b_tree_pages. `first`:
// page 1, whose header stands behind the database's.
void ClearUnusedMiddle(std::span<unsigned char> page, bool first);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_CLEARING_VFS_H_
