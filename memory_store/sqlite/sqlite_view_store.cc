#include "memory_store/sqlite/sqlite_view_store.h"

#include <zstd.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/absl_view.h"
#include "memory_store/sqlite/file_size.h"
#include "memory_store/sqlite/schema.h"
#include "memory_store/turn_chain.h"

namespace fovea::sqlite {
namespace {

// A planner of a very long session takes a few MiB.
constexpr size_t kMaxCheckpointBytes = size_t{256} << 20;
constexpr size_t kSmallJobBytes = 1024;
constexpr size_t kMaxQueuedBytes = size_t{64} << 20;
constexpr int kCompressionLevel = 1;
constexpr int kReaders = 2;
// A file of less is no help to a full disk.
constexpr uint64_t kWorthGivingUp = uint64_t{1} << 20;

// `row` grows with each write: the lowest was written longest ago.
constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604566;
PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 1);
CREATE TABLE views (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  session INTEGER NOT NULL,
  view_id BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  packed BLOB NOT NULL,
  UNIQUE (session, view_id)
);
CREATE INDEX views_by_size ON views (row, bytes);
)sql";
const Schema kViewSchema = {
    .what = "view cache", .application = 1179604566, .version = 1, .create_sql = kCreateSql};

constexpr char kPutSql[] =
    "INSERT OR REPLACE INTO views (session, view_id, bytes, checksum, packed)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr char kGetSql[] = "SELECT checksum, packed FROM views WHERE session = ?1 AND view_id = ?2";
constexpr char kDeleteSessionSql[] = "DELETE FROM views WHERE session = ?1";
constexpr char kDeleteAllSql[] = "DELETE FROM views";
constexpr char kSessionsSql[] = "SELECT DISTINCT session FROM views";
constexpr char kTotalSql[] = "SELECT COALESCE(SUM(bytes), 0) FROM views INDEXED BY views_by_size";
constexpr char kOldestSql[] =
    "SELECT row, bytes FROM views INDEXED BY views_by_size ORDER BY row LIMIT 1";
constexpr char kDeleteRowSql[] = "DELETE FROM views WHERE row = ?1";
constexpr char kCheckSql[] = "PRAGMA integrity_check(1)";

int64_t ChecksumOf(std::string_view packed) { return static_cast<int64_t>(DigestTurn(packed).low); }

std::optional<std::string> Pack(const std::string& checkpoint) {
  std::string packed(ZSTD_compressBound(checkpoint.size()), '\0');
  const size_t size = ZSTD_compress(packed.data(), packed.size(), checkpoint.data(),
                                    checkpoint.size(), kCompressionLevel);
  if (ZSTD_isError(size) != 0) return std::nullopt;
  packed.resize(size);
  return packed;
}

std::optional<std::string> Unpack(std::string_view packed) {
  const uint64_t size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > kMaxCheckpointBytes) return std::nullopt;  // also what is no size at all
  std::string checkpoint(size, '\0');
  const size_t got =
      ZSTD_decompress(checkpoint.data(), checkpoint.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != size) return std::nullopt;
  return checkpoint;
}

absl::Status DeleteViews(Database& database, uint64_t session) {
  FOVEA_ASSIGN_OR_RETURN(Query remove, database.Prepare(kDeleteSessionSql));
  return remove.Unsigned(session).Run();
}

absl::Status Evict(Database& database, uint64_t max_bytes) {
  uint64_t left = 0;
  {
    FOVEA_ASSIGN_OR_RETURN(Query total, database.Prepare(kTotalSql));
    FOVEA_RETURN_IF_ERROR(total.Step().status());
    left = total.UnsignedAt(0);
  }
  while (left > max_bytes) {
    int64_t row = 0;
    {
      FOVEA_ASSIGN_OR_RETURN(Query oldest, database.Prepare(kOldestSql));
      FOVEA_ASSIGN_OR_RETURN(const bool found, oldest.Step());
      if (!found) return absl::OkStatus();
      row = oldest.IntAt(0);
      left -= std::min(left, oldest.UnsignedAt(1));
    }
    FOVEA_ASSIGN_OR_RETURN(Query remove, database.Prepare(kDeleteRowSql));
    FOVEA_RETURN_IF_ERROR(remove.Int(row).Run());
  }
  return absl::OkStatus();
}

