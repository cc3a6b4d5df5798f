#include "memory_store/sqlite/log_schema.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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
// As released versions made them; this does not change when the present tables do.
constexpr char kCreate1Sql[] = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
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
)sql";

constexpr char kListSchemaSql[] =
    "SELECT quote(type) || ' ' || quote(name) || ' of ' || quote(tbl_name) || ': ' || quote(sql)"
    " FROM sqlite_schema LIMIT 100";
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

// What sqlite_schema says, in an order of its own.
using SchemaRows = std::vector<std::string>;

absl::StatusOr<SchemaRows> ReadSchemaRows(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListSchemaSql));
  SchemaRows rows;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) break;
    rows.push_back(query.StringAt(0));
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

absl::StatusOr<SchemaRows> MakeSchemaRows(std::initializer_list<const char*> statements) {
  FOVEA_ASSIGN_OR_RETURN(const auto database,
                         Database::Open({.access = DatabaseOptions::Access::kMemory}));
  for (const char* sql : statements) FOVEA_RETURN_IF_ERROR(database->Execute(sql));
  return ReadSchemaRows(*database);
}

std::string FirstOnlyIn(const SchemaRows& some, const SchemaRows& others) {
  SchemaRows only;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                      std::back_inserter(only));
  constexpr size_t kMaxShown = 80;
  if (only.empty()) return "";
  return absl::StrReplaceAll(absl::CHexEscape(only[0].substr(0, kMaxShown)), {{"\\'", "'"}});
}

}  // namespace

absl::Status CheckForeignLog(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(const FileKind kind, ReadFileKind(database));
  if (kind.application == kLogSchema.application && kind.version > kLogSchema.version) {
    return absl::FailedPreconditionError(absl::StrCat("a log of version ", kind.version,
                                                      "; this program restores up to version ",
                                                      kLogSchema.version));
  }
  FOVEA_ASSIGN_OR_RETURN(const SchemaRows found, ReadSchemaRows(database));
  FOVEA_ASSIGN_OR_RETURN(const SchemaRows first, MakeSchemaRows({kCreate1Sql}));
  FOVEA_ASSIGN_OR_RETURN(const SchemaRows made, MakeSchemaRows({kCreateSql}));
  FOVEA_ASSIGN_OR_RETURN(const SchemaRows upgraded,
                         MakeSchemaRows({kCreate1Sql, kUpgradeFrom1Sql}));
  if (kind.version == 1 ? found == first : found == made || found == upgraded) {
    return absl::OkStatus();
  }
  const SchemaRows& expected = kind.version == 1 ? first : made;
  const std::string strange = FirstOnlyIn(found, expected);
  return absl::DataLossError(
      strange.empty() ? absl::StrCat("holds no log: it lacks ", FirstOnlyIn(expected, found))
                      : absl::StrCat("is not as Fovea makes a log: it holds ", strange));
}

const Schema kLogSchema = {.what = "log",
                           .application = 1179604556,
                           .version = 2,
                           .create_sql = kCreateSql,
                           .upgrade = Upgrade};

}  // namespace fovea::sqlite
