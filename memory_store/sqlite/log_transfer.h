// A whole log as one file, and sessions out of one.
#ifndef FOVEA_MEMORY_STORE_SQLITE_LOG_TRANSFER_H_
#define FOVEA_MEMORY_STORE_SQLITE_LOG_TRANSFER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/log/log_store.h"
#include "memory_store/sqlite/database.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/session_rows.h"
#include "memory_store/store_reports.h"

namespace fovea::sqlite {

// Copies the database, as it is at one moment, to a new file at `path`, for its owner alone, and
// syncs it. What writes goes on meanwhile. UNAVAILABLE or RESOURCE_EXHAUSTED if the disk refuses;
// the file is removed then.
absl::Status CopyDatabase(Database& source, const std::string& path);

// Makes `target`, which is in no transaction, the same as `source`, in one commit: whoever reads it
// sees the one or the other, and so does who opens it after a crash. The pages must be of one size.
// What stood in `target` need not be sound. RESOURCE_EXHAUSTED or UNAVAILABLE if the disk refuses.
absl::Status OverwriteDatabase(Database& source, Database& target);

// Everything of a session but its turns.
struct SessionParts {
  std::string tenant;
  SessionRow row;
  std::vector<LogEvent> events;
  std::vector<std::pair<std::string, StoredAnswer>> answers;  // by idempotency key
};

// A log that is read to be copied from. Thread-compatible.
class LogSource {
 public:
  // Opens the file, upgrading it if it is of an older version, and reads all of it: DATA_LOSS if it
  // is not sound, or holds anything but a log's own tables (log_schema.h), which is looked at
  // first. The file must be nobody else's. `still_wanted` ends this call, and with CANCELLED what
  // is read later.
  static absl::StatusOr<std::unique_ptr<LogSource>> Open(const std::string& path,
                                                         const StillWanted& still_wanted = {});

  const VerifyReport& report() const { return report_; }
  absl::StatusOr<std::vector<NamedSession>> Sessions();
  absl::StatusOr<SessionParts> ReadParts(const NamedSession& session);
  // At least one turn from first_seq on, and no more than after max_bytes of bodies; none at the
  // end.
  absl::StatusOr<std::vector<EncodedTurn>> ReadTurns(const NamedSession& session,
                                                     uint64_t first_seq, uint64_t max_bytes);

 private:
  explicit LogSource(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  absl::Status ReadAll(const std::string& path);

  const std::unique_ptr<Database> database_;
  VerifyReport report_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_LOG_TRANSFER_H_