// Sessions may have been deleted just before a crash.
absl::Status DropDeletedSessions(Database& database, const ViewStoreOptions& options) {
  std::vector<uint64_t> sessions;
  {
    FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSessionsSql));
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      sessions.push_back(query.UnsignedAt(0));
    }
  }
  for (const uint64_t session : sessions) {
    if (options.session_exists(session)) continue;
    FOVEA_RETURN_IF_ERROR(
        database.WriteTransaction([&] { return DeleteViews(database, session); }));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Database>> OpenViews(const ViewStoreOptions& options,
                                                    const DatabaseOptions& file) {
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         OpenCache(file, kViewSchema, options.store_id));
  FOVEA_RETURN_IF_ERROR(DropDeletedSessions(*database, options));
  return database;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteViewStore>> SqliteViewStore::Open(ViewStoreOptions options) {
  std::unique_ptr<SqliteViewStore> store(new SqliteViewStore(std::move(options)));
  FOVEA_RETURN_IF_ERROR(store->OpenFile());
  // What was deleted before a crash leaves the write-ahead log.
  store->file_->writer->ScrubLog();
  return store;
}

absl::Status SqliteViewStore::OpenFile() {
  const DatabaseOptions file = {.path = options_.path,
                                .vfs = "",
                                .synchronous = DatabaseOptions::Synchronous::kNormal,
                                .secure_delete = true};
  absl::StatusOr<std::unique_ptr<Database>> database = OpenViews(options_, file);
  if (absl::IsDataLoss(database.status())) {
    MarkForDiscard(options_.path);
    database = OpenViews(options_, file);
  }
  FOVEA_RETURN_IF_ERROR(database.status());
  auto opened = std::make_unique<File>();
  FOVEA_ASSIGN_OR_RETURN(opened->readers, ReadPool::Open(file, kReaders));
  WriterOptions writer;
  writer.max_queued_bytes = kMaxQueuedBytes;
  opened->writer = Writer::Start(*std::move(database), writer);
  file_ = std::move(opened);
  return absl::OkStatus();
}

bool SqliteViewStore::GiveUp() {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  if (file_ == nullptr) return false;
  const uint64_t bytes = DatabaseBytes(options_.path);
  file_.reset();
  RemoveDatabase(options_.path);
  return bytes >= kWorthGivingUp;
}

absl::Status SqliteViewStore::NoteDamage(absl::Status status) const {
  if (absl::IsDataLoss(status)) MarkForDiscard(options_.path);
  return status;
}

void SqliteViewStore::Put(uint64_t session, std::string view_id, std::string checkpoint) {
  if (checkpoint.size() > kMaxCheckpointBytes) return;
  std::optional<std::string> packed = Pack(checkpoint);
  if (!packed) return;
  const size_t bytes = packed->size() + kSmallJobBytes;
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (file_ == nullptr) return;
  file_->writer->Submit(
      bytes,
      [this, session, view_id = std::move(view_id), packed = *std::move(packed)](
          Database& database) { return Write(database, session, view_id, packed); },
      [this](const absl::Status& status) { NoteDamage(status).IgnoreError(); });
}

absl::Status SqliteViewStore::Write(Database& database, uint64_t session,
                                    const std::string& view_id, const std::string& packed) const {
  if (!options_.session_exists(session)) return absl::OkStatus();
  {
    FOVEA_ASSIGN_OR_RETURN(Query put, database.Prepare(kPutSql));
    FOVEA_RETURN_IF_ERROR(put.Unsigned(session)
                              .Blob(view_id)
                              .Unsigned(packed.size())
                              .Int(ChecksumOf(packed))
                              .Blob(packed)
                              .Run());
  }
  return options_.max_bytes == 0 ? absl::OkStatus() : Evict(database, options_.max_bytes);
}

std::optional<std::string> SqliteViewStore::Get(uint64_t session, const std::string& view_id) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (file_ == nullptr) return std::nullopt;
  const ReadPool::Lease database = file_->readers->Borrow();
  absl::StatusOr<Query> query = database->Prepare(kGetSql);
  if (!query.ok()) return std::nullopt;
  const absl::StatusOr<bool> found = query->Unsigned(session).Blob(view_id).Step();
  if (!found.ok()) NoteDamage(found.status()).IgnoreError();
  if (!found.ok() || !*found) return std::nullopt;
  const std::string_view packed = query->BlobAt(1);
  if (ChecksumOf(packed) != query->IntAt(0)) return std::nullopt;
  return Unpack(packed);
}

absl::Status SqliteViewStore::DeleteSession(uint64_t session) {
  return Delete([session](Database& database) { return DeleteViews(database, session); });
}

absl::Status SqliteViewStore::DeleteAll() {
  return Delete([](Database& database) -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(Query remove, database.Prepare(kDeleteAllSql));
    return remove.Run();
  });
}

// Where the disk refuses, the whole file goes: that takes no space.
absl::Status SqliteViewStore::Delete(std::function<absl::Status(Database&)> work) {
  {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    if (file_ == nullptr) return absl::OkStatus();
    absl::Status status = NoteDamage(file_->writer->Run(kSmallJobBytes, std::move(work)));
    if (status.ok()) {
      file_->writer->ScrubLog();
      return status;
    }
  }
  GiveUp();
  return absl::OkStatus();
}

bool SqliteViewStore::WaitUntilScrubbed(absl::Time deadline) {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  return file_ == nullptr || file_->writer->WaitUntilScrubbed(deadline);
}

absl::Status SqliteViewStore::Verify() {
  const std::shared_lock<std::shared_mutex> lock(mutex_);
  if (file_ == nullptr) return absl::OkStatus();
  const ReadPool::Lease database = file_->readers->Borrow();
  FOVEA_ASSIGN_OR_RETURN(Query check, database->Prepare(kCheckSql));
  FOVEA_RETURN_IF_ERROR(NoteDamage(check.Step().status()));
  if (check.BlobAt(0) == "ok") return absl::OkStatus();
  return NoteDamage(absl::DataLossError(AbslView(check.BlobAt(0))));
}

}  // namespace fovea::sqlite
