// What a session's row says of how far the session is in its life, and whether it can be believed.
#ifndef FOVEA_MEMORY_STORE_SQLITE_SESSION_STATES_H_
#define FOVEA_MEMORY_STORE_SQLITE_SESSION_STATES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/session_rows.h"

namespace fovea::sqlite {

// Every write leaves a row in one of three forms: open under its name; staged under its hidden name
// with the name that it will get; being deleted under its hidden name with none. The name stands in
// two indexes, too, and the state nowhere else: so a row in another form has a damaged state, and
// its name tells what it was.
struct UnsoundState {
  // kErased: nobody was to see it any more, or yet. kUnknown: its name is of neither kind.
  enum class Was { kOpen, kErased, kUnknown };
  NamedSession session;
  Was was = Was::kUnknown;
};

// Rows that are staged or being deleted, in one of those forms: what a crash left behind, when the
// log is opened.
absl::StatusOr<std::vector<int64_t>> ListUnfinished(Database& database);
// Rows that are being deleted, in that form.
absl::StatusOr<std::vector<int64_t>> ListHidden(Database& database);
absl::StatusOr<std::vector<UnsoundState>> ListUnsoundStates(Database& database);
// For people.
std::string Describe(const UnsoundState& unsound);

struct MendedStates {
  std::vector<std::string> mended;
  std::vector<int64_t> opened;  // rows that everybody sees again
};

// Opens again what was open, hides what was to be erased, for whoever then erases it, and removes
// the row of which it is not known, so that MendTables sets its turns aside. To be called when the
// names agree with the indexes. Inside a transaction of the caller's.
absl::StatusOr<MendedStates> MendStates(Database& database);

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_SESSION_STATES_H_
