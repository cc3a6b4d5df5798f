#include "gateway/books/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_macros.h"

namespace fovea::gateway {
namespace {

constexpr int kBusyMilliseconds = 2000;

// Schema version 1, in user_version.
constexpr char kSchemaSql[] = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS node (
  chain BLOB PRIMARY KEY, session TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS node_session ON node (session);
CREATE TABLE IF NOT EXISTS scope (
  scope BLOB PRIMARY KEY, session TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS insertion (
  chain BLOB PRIMARY KEY, json BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS request (
  time_us INTEGER NOT NULL, session TEXT NOT NULL, project TEXT NOT NULL, model TEXT NOT NULL,
  wire TEXT NOT NULL, agent TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL,
  status INTEGER NOT NULL, predicted INTEGER NOT NULL, input INTEGER NOT NULL,
  cached INTEGER NOT NULL, written INTEGER NOT NULL, output INTEGER NOT NULL,
  history INTEGER NOT NULL, billed REAL NOT NULL, full_billed REAL NOT NULL);
CREATE INDEX IF NOT EXISTS request_time ON request (time_us);
CREATE INDEX IF NOT EXISTS request_session ON request (session, time_us);
PRAGMA user_version = 1;
)";
constexpr char kFindNodeSql[] = "SELECT session, seq FROM node WHERE chain = ?";
constexpr char kAddNodeSql[] = "INSERT OR IGNORE INTO node (chain, session, seq) VALUES (?, ?, ?)";
constexpr char kForgetSql[] = "DELETE FROM node WHERE session = ?";
constexpr char kFindScopeSql[] = "SELECT session FROM scope WHERE scope = ?";
constexpr char kSetScopeSql[] =
    "INSERT INTO scope (scope, session) VALUES (?, ?) "
    "ON CONFLICT (scope) DO UPDATE SET session = excluded.session";
constexpr char kFindInsertSql[] = "SELECT json FROM insertion WHERE chain = ?";
constexpr char kAddInsertSql[] = "INSERT OR REPLACE INTO insertion (chain, json) VALUES (?, ?)";
constexpr char kRecordSql[] =
    "INSERT INTO request (time_us, session, project, model, wire, agent, action, reason, status, "
    "predicted, input, cached, written, output, history, billed, full_billed) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

// One lock on the file for many reads, instead of one for each.
class ReadOnce {
 public:
  explicit ReadOnce(sqlite3* handle) : handle_(handle) {
    begun_ = sqlite3_exec(handle, "BEGIN", nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  ~ReadOnce() {
    if (begun_) sqlite3_exec(handle_, "COMMIT", nullptr, nullptr, nullptr);
  }
  ReadOnce(const ReadOnce&) = delete;
  ReadOnce& operator=(const ReadOnce&) = delete;

 private:
  sqlite3* const handle_;
  bool begun_ = false;
};

// The expression that a sum is grouped by; null if there is none of that name.
const char* GroupExpression(absl::string_view by) {
  if (by.empty()) return "''";
  if (by == "session") return "session";
  if (by == "project") return "project";
  if (by == "model") return "model";
  if (by == "action") return "action";
  if (by == "reason") return "reason";
  if (by == "request") return "rowid";
  if (by == "day") return "date(time_us / 1000000, 'unixepoch')";
  return nullptr;
}

}  // namespace

// A prepared statement with its parameters bound in order.
class Database::Statement {
 public:
  Statement(sqlite3* handle, const char* sql) {
    prepared_ = sqlite3_prepare_v2(handle, sql, -1, &statement_, nullptr) == SQLITE_OK;
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Text(absl::string_view text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& Blob(absl::string_view bytes) {
    sqlite3_bind_blob(statement_, ++bound_, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_TRANSIENT);
    return *this;
  }
  Statement& Integer(int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  Statement& Real(double value) {
    sqlite3_bind_double(statement_, ++bound_, value);
    return *this;
  }
  void Reset() {
    sqlite3_reset(statement_);
    bound_ = 0;
  }
  // SQLITE_ROW, SQLITE_DONE or an error.
  int Step() { return prepared_ ? sqlite3_step(statement_) : SQLITE_ERROR; }

  std::string TextAt(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes == nullptr ? "" : std::string(static_cast<const char*>(bytes), size);
  }
  int64_t IntegerAt(int column) const { return sqlite3_column_int64(statement_, column); }
  double RealAt(int column) const { return sqlite3_column_double(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  bool prepared_ = false;
  int bound_ = 0;
};

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  if (path != ":memory:") {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  }
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open(path.c_str(), &handle);
  auto database = std::unique_ptr<Database>(new Database(handle));
  if (opened != SQLITE_OK) return absl::UnavailableError(absl::StrCat(path, ": cannot be opened"));
  if (path != ":memory:") chmod(path.c_str(), S_IRUSR | S_IWUSR);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  absl::MutexLock lock(&database->mutex_);
  FOVEA_RETURN_IF_ERROR(database->Execute(kSchemaSql));
  return database;
}

Database::~Database() { sqlite3_close(handle_); }

absl::Status Database::Error() const {
  const int code = sqlite3_errcode(handle_);
  const std::string text = absl::StrCat("the gateway's database: ", sqlite3_errmsg(handle_));
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? absl::DataLossError(text)
                                                         : absl::UnavailableError(text);
}

absl::Status Database::Execute(const char* sql) {
  return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                            : Error();
}

absl::StatusOr<std::vector<std::optional<Node>>> Database::FindNodes(
    const std::vector<std::string>& chains) {
  absl::MutexLock lock(&mutex_);
  const ReadOnce read(handle_);
  std::vector<std::optional<Node>> nodes(chains.size());
  Statement find(handle_, kFindNodeSql);
  for (size_t i = 0; i < chains.size(); ++i) {
    if (const Node* known = cache_.FindNode(chains[i]); known != nullptr) {
      nodes[i] = *known;
      continue;
    }
    find.Reset();
    const int step = find.Blob(chains[i]).Step();
    if (step == SQLITE_ROW) {
      nodes[i] = Node{find.TextAt(0), static_cast<uint64_t>(find.IntegerAt(1))};
      cache_.AddNode(chains[i], *nodes[i]);
    } else if (step != SQLITE_DONE) {
      return Error();
    }
  }
  return nodes;
}

absl::Status Database::AddNodes(const std::vector<std::pair<std::string, Node>>& nodes) {
  absl::MutexLock lock(&mutex_);
  absl::Status status = Execute("BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  {
    Statement add(handle_, kAddNodeSql);
    for (const auto& [chain, node] : nodes) {
      add.Reset();
      add.Blob(chain).Text(node.session).Integer(static_cast<int64_t>(node.seq));
      if (add.Step() != SQLITE_DONE) status = Error();
    }
  }
  const absl::Status ended = Execute(status.ok() ? "COMMIT" : "ROLLBACK");
  return status.ok() ? ended : status;
}

absl::Status Database::ForgetSession(const std::string& session) {
  absl::MutexLock lock(&mutex_);
  cache_.ForgetNodes();
  Statement forget(handle_, kForgetSql);
  return forget.Text(session).Step() == SQLITE_DONE ? absl::OkStatus() : Error();
}

void Database::ForgetCachedNodes() {
  absl::MutexLock lock(&mutex_);
  cache_.ForgetNodes();
}

int64_t Database::DataVersion() {
  Statement version(handle_, "PRAGMA data_version");
  return version.Step() == SQLITE_ROW ? version.IntegerAt(0) : -1;
}

absl::StatusOr<std::optional<std::string>> Database::LatestSession(const std::string& scope) {
  absl::MutexLock lock(&mutex_);
  Statement find(handle_, kFindScopeSql);
  const int step = find.Blob(scope).Step();
  if (step == SQLITE_ROW) return find.TextAt(0);
  if (step != SQLITE_DONE) return Error();
  return std::nullopt;
}

absl::Status Database::SetLatestSession(const std::string& scope, const std::string& session) {
  absl::MutexLock lock(&mutex_);
  Statement set(handle_, kSetScopeSql);
  return set.Blob(scope).Text(session).Step() == SQLITE_DONE ? absl::OkStatus() : Error();
}

absl::StatusOr<std::vector<std::optional<std::string>>> Database::FindInserts(
    const std::vector<std::string>& chains) {
  absl::MutexLock lock(&mutex_);
  const ReadOnce read(handle_);
  cache_.SetVersion(DataVersion());
  std::vector<std::optional<std::string>> found(chains.size());
  Statement find(handle_, kFindInsertSql);
  for (size_t i = 0; i < chains.size(); ++i) {
    if (cache_.HasNoInsert(chains[i])) continue;
    find.Reset();
    const int step = find.Blob(chains[i]).Step();
    if (step == SQLITE_ROW) {
      found[i] = find.TextAt(0);
    } else if (step == SQLITE_DONE) {
      cache_.AddWithoutInsert(chains[i]);
    } else {
      return Error();
    }
  }
  return found;
}

absl::Status Database::AddInsert(const std::string& chain, const std::string& json) {
  absl::MutexLock lock(&mutex_);
  cache_.Inserted(chain);
  Statement add(handle_, kAddInsertSql);
  return add.Blob(chain).Blob(json).Step() == SQLITE_DONE ? absl::OkStatus() : Error();
}

absl::Status Database::Record(const BookEntry& entry) {
  absl::MutexLock lock(&mutex_);
  Statement record(handle_, kRecordSql);
  record.Integer(entry.time_us).Text(entry.session).Text(entry.project).Text(entry.model);
  record.Text(entry.wire).Text(entry.agent).Text(entry.action).Text(entry.reason);
  record.Integer(entry.status).Integer(entry.predicted_tokens).Integer(entry.input_tokens);
  record.Integer(entry.cached_tokens).Integer(entry.written_tokens).Integer(entry.output_tokens);
  record.Integer(entry.history_tokens).Real(entry.billed).Real(entry.full_billed);
  return record.Step() == SQLITE_DONE ? absl::OkStatus() : Error();
}

absl::StatusOr<std::vector<BookSum>> Database::Sums(absl::string_view by, int64_t since_us,
                                                    const std::string& session,
                                                    const std::string& project) {
  const char* group = GroupExpression(by);
  if (group == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("by: there is no grouping by ", by));
  }
  const std::string sql = absl::StrCat(
      "SELECT ", group,
      " AS key, count(*), sum(action = 'compressed'), sum(action = 'fallback'), "
      "sum(status >= 400), sum(predicted), sum(input), sum(cached), sum(written), sum(output), "
      "sum(history), sum(billed), sum(full_billed), min(time_us), max(time_us) FROM request "
      "WHERE time_us >= ?1 AND (?2 = '' OR session = ?2) AND (?3 = '' OR project = ?3) "
      "GROUP BY key ORDER BY max(time_us) DESC");
  absl::MutexLock lock(&mutex_);
  Statement sums(handle_, sql.c_str());
  sums.Integer(since_us).Text(session).Text(project);
  std::vector<BookSum> rows;
  int step = SQLITE_DONE;
  while ((step = sums.Step()) == SQLITE_ROW) {
    rows.push_back({.key = sums.TextAt(0),
                    .requests = sums.IntegerAt(1),
                    .compressed = sums.IntegerAt(2),
                    .fallbacks = sums.IntegerAt(3),
                    .errors = sums.IntegerAt(4),
                    .predicted_tokens = sums.IntegerAt(5),
                    .input_tokens = sums.IntegerAt(6),
                    .cached_tokens = sums.IntegerAt(7),
                    .written_tokens = sums.IntegerAt(8),
                    .output_tokens = sums.IntegerAt(9),
                    .history_tokens = sums.IntegerAt(10),
                    .billed = sums.RealAt(11),
                    .full_billed = sums.RealAt(12),
                    .first_us = sums.IntegerAt(13),
                    .last_us = sums.IntegerAt(14)});
  }
  if (step != SQLITE_DONE) return Error();
  return rows;
}

}  // namespace fovea::gateway
