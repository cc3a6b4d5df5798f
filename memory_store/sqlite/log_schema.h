// The log's tables, and how those of older versions become them.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_SCHEMA_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_SCHEMA_H_

#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {

// Version 1 had no chains, states or commit numbers; it is upgraded in place, in one transaction,
// for which all turns are read once.
extern const Schema kLogSchema;

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_SCHEMA_H_
