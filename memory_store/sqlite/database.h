// One SQLite connection, and the statements prepared on it.
#ifndef FOVEA_MEMORY_STORE_SQLITE_DATABASE_H_
#define FOVEA_MEMORY_STORE_SQLITE_DATABASE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace fovea::sqlite {

// OK is not passed in. CORRUPT and NOTADB are DATA_LOSS; FULL is RESOURCE_EXHAUSTED; INTERRUPT is
// CANCELLED; what else a later attempt may get past (busy, I/O, memory) is UNAVAILABLE; the rest is
// INTERNAL. The text is SQLite's, for logs.
absl::Status ToStatus(int sqlite_code, std::string_view doing, sqlite3* database);

// A running statement: bind in order, then step. Its text and blobs are bound by reference and must
// outlive it. On destruction the statement goes back to the connection's cache. Thread-compatible.
class Query {
 public:
  Query(sqlite3* database, sqlite3_stmt* statement, bool* busy);
  Query(Query&& other) noexcept;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();

  Query& Int(int64_t value);
  Query& Unsigned(uint64_t value) { return Int(static_cast<int64_t>(value)); }
  Query& Blob(std::string_view bytes);
  Query& Text(std::string_view utf8);

  // True if there is a row. Fails as ToStatus says, also for a failed binding.
  absl::StatusOr<bool> Step();
  // Steps to the end, past any rows.
  absl::Status Run();

  // Columns of the present row, from 0. Views live until the next step.
  int64_t IntAt(int column) const;
  uint64_t UnsignedAt(int column) const { return static_cast<uint64_t>(IntAt(column)); }
  std::string_view BlobAt(int column) const;
  std::string StringAt(int column) const { return std::string(BlobAt(column)); }

 private:
  void NoteBinding(int code);

  sqlite3* database_;
  sqlite3_stmt* statement_;
  bool* busy_;
  int next_parameter_ = 1;
  int binding_code_ = 0;
};

class Database;

struct DatabaseOptions {
  // kMemory: a new database that no file holds.
  enum class Access { kReadWriteCreate, kReadOnly, kMemory };
  // What a commit waits for. kFull: the disk has it. kNormal: the file cannot be torn by a power
  // loss, but may lose the last commits.
  enum class Synchronous { kFull, kNormal };

  std::string path;
  std::string vfs;  // "" for the default
  Access access = Access::kReadWriteCreate;
  Synchronous synchronous = Synchronous::kFull;
  // Overwrite what is deleted with zeros: after CheckpointMode::kTruncate no byte of it is left.
  bool secure_delete = false;
  // Of a new file: a power of two from 512 to 65,536. Large pages carry more turns a second where
  // many are written at once, small ones a single commit: less has to be synced.
  int page_bytes = 16384;
  // The file came from elsewhere: each page's cells are checked when it is read.
  bool foreign = false;
  // While the connection lives, and from its first look at the file on, statements fail with
  // CANCELLED soon after this says true. Empty: never.
  std::function<bool()> stop;
  // Run on the connection when it is open; null: nothing.
  absl::Status (*prepare)(Database& database) = nullptr;
};

enum class CheckpointMode {
  kPassive,  // as far as it gets without waiting
  kTruncate  // wait for readers, then empty the write-ahead log
};

// Thread-compatible: one thread at a time. The connection never checkpoints on its own; the one
// that writes calls Checkpoint.
class Database {
 public:
  // Opens the file in write-ahead-log mode, readable by its owner
  // alone. UNAVAILABLE if the file cannot be opened, RESOURCE_EXHAUSTED if that takes space and the
  // disk has none, DATA_LOSS if it is no database; with the file's name.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // Runs one or more statements without parameters or rows.
  absl::Status Execute(const char* sql);
  // `sql` must be a string that lives as long as the connection: statements are cached by its
  // address. INTERNAL if it does not compile, or is still in use.
  absl::StatusOr<Query> Prepare(const char* sql);

  // Commits if `body` returns OK, rolls back otherwise. A read transaction sees one state
  // throughout.
  absl::Status WriteTransaction(absl::FunctionRef<absl::Status()> body);
  absl::Status ReadTransaction(absl::FunctionRef<absl::Status()> body);

  // OK also where readers kept it from finishing; `finished` says so.
  struct CheckpointResult {
    bool finished = false;
  };
  absl::StatusOr<CheckpointResult> Checkpoint(CheckpointMode mode);

  // While it lives, statements of the connection fail with CANCELLED soon after `stop` says true.
  class Watch {
   public:
    Watch(Database& database, std::function<bool()> stop);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

   private:
    Database& database_;
    std::function<bool()> stop_;
  };

  // Closing checkpoints the write-ahead log of a connection that writes, unless this was called.
  void KeepWalOnClose();

  int64_t LastInsertedRow() const;
  int64_t Changes() const;       // rows changed by the last statement
  int64_t TotalChanges() const;  // since the connection was opened
  bool InTransaction() const;
  absl::StatusOr<uint64_t> PageBytes();
  absl::StatusOr<uint64_t> PageCount();
  int wal_pages() const { return wal_pages_; }  // in the write-ahead log after the last commit
  sqlite3* handle() { return database_; }

 private:
  struct CachedStatement {
    sqlite3_stmt* statement = nullptr;
    bool busy = false;
  };

  Database(sqlite3* database, std::function<bool()> stop)
      : database_(database), stop_(std::move(stop)) {}
  absl::Status Configure(const DatabaseOptions& options);
  absl::Status Transaction(const char* begin, absl::FunctionRef<absl::Status()> body);

  sqlite3* database_;
  std::function<bool()> stop_;
  int wal_pages_ = 0;
  absl::flat_hash_map<const char*, std::unique_ptr<CachedStatement>> statements_;
};

}  // namespace fovea::sqlite

#endif  // FOVEA_MEMORY_STORE_SQLITE_DATABASE_H_
