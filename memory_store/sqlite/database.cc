#include "memory_store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/absl_view.h"
#include "memory_store/sqlite/clearing_vfs.h"

namespace fovea::sqlite {
namespace {

// How long a truncating checkpoint waits for readers; nothing else has to wait for another
// connection.
constexpr int kBusyTimeoutMs = 100;

constexpr char kPageBytesSql[] = "PRAGMA page_size";
constexpr char kPageCountSql[] = "PRAGMA page_count";

// SQLite makes files with the process's umask; the write-ahead log inherits the database's mode.
absl::Status CreatePrivateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  close(fd);
  return absl::OkStatus();
}

// With the file's name. The index of the write-ahead log takes space that the disk must have, and
// SQLite has no better word for that than an I/O error. Elsewhere than here it stays one: a commit
// that could not enter itself in the index stands in the log all the same.
absl::Status NotOpened(const std::string& path, const absl::Status& why, sqlite3* database) {
  const int code = sqlite3_extended_errcode(database);
  const int error = sqlite3_system_errno(database);
  const bool full = code == SQLITE_IOERR_SHMSIZE ||
                    ((code & 0xff) == SQLITE_CANTOPEN && (error == ENOSPC || error == EDQUOT));
  return {full ? absl::StatusCode::kResourceExhausted : why.code(),
          absl::StrCat(path, ": ", why.message())};
}

// Steps of SQLite's virtual machine between two looks at who waits: some tens of microseconds, or
// as many pages that FTS5 reads.
constexpr int kSteps = 1000;

void AskToStop(sqlite3* database, std::function<bool()>* stop) {
  sqlite3_progress_handler(
      database, kSteps,
      [](void* function) -> int {
        return (*static_cast<std::function<bool()>*>(function))() ? 1 : 0;
      },
      stop);
}

int NoteWalPages(void* counter, sqlite3*, const char*, int pages) {
  *static_cast<int*>(counter) = pages;
  return SQLITE_OK;
}

}  // namespace

