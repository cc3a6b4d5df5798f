#include "memory_store/sqlite/log_schema.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/log_rows.h"
#include "memory_store/sqlite/session_rows.h"

namespace fovea::sqlite {
namespace {

// Names and free text are blobs, so that any bytes are kept and compared as they are. Session rows
// are never used again (AUTOINCREMENT), because caches refer to them. The tables have a rowid
// besides their unique key: appends then go to one end of the table whichever session they are for.
// A session's row says in which commit it last changed, so that the log's newest commit is known
// without a row of its own that every commit would write; the one in meta is that of deletions.
constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604556;
PRAGMA user_version = 2;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 2), ('commit_number', 0);
CREATE TABLE sessions (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant BLOB NOT NULL,
  session_id BLOB NOT NULL,
  title BLOB NOT NULL,
  metadata_json BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  updated_us INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  text_bytes INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL,
  forked_from BLOB NOT NULL,
  forked_at_seq INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  chain BLOB NOT NULL DEFAULT x'',
  commit_number INTEGER NOT NULL DEFAULT 0,
  final_id BLOB NOT NULL DEFAULT x'',
  UNIQUE (tenant, session_id)
);
CREATE INDEX sessions_by_creation ON sessions (tenant, created_us, session_id);
CREATE TABLE turns (
  row INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  text_bytes INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (session, seq)
);
CREATE TABLE events (
  row INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  event_index INTEGER NOT NULL,
  after_seq INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  UNIQUE (session, event_index)
);
CREATE TABLE idempotency_keys (
  row INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  key BLOB NOT NULL,
  body_digest BLOB NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  UNIQUE (session, key)
);
CREATE TABLE damaged_turns (
  row INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX damaged_turns_by_session ON damaged_turns (session);
)sql";

constexpr char kUpgradeFrom1Sql[] = R"sql(
ALTER TABLE sessions ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN chain BLOB NOT NULL DEFAULT x'';
ALTER TABLE sessions ADD COLUMN commit_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN final_id BLOB NOT NULL DEFAULT x'';
CREATE TABLE damaged_turns (
  row INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX damaged_turns_by_session ON damaged_turns (session);
INSERT OR REPLACE INTO meta (key, value) VALUES ('oldest_reader', 2), ('commit_number', 0);
PRAGMA user_version = 2;
)sql";
constexpr char kListRowsSql[] = "SELECT row FROM sessions ORDER BY row";

absl::Status UpgradeFrom1(Database& database) {
  FOVEA_RETURN_IF_ERROR(database.Execute(kUpgradeFrom1Sql));
  std::vector<int64_t> rows;
  {
    FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListRowsSql));
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
      if (!found) break;
      rows.push_back(query.IntAt(0));
    }
  }
  for (const int64_t row : rows) {
    FOVEA_ASSIGN_OR_RETURN(const TurnChain chain, ComputeChain(database, row, {1, UINT64_MAX}));
    FOVEA_RETURN_IF_ERROR(SetChain(database, row, chain));
  }
  return absl::OkStatus();
}

absl::Status Upgrade(Database& database, int64_t version) {
  if (version == 1) return UpgradeFrom1(database);
  return absl::FailedPreconditionError(absl::StrCat("a log of version ", version));
}

}  // namespace

const Schema kLogSchema = {.what = "log",
                           .application = 1179604556,
                           .version = 2,
                           .create_sql = kCreateSql,
                           .upgrade = Upgrade};

}  // namespace fovea::sqlite
