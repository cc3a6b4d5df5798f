#include "memory_store/sqlite/schema.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::sqlite {
namespace {

constexpr char kApplicationSql[] = "PRAGMA application_id";
constexpr char kVersionSql[] = "PRAGMA user_version";
constexpr char kCountTablesSql[] = "SELECT COUNT(*) FROM sqlite_schema";
constexpr char kReadMetaSql[] = "SELECT value FROM meta WHERE key = ?1";
constexpr char kWriteMetaSql[] = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
constexpr char kRandomIdSql[] = "SELECT RANDOMBLOB(16)";

absl::StatusOr<int64_t> ReadNumber(Database& database, const char* sql) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(sql));
  FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.IntAt(0) : 0;
}

absl::StatusOr<int64_t> ReadOldestReader(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kReadMetaSql));
  FOVEA_ASSIGN_OR_RETURN(const bool row, query.Text("oldest_reader").Step());
  if (!row) return absl::FailedPreconditionError("the file does not say who can read it");
  return query.IntAt(0);
}

std::string MarkerPath(const std::string& path) { return absl::StrCat(path, "-discard"); }

absl::Status CheckOwner(Database& database, std::string_view store_id) {
  const auto owner = ReadStoreId(database);
  if (absl::IsNotFound(owner.status())) return WriteStoreId(database, store_id);
  FOVEA_RETURN_IF_ERROR(owner.status());
  return *owner == store_id ? absl::OkStatus()
                            : absl::FailedPreconditionError("made for another log");
}

absl::StatusOr<std::unique_ptr<Database>> TryOpenCache(const DatabaseOptions& options,
                                                       const Schema& schema,
                                                       std::string_view store_id) {
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(options));
  FOVEA_RETURN_IF_ERROR(PrepareSchema(*database, schema));
  FOVEA_RETURN_IF_ERROR(CheckOwner(*database, store_id));
  return database;
}

}  // namespace

absl::StatusOr<FileKind> ReadFileKind(Database& database) {
  FileKind kind;
  FOVEA_ASSIGN_OR_RETURN(kind.application, ReadNumber(database, kApplicationSql));
  FOVEA_ASSIGN_OR_RETURN(kind.version, ReadNumber(database, kVersionSql));
  return kind;
}

absl::Status PrepareSchema(Database& database, const Schema& schema) {
  FOVEA_ASSIGN_OR_RETURN(const FileKind kind, ReadFileKind(database));
  const int64_t application = kind.application;
  const int64_t version = kind.version;
  FOVEA_ASSIGN_OR_RETURN(const int64_t tables, ReadNumber(database, kCountTablesSql));
  if (application == 0 && version == 0 && tables == 0) {
    return database.WriteTransaction([&] { return database.Execute(schema.create_sql); });
  }
  if (application != schema.application) {
    return absl::FailedPreconditionError(
        absl::StrCat("the file is not a Fovea ", schema.what,
                     ", or its header is damaged: in that case restore a backup"));
  }
  if (version == schema.version) return absl::OkStatus();
  if (version < schema.version) {
    if (schema.upgrade == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("the ", schema.what, " has version ", version, ", which is no longer used"));
    }
    return database.WriteTransaction([&] { return schema.upgrade(database, version); });
  }
  FOVEA_ASSIGN_OR_RETURN(const int64_t oldest_reader, ReadOldestReader(database));
  if (oldest_reader <= schema.version) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the ", schema.what, " has version ", version, " and needs at least version ",
                   oldest_reader, "; this program reads up to version ", schema.version));
}

absl::StatusOr<std::string> ReadStoreId(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kReadMetaSql));
  FOVEA_ASSIGN_OR_RETURN(const bool row, query.Text("store_id").Step());
  if (!row) return absl::NotFoundError("no store id");
  return query.StringAt(0);
}

absl::Status WriteStoreId(Database& database, std::string_view store_id) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kWriteMetaSql));
  return query.Text("store_id").Blob(store_id).Run();
}

absl::StatusOr<std::string> DrawStoreId(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kRandomIdSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  return query.StringAt(0);
}

absl::StatusOr<std::unique_ptr<Database>> OpenCache(const DatabaseOptions& options,
                                                    const Schema& schema,
                                                    std::string_view store_id) {
  if (unlink(MarkerPath(options.path).c_str()) == 0) RemoveDatabase(options.path);
  auto database = TryOpenCache(options, schema, store_id);
  if (absl::IsDataLoss(database.status()) || absl::IsFailedPrecondition(database.status()) ||
      absl::IsInternal(database.status())) {
    RemoveDatabase(options.path);
    database = TryOpenCache(options, schema, store_id);
  }
  return database;
}

void RemoveDatabase(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    unlink(absl::StrCat(path, suffix).c_str());
  }
}

void MarkForDiscard(const std::string& path) {
  const int fd = open(MarkerPath(path).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd >= 0) close(fd);
}

}  // namespace fovea::sqlite
