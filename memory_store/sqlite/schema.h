// Which files this code made and can read.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SCHEMA_H_
#define FOVEA_MEMORY_STORE_SQLITE_SCHEMA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "memory_store/sqlite/database.h"

namespace fovea::sqlite {

// Every file has PRAGMA application_id and user_version (the version of its tables), and a table
// meta(key, value) with `oldest_reader`, the lowest version whose code can still use the file, and
// `store_id`, which a log draws at random and its caches copy.
struct Schema {
  const char* what;     // for messages: "log"
  int64_t application;  // PRAGMA application_id
  int64_t version;
  const char* create_sql;  // makes the tables and sets both pragmas and `oldest_reader`
  // Makes tables of an older version into these, within a transaction. Null for caches: an older
  // one is thrown away.
  absl::Status (*upgrade)(Database& database, int64_t version) = nullptr;
};

// What the file's header says; reads nothing else.
struct FileKind {
  int64_t application = 0;
  int64_t version = 0;
};
absl::StatusOr<FileKind> ReadFileKind(Database& database);

// Makes the tables if the file is new, and upgrades those of an older version. FAILED_PRECONDITION
// if the file is another kind of database, or was written by a version that this one cannot read.
absl::Status PrepareSchema(Database& database, const Schema& schema);

// NOT_FOUND if the file has none yet.
absl::StatusOr<std::string> ReadStoreId(Database& database);
absl::Status WriteStoreId(Database& database, std::string_view store_id);
// 16 bytes, random.
absl::StatusOr<std::string> DrawStoreId(Database& database);

// Opens a file that can be made again from the log with id `store_id`. If the file is damaged, was
// made by other code or for another log, or MarkForDiscard was called, it is thrown away and made
// again.
absl::StatusOr<std::unique_ptr<Database>> OpenCache(const DatabaseOptions& options,
                                                    const Schema& schema,
                                                    std::string_view store_id);

// Has the next OpenCache throw the file away: damage was found while it was in use.
void MarkForDiscard(const std::string& path);

// Removes the file and what belongs to it. Nobody may have it open.
void RemoveDatabase(const std::string& path);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SCHEMA_H_
