// Whether the log is sound.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_VERIFY_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_VERIFY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/session_rows.h"

namespace fovea::sqlite {

struct UnsoundParts {
  bool file = false;                   // its structure
  bool orphans = false;                // rows of sessions that are not there
  bool states = false;                 // session_states.h
  std::vector<NamedSession> sessions;  // all that have problems
};

// Checks the file's structure, decodes every turn, and compares sequences and counters with the
// rows. Each session is seen at one moment; appends may go on meanwhile. Fails only if the file
// cannot be read at all, or with CANCELLED if the connection is told to stop: what is wrong in it
// is in the report, at most 1,000 entries. `unsound`, if not null, says where the problems are.
absl::StatusOr<VerifyReport> VerifyLog(Database& database, UnsoundParts* unsound = nullptr);

// "session S of tenant T", for people.
std::string NameOf(const NamedSession& session);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_VERIFY_H_
