// The log's tables, and how those of older versions become them.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_SCHEMA_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_SCHEMA_H_

#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {

// Version 1 had no chains, states or commit numbers; it is upgraded in place, in one transaction,
// for which all turns are read once.
extern const Schema kLogSchema;

// Whether a file from elsewhere holds the tables and indexes that this version made, or one that it
// upgrades, and nothing else: a view in the place of a table would run whatever it says. To be
// asked before anything else is read. DATA_LOSS names what is there or is missing;
// FAILED_PRECONDITION if the file is of a newer version.
absl::Status CheckForeignLog(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_SCHEMA_H_
