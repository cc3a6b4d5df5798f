// Mending the log.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_REPAIR_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_REPAIR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/session_rows.h"

namespace fovea::sqlite {

struct MendedSession {
  std::vector<std::string> mended;
  bool turns_changed = false;
};

// Makes the session whole again, whatever it lacks: a note stands for each turn that does not
// decode, whose bytes move to damaged_turns, and for each that is missing; turns whose numbers were
// damaged get them back where the chain tells, and else move there, too; events are numbered
// without gaps; counters and the chain are made from what is there. DATA_LOSS if its rows cannot be
// read. Inside a transaction of the caller's.
absl::StatusOr<MendedSession> MendSession(Database& database, const NamedSession& session,
                                          uint64_t commit);
// Moves turns of sessions that are not there to damaged_turns, and removes their events and
// idempotency keys; says so.
absl::StatusOr<std::vector<std::string>> MendTables(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_REPAIR_H_