absl::Status ToStatus(int sqlite_code, std::string_view doing, sqlite3* database) {
  const std::string message =
      absl::StrCat(AbslView(doing), ": ",
                   database == nullptr ? sqlite3_errstr(sqlite_code) : sqlite3_errmsg(database),
                   " (", sqlite_code, ")");
  switch (sqlite_code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(message);
    case SQLITE_INTERRUPT:
      return absl::CancelledError(message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return absl::UnavailableError(message);
    default:
      return absl::InternalError(message);
  }
}

Query::Query(sqlite3* database, sqlite3_stmt* statement, bool* busy)
    : database_(database), statement_(statement), busy_(busy) {
  *busy_ = true;
}

Query::Query(Query&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      busy_(other.busy_),
      next_parameter_(other.next_parameter_),
      binding_code_(other.binding_code_) {}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  *busy_ = false;
}

void Query::NoteBinding(int code) {
  if (binding_code_ == SQLITE_OK) binding_code_ = code;
}

Query& Query::Int(int64_t value) {
  NoteBinding(sqlite3_bind_int64(statement_, next_parameter_++, value));
  return *this;
}

Query& Query::Blob(std::string_view bytes) {
  // A null pointer would bind NULL, and an empty view may have one.
  const char* data = bytes.empty() ? "" : bytes.data();
  NoteBinding(
      sqlite3_bind_blob64(statement_, next_parameter_++, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

Query& Query::Text(std::string_view utf8) {
  const char* data = utf8.empty() ? "" : utf8.data();
  NoteBinding(sqlite3_bind_text64(statement_, next_parameter_++, data, utf8.size(), SQLITE_STATIC,
                                  SQLITE_UTF8));
  return *this;
}

absl::StatusOr<bool> Query::Step() {
  if (binding_code_ != SQLITE_OK) return ToStatus(binding_code_, "binding", database_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ToStatus(code, sqlite3_sql(statement_), database_);
}

absl::Status Query::Run() {
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

int64_t Query::IntAt(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::BlobAt(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  using Access = DatabaseOptions::Access;
  const bool writer = options.access == Access::kReadWriteCreate;
  if (writer) FOVEA_RETURN_IF_ERROR(CreatePrivateFile(options.path));
  sqlite3* handle = nullptr;
  const int flags =
      (options.access == Access::kReadOnly ? SQLITE_OPEN_READONLY
                                           : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      (options.access == Access::kMemory ? SQLITE_OPEN_MEMORY : 0) | SQLITE_OPEN_NOMUTEX |
      SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  std::string vfs = options.vfs;
  if (writer && options.secure_delete) {
    FOVEA_ASSIGN_OR_RETURN(vfs, ClearingVfs(vfs));
  }
  const int code =
      sqlite3_open_v2(options.path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    const absl::Status status = NotOpened(options.path, ToStatus(code, "opening", handle), handle);
    sqlite3_close_v2(handle);
    return status;
  }
  std::unique_ptr<Database> database(new Database(handle, options.stop));
  absl::Status configured = database->Configure(options);
  // The first look at the file takes what space the index of its write-ahead log needs.
  if (configured.ok()) configured = database->Execute("PRAGMA schema_version");
  if (!configured.ok()) return NotOpened(options.path, configured, handle);
  if (options.prepare != nullptr) FOVEA_RETURN_IF_ERROR(options.prepare(*database));
  return database;
}

absl::Status Database::Configure(const DatabaseOptions& options) {
  sqlite3_busy_timeout(database_, kBusyTimeoutMs);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (stop_) AskToStop(database_, &stop_);
  if (options.foreign) FOVEA_RETURN_IF_ERROR(Execute("PRAGMA cell_size_check = ON"));
  // Two connections that checkpoint can lose commits (the WAL-reset bug, fixed in SQLite 3.51.3),
  // so a reader does not even when it is the last to close.
  const bool writer = options.access != DatabaseOptions::Access::kReadOnly;
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writer ? 0 : 1, nullptr);
  if (!writer) return Execute("PRAGMA temp_store = MEMORY; PRAGMA query_only = ON");
  FOVEA_RETURN_IF_ERROR(Execute(absl::StrCat("PRAGMA page_size = ", options.page_bytes).c_str()));
  FOVEA_RETURN_IF_ERROR(
      Execute("PRAGMA journal_mode = WAL;"
              "PRAGMA temp_store = MEMORY;"
              "PRAGMA cache_size = -16384;"
              "PRAGMA journal_size_limit = 67108864"));
  const bool full = options.synchronous == DatabaseOptions::Synchronous::kFull;
  FOVEA_RETURN_IF_ERROR(
      Execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  if (options.secure_delete) FOVEA_RETURN_IF_ERROR(Execute("PRAGMA secure_delete = ON"));
  // Setting a hook also turns SQLite's own checkpoints off.
  sqlite3_wal_hook(database_, NoteWalPages, &wal_pages_);
  return absl::OkStatus();
}

Database::~Database() {
  for (auto& [sql, cached] : statements_) sqlite3_finalize(cached->statement);
  sqlite3_close(database_);
}

absl::Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ToStatus(code, sql, database_);
}

absl::StatusOr<Query> Database::Prepare(const char* sql) {
  std::unique_ptr<CachedStatement>& cached = statements_[sql];
  if (cached == nullptr) cached = std::make_unique<CachedStatement>();
  if (cached->busy) return absl::InternalError(absl::StrCat("statement is in use: ", sql));
  if (cached->statement == nullptr) {
    const int code = sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                        &cached->statement, nullptr);
    if (code != SQLITE_OK) return ToStatus(code, sql, database_);
  }
  return Query(database_, cached->statement, &cached->busy);
}

absl::Status Database::Transaction(const char* begin, absl::FunctionRef<absl::Status()> body) {
  FOVEA_RETURN_IF_ERROR(Execute(begin));
  absl::Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  // Some errors roll back by themselves.
  if (!status.ok() && InTransaction()) Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status Database::WriteTransaction(absl::FunctionRef<absl::Status()> body) {
  return Transaction("BEGIN IMMEDIATE", body);
}

absl::Status Database::ReadTransaction(absl::FunctionRef<absl::Status()> body) {
  return Transaction("BEGIN", body);
}

absl::StatusOr<Database::CheckpointResult> Database::Checkpoint(CheckpointMode mode) {
  int frames = 0;
  int moved = 0;
  const bool truncate = mode == CheckpointMode::kTruncate;
  const int code = sqlite3_wal_checkpoint_v2(
      database_, nullptr, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
      &frames, &moved);
  if ((code & 0xff) == SQLITE_BUSY) return CheckpointResult{.finished = false};
  if (code != SQLITE_OK) return ToStatus(code, "checkpoint", database_);
  if (frames == moved) wal_pages_ = 0;
  // Cached pages have what ClearingVfs took out of the file, and would bring it back with their
  // next change.
  if (truncate && frames == moved) sqlite3_db_release_memory(database_);
  return CheckpointResult{.finished = frames == moved};
}

Database::Watch::Watch(Database& database, std::function<bool()> stop)
    : database_(database), stop_(std::move(stop)) {
  AskToStop(database_.database_, &stop_);
}

Database::Watch::~Watch() { sqlite3_progress_handler(database_.database_, 0, nullptr, nullptr); }

absl::StatusOr<uint64_t> Database::PageBytes() {
  FOVEA_ASSIGN_OR_RETURN(Query query, Prepare(kPageBytesSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  return query.UnsignedAt(0);
}

absl::StatusOr<uint64_t> Database::PageCount() {
  FOVEA_ASSIGN_OR_RETURN(Query query, Prepare(kPageCountSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  return query.UnsignedAt(0);
}

void Database::KeepWalOnClose() {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

int64_t Database::LastInsertedRow() const { return sqlite3_last_insert_rowid(database_); }
int64_t Database::Changes() const { return sqlite3_changes64(database_); }
int64_t Database::TotalChanges() const { return sqlite3_total_changes64(database_); }
bool Database::InTransaction() const { return sqlite3_get_autocommit(database_) == 0; }

}  // namespace fovea::sqlite
