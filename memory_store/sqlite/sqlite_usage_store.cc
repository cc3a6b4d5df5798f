#include "memory_store/sqlite/sqlite_usage_store.h"

#include "core/base/status_macros.h"
#include "memory_store/sqlite/schema.h"

namespace fovea::sqlite {
namespace {

constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604565;
PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 1);
CREATE TABLE corrections (
  tenant BLOB NOT NULL,
  reader BLOB NOT NULL,
  factor_units INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  low_reports INTEGER NOT NULL,
  low_ratio_millionths INTEGER NOT NULL,
  PRIMARY KEY (tenant, reader)
) WITHOUT ROWID;
)sql";
const Schema kUsageSchema = {
    .what = "usage", .application = 1179604565, .version = 1, .create_sql = kCreateSql};

constexpr char kListSql[] =
    "SELECT tenant, reader, factor_units, reports, low_reports, low_ratio_millionths"
    " FROM corrections ORDER BY tenant, reader";
constexpr char kPutSql[] = "INSERT OR REPLACE INTO corrections VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr char kCheckSql[] = "PRAGMA integrity_check(1)";
constexpr double kMillion = 1e6;

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteUsageStore>> SqliteUsageStore::Open(
    const std::string& path, const std::string& store_id) {
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenCache({.path = path}, kUsageSchema, store_id));
  return std::unique_ptr<SqliteUsageStore>(new SqliteUsageStore(std::move(database)));
}

absl::StatusOr<std::vector<StoredCorrection>> SqliteUsageStore::ReadAll() {
  const MutexLock lock(&mutex_);
  FOVEA_ASSIGN_OR_RETURN(Query query, database_->Prepare(kListSql));
  std::vector<StoredCorrection> all;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return all;
    all.push_back({.tenant = query.StringAt(0),
                   .reader = query.StringAt(1),
                   .correction = {.factor_units = static_cast<int>(query.IntAt(2)),
                                  .reports = query.UnsignedAt(3),
                                  .low_reports = static_cast<int>(query.IntAt(4)),
                                  .low_ratio = static_cast<double>(query.IntAt(5)) / kMillion}});
  }
}

absl::Status SqliteUsageStore::Verify() {
  const MutexLock lock(&mutex_);
  FOVEA_ASSIGN_OR_RETURN(Query query, database_->Prepare(kCheckSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  if (query.BlobAt(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(query.StringAt(0));
}

absl::Status SqliteUsageStore::Put(const StoredCorrection& stored) {
  const UsageCorrection& correction = stored.correction;
  const MutexLock lock(&mutex_);
  {
    FOVEA_ASSIGN_OR_RETURN(Query put, database_->Prepare(kPutSql));
    put.Blob(stored.tenant).Blob(stored.reader).Int(correction.factor_units);
    put.Unsigned(correction.reports).Int(correction.low_reports);
    put.Int(static_cast<int64_t>(correction.low_ratio * kMillion));
    FOVEA_RETURN_IF_ERROR(put.Run());
  }
  constexpr int kManyPages = 256;
  if (database_->wal_pages() < kManyPages) return absl::OkStatus();
  return database_->Checkpoint(CheckpointMode::kPassive).status();
}

}  // namespace fovea::sqlite
