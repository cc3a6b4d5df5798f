#include "memory_store/sqlite/log_salvage.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/sqlite/log_names.h"
#include "memory_store/sqlite/log_schema.h"
#include "memory_store/sqlite/session_rows.h"

namespace fovea::sqlite {
namespace {

constexpr int64_t kLastRow = std::numeric_limits<int64_t>::max();
// Rows behind damage that are looked for one by one; a page has fewer. Behind that, further and
// further.
constexpr int64_t kNearRows = 10'000;
// Rows that come again before a table counts as one that leads in circles.
constexpr uint64_t kMaxRepeated = 10'000;
// Where the number of the last session cannot be read: far behind any that is seen, since caches
// may remember sessions that are deleted.
constexpr int64_t kSkippedSessions = 1'000'000;
constexpr size_t kMaxSaid = 100;

// For sqlite3_column_value: `columns` of them, the first the row's number.
struct Table {
  const char* name;
  int columns;
  const char* read;    // from row ?1 on
  const char* insert;  // nothing, where it breaks a rule of the table
  const char* has;     // whether there is a row ?1
  // The same row where its unique key is taken; null: it is left out.
  const char* insert_rival;
};

#define FOVEA_READ(columns, table) \
  "SELECT " columns " FROM " table " NOT INDEXED WHERE row >= ?1 ORDER BY row"
#define FOVEA_INSERT(columns, table, values) \
  "INSERT OR IGNORE INTO " table " (" columns ") VALUES (" values ")"
#define FOVEA_SESSIONS                                                                \
  "row, tenant, session_id, title, metadata_json, created_us, updated_us, last_seq,"  \
  " event_count, text_bytes, stored_bytes, forked_from, forked_at_seq, state, chain," \
  " commit_number, final_id"
#define FOVEA_TURNS "row, session, seq, text_bytes, body"
#define FOVEA_EVENTS "row, session, event_index, after_seq, kind, first_seq, last_seq, time_us"
#define FOVEA_KEYS "row, session, key, body_digest, first_seq, last_seq"
#define FOVEA_DAMAGED "row, session, seq, body"

constexpr Table kTables[] = {
    // Names of another type would be found by nobody, and a state of none is one that is mended.
    {.name = "sessions",
     .columns = 17,
     .read = FOVEA_READ(FOVEA_SESSIONS, "sessions"),
     .insert = FOVEA_INSERT(FOVEA_SESSIONS, "sessions",
                            "?1, CAST(?2 AS BLOB), CAST(?3 AS BLOB), ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                            "?11, ?12, ?13, COALESCE(?14, 0), ?15,"
                            " ?16, ?17"),
     .has = "SELECT 1 FROM sessions WHERE row = ?1",
     .insert_rival =
         FOVEA_INSERT(FOVEA_SESSIONS, "sessions",
                      "?1, CAST(?2 AS BLOB), CAST(?3 || '-' || ?1 AS BLOB), ?4, ?5, ?6, ?7, ?8, ?9,"
                      " ?10, ?11, ?12, ?13, COALESCE(?14, 0), ?15, ?16, ?17")},
    {.name = "turns",
     .columns = 5,
     .read = FOVEA_READ(FOVEA_TURNS, "turns"),
     .insert = FOVEA_INSERT(FOVEA_TURNS, "turns", "?1, ?2, ?3, ?4, ?5"),
     .has = "SELECT 1 FROM turns WHERE row = ?1",
     .insert_rival = FOVEA_INSERT(FOVEA_TURNS, "turns",
                                  "?1, ?2, CASE WHEN ?3 > 0 AND ?3 < 1099511627776 AND NOT EXISTS"
                                  " (SELECT 1 FROM turns WHERE session = ?2 AND seq = -?3)"
                                  " THEN -?3 ELSE -1099511627776 - ?1 END, ?4, ?5")},
    {.name = "events",
     .columns = 8,
     .read = FOVEA_READ(FOVEA_EVENTS, "events"),
     .insert = FOVEA_INSERT(FOVEA_EVENTS, "events", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8"),
     .has = "SELECT 1 FROM events WHERE row = ?1",
     .insert_rival = FOVEA_INSERT(FOVEA_EVENTS, "events", "?1, ?2, -?1, ?4, ?5, ?6, ?7, ?8")},
    {.name = "idempotency_keys",
     .columns = 6,
     .read = FOVEA_READ(FOVEA_KEYS, "idempotency_keys"),
     .insert = FOVEA_INSERT(FOVEA_KEYS, "idempotency_keys", "?1, ?2, CAST(?3 AS BLOB), ?4, ?5, ?6"),
     .has = "SELECT 1 FROM idempotency_keys WHERE row = ?1",
     .insert_rival = nullptr},
    {.name = "damaged_turns",
     .columns = 4,
     .read = FOVEA_READ(FOVEA_DAMAGED, "damaged_turns"),
     .insert = FOVEA_INSERT(FOVEA_DAMAGED, "damaged_turns", "?1, ?2, ?3, ?4"),
     .has = "SELECT 1 FROM damaged_turns WHERE row = ?1",
     .insert_rival = nullptr}};
static_assert(kLowestRival == -1099511627776);

constexpr char kLastSessionSql[] = "SELECT seq FROM sqlite_sequence WHERE name = 'sessions'";
constexpr char kSeenSessionSql[] =
    "SELECT MAX(COALESCE((SELECT MAX(row) FROM sessions), 0),"
    " COALESCE((SELECT MAX(session) FROM turns), 0),"
    " COALESCE((SELECT MAX(session) FROM damaged_turns), 0))";
constexpr char kForgetLastSessionSql[] = "DELETE FROM sqlite_sequence WHERE name = 'sessions'";
constexpr char kSetLastSessionSql[] =
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('sessions', ?1)";

// A statement of its own, which binds values as another one gives them.
class Statement {
 public:
  static absl::StatusOr<Statement> Prepare(Database& database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(database.handle(), sql, -1, &statement, nullptr);
    if (code != SQLITE_OK) return ToStatus(code, sql, database.handle());
    return Statement(statement);
  }
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  sqlite3_stmt* get() const { return statement_; }
  void StartAt(int64_t row) const {
    sqlite3_reset(statement_);
    sqlite3_bind_int64(statement_, 1, row);
  }
  // SQLite's code.
  int Step() const { return sqlite3_step(statement_); }
  // Whether there is a row ?1.
  bool Finds(int64_t row) const {
    StartAt(row);
    const bool found = Step() == SQLITE_ROW;
    sqlite3_reset(statement_);
    return found;
  }

 private:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

class TableCopy {
 public:
  TableCopy(const Table& table, Database& target, Statement read, Statement insert, Statement has,
            Statement rival)
      : table_(table),
        target_(target),
        read_(std::move(read)),
        insert_(std::move(insert)),
        has_(std::move(has)),
        rival_(std::move(rival)) {}

  absl::Status Run(std::vector<std::string>& lost) {
    FOVEA_RETURN_IF_ERROR(CopyAll(lost));
    if (left_out_ + repeated_ > 0) {
      lost.push_back(absl::StrCat(left_out_ + repeated_, " rows of the table ", table_.name,
                                  " have numbers or keys of other rows"));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CopyAll(std::vector<std::string>& lost) {
    int64_t from = std::numeric_limits<int64_t>::min();
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool end, CopyFrom(from));
      if (end) return absl::OkStatus();
      const int64_t damage = std::max(from, last_ == kLastRow ? kLastRow : last_ + 1);
      const int64_t behind = Behind(damage);
      if (lost.size() < kMaxSaid) {
        lost.push_back(absl::StrCat(
            "rows of the table ", table_.name, " behind ", std::max<int64_t>(0, damage - 1),
            behind == kLastRow ? "" : absl::StrCat(" and before ", behind), " cannot be read"));
      }
      if (behind == kLastRow) return absl::OkStatus();
      from = behind;
    }
  }

  // True at the table's end, false at damage.
  absl::StatusOr<bool> CopyFrom(int64_t from) {
    read_.StartAt(from);
    while (true) {
      const int code = read_.Step();
      if (code == SQLITE_DONE) return true;
      if (code != SQLITE_ROW) return false;
      last_ = sqlite3_column_int64(read_.get(), 0);
      FOVEA_RETURN_IF_ERROR(CopyRow());
      if (repeated_ > kMaxRepeated) return false;
    }
  }

  absl::Status CopyRow() {
    FOVEA_RETURN_IF_ERROR(Insert(insert_));
    if (target_.Changes() > 0) return absl::OkStatus();
    if (has_.Finds(last_)) {
      ++repeated_;
      return absl::OkStatus();
    }
    if (table_.insert_rival != nullptr) FOVEA_RETURN_IF_ERROR(Insert(rival_));
    if (table_.insert_rival == nullptr || target_.Changes() == 0) ++left_out_;
    return absl::OkStatus();
  }

  absl::Status Insert(const Statement& statement) {
    sqlite3_reset(statement.get());
    for (int i = 0; i < table_.columns; ++i) {
      sqlite3_bind_value(statement.get(), i + 1, sqlite3_column_value(read_.get(), i));
    }
    const int code = statement.Step();
    sqlite3_reset(statement.get());
    return code == SQLITE_DONE ? absl::OkStatus() : ToStatus(code, "salvaging", target_.handle());
  }

  bool CanReadFrom(int64_t row) const {
    read_.StartAt(row);
    const int code = read_.Step();
    return code == SQLITE_ROW || code == SQLITE_DONE;
  }

  // The first row behind `damage` from which the table can be read on; kLastRow if there is none.
  int64_t Behind(int64_t damage) const {
    if (repeated_ > kMaxRepeated) return kLastRow;
    int64_t step = 1;
    int64_t tried = 0;
    int64_t bad = damage;
    while (bad < kLastRow) {
      const int64_t next = bad > kLastRow - step ? kLastRow : bad + step;
      if (CanReadFrom(next)) return step == 1 ? next : Between(bad, next);
      bad = next;
      if (++tried > kNearRows && step <= kLastRow / 2) step *= 2;
    }
    return kLastRow;
  }
  int64_t Between(int64_t bad, int64_t good) const {
    while (good - bad > 1) {
      const int64_t middle = bad + (good - bad) / 2;
      (CanReadFrom(middle) ? good : bad) = middle;
    }
    return good;
  }

  const Table& table_;
  Database& target_;
  const Statement read_;
  const Statement insert_;
  const Statement has_;
  const Statement rival_;
  int64_t last_ = 0;
  uint64_t repeated_ = 0;  // rows whose number was there
  uint64_t left_out_ = 0;  // rows that broke another rule
};

absl::Status CopyTable(Database& source, const Table& table, Database& target,
                       std::vector<std::string>& lost) {
  FOVEA_ASSIGN_OR_RETURN(Statement read, Statement::Prepare(source, table.read));
  FOVEA_ASSIGN_OR_RETURN(Statement insert, Statement::Prepare(target, table.insert));
  FOVEA_ASSIGN_OR_RETURN(Statement has, Statement::Prepare(target, table.has));
  FOVEA_ASSIGN_OR_RETURN(
      Statement rival,
      Statement::Prepare(target, table.insert_rival == nullptr ? table.has : table.insert_rival));
  return TableCopy(table, target, std::move(read), std::move(insert), std::move(has),
                   std::move(rival))
      .Run(lost);
}

absl::Status SetLastSession(Database& source, Database& target) {
  int64_t seen = 0;
  {
    FOVEA_ASSIGN_OR_RETURN(Query query, target.Prepare(kSeenSessionSql));
    FOVEA_RETURN_IF_ERROR(query.Step().status());
    seen = query.IntAt(0);
  }
  const auto noted = [&]() -> absl::StatusOr<int64_t> {
    FOVEA_ASSIGN_OR_RETURN(Query query, source.Prepare(kLastSessionSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
    return found ? query.IntAt(0) : -1;
  }();
  const bool trusted = noted.ok() && *noted >= seen;
  const int64_t last =
      trusted ? *noted : std::min(seen, kLastRow - kSkippedSessions) + kSkippedSessions;
  FOVEA_RETURN_IF_ERROR(target.Execute(kForgetLastSessionSql));
  FOVEA_ASSIGN_OR_RETURN(Query set, target.Prepare(kSetLastSessionSql));
  return set.Int(last).Run();
}

}  // namespace

absl::StatusOr<SalvagedLog> SalvageLog(Database& damaged, const std::string& path,
                                       const std::string& store_id, uint64_t commit) {
  FOVEA_ASSIGN_OR_RETURN(const uint64_t page_bytes, damaged.PageBytes());
  SalvagedLog salvaged;
  FOVEA_ASSIGN_OR_RETURN(salvaged.database,
                         Database::Open({.path = path,
                                         .synchronous = DatabaseOptions::Synchronous::kNormal,
                                         .page_bytes = static_cast<int>(page_bytes)}));
  Database& target = *salvaged.database;
  // A file that a crash leaves behind is thrown away, so it needs neither a journal nor syncs.
  FOVEA_RETURN_IF_ERROR(target.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"));
  FOVEA_RETURN_IF_ERROR(PrepareSchema(target, kLogSchema));
  FOVEA_RETURN_IF_ERROR(target.WriteTransaction([&]() -> absl::Status {
    for (const Table& table : kTables) {
      FOVEA_RETURN_IF_ERROR(CopyTable(damaged, table, target, salvaged.lost));
    }
    FOVEA_RETURN_IF_ERROR(SetLastSession(damaged, target));
    FOVEA_RETURN_IF_ERROR(MendNames(damaged, target, salvaged.lost));
    FOVEA_RETURN_IF_ERROR(WriteStoreId(target, store_id));
    return SetDeletionCommit(target, commit);
  }));
  return salvaged;
}

}  // namespace fovea::sqlite
