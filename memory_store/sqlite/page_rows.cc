#include "memory_store/sqlite/page_rows.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/absl_view.h"
#include "memory_store/turn_chain.h"

namespace fovea::sqlite {
namespace {

// Sessions count their pages, because counting rows of whole images reads the file from end to end.
constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604560;
PRAGMA user_version = 2;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 2);
CREATE TABLE sessions (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant BLOB NOT NULL,
  session_id BLOB NOT NULL,
  pages INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (tenant, session_id)
);
CREATE TABLE pages (
  row INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  page_id BLOB NOT NULL,
  checksum INTEGER NOT NULL,
  png BLOB NOT NULL,
  UNIQUE (session, page_id)
);
)sql";

constexpr char kFindSessionSql[] =
    "SELECT row, pages FROM sessions WHERE tenant = ?1 AND session_id = ?2";
constexpr char kInsertSessionSql[] =
    "INSERT INTO sessions (tenant, session_id, pages, bytes) VALUES (?1, ?2, 0, 0)";
constexpr char kCountSql[] =
    "UPDATE sessions SET pages = pages + ?2, bytes = bytes + ?3 WHERE row = ?1";
constexpr char kInsertPageSql[] =
    "INSERT OR IGNORE INTO pages (session, page_id, checksum, png) VALUES (?1, ?2, ?3, ?4)";
constexpr char kFindPageSql[] =
    "SELECT pages.row, checksum, png FROM sessions JOIN pages ON pages.session = sessions.row"
    " WHERE tenant = ?1 AND session_id = ?2 AND page_id = ?3";
constexpr char kDeletePagesSql[] = "DELETE FROM pages WHERE session = ?1";
constexpr char kDeleteSessionSql[] = "DELETE FROM sessions WHERE row = ?1";
constexpr char kDeleteAllPagesSql[] = "DELETE FROM pages";
constexpr char kDeleteAllSessionsSql[] = "DELETE FROM sessions";
constexpr char kOldestPageSql[] =
    "SELECT row, session, LENGTH(png) FROM pages ORDER BY row LIMIT 1";
constexpr char kDeletePageSql[] = "DELETE FROM pages WHERE row = ?1";
constexpr char kFindRowSql[] = "SELECT session, LENGTH(png) FROM pages WHERE row = ?1";
constexpr char kScanPagesSql[] =
    "SELECT pages.row, checksum, png, page_id, tenant, session_id FROM pages"
    " LEFT JOIN sessions ON pages.session = sessions.row ORDER BY pages.row";
constexpr char kCheckSql[] = "PRAGMA integrity_check(10)";
constexpr char kListSessionsSql[] = "SELECT tenant, session_id FROM sessions ORDER BY row";
constexpr char kTotalsSql[] =
    "SELECT COALESCE(SUM(pages), 0), COALESCE(SUM(bytes), 0) FROM sessions";

absl::Status Count(Database& database, int64_t session_row, int64_t pages, int64_t bytes) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kCountSql));
  return query.Int(session_row).Int(pages).Int(bytes).Run();
}

int64_t ChecksumOf(std::string_view png) { return static_cast<int64_t>(DigestTurn(png).low); }

// Removes the oldest page and returns its size.
absl::StatusOr<uint64_t> EvictOne(Database& database) {
  int64_t row = 0;
  int64_t session = 0;
  int64_t bytes = 0;
  {
    FOVEA_ASSIGN_OR_RETURN(Query oldest, database.Prepare(kOldestPageSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, oldest.Step());
    if (!found) return absl::DataLossError("the page counters do not match the pages");
    row = oldest.IntAt(0);
    session = oldest.IntAt(1);
    bytes = oldest.IntAt(2);
  }
  FOVEA_ASSIGN_OR_RETURN(Query remove, database.Prepare(kDeletePageSql));
  FOVEA_RETURN_IF_ERROR(remove.Int(row).Run());
  FOVEA_RETURN_IF_ERROR(Count(database, session, -1, -bytes));
  return static_cast<uint64_t>(bytes);
}

}  // namespace

const Schema kPageSchema = {
    .what = "page cache", .application = 1179604560, .version = 2, .create_sql = kCreateSql};

absl::StatusOr<int64_t> FindOrInsertPageSession(Database& database, const SessionKey& key) {
  {
    FOVEA_ASSIGN_OR_RETURN(Query find, database.Prepare(kFindSessionSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, find.Blob(key.tenant).Blob(key.session_id).Step());
    if (found) return find.IntAt(0);
  }
  FOVEA_ASSIGN_OR_RETURN(Query insert, database.Prepare(kInsertSessionSql));
  FOVEA_RETURN_IF_ERROR(insert.Blob(key.tenant).Blob(key.session_id).Run());
  return database.LastInsertedRow();
}

absl::Status InsertPage(Database& database, int64_t session_row, std::string_view page_id,
                        std::string_view png) {
  FOVEA_ASSIGN_OR_RETURN(Query insert, database.Prepare(kInsertPageSql));
  FOVEA_RETURN_IF_ERROR(insert.Int(session_row).Blob(page_id).Int(ChecksumOf(png)).Blob(png).Run());
  if (database.Changes() == 0) return absl::OkStatus();
  return Count(database, session_row, 1, static_cast<int64_t>(png.size()));
}

absl::StatusOr<std::optional<FoundPage>> FindPage(Database& database, const SessionKey& key,
                                                  std::string_view page_id) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindPageSql));
  query.Blob(key.tenant).Blob(key.session_id).Blob(page_id);
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return std::nullopt;
  FoundPage page = {.row = query.IntAt(0), .png = query.StringAt(2)};
  page.sound = ChecksumOf(page.png) == query.IntAt(1);
  return page;
}

absl::Status DeletePage(Database& database, int64_t row) {
  int64_t session = 0;
  int64_t bytes = 0;
  {
    FOVEA_ASSIGN_OR_RETURN(Query find, database.Prepare(kFindRowSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, find.Int(row).Step());
    if (!found) return absl::OkStatus();
    session = find.IntAt(0);
    bytes = find.IntAt(1);
  }
  FOVEA_ASSIGN_OR_RETURN(Query remove, database.Prepare(kDeletePageSql));
  FOVEA_RETURN_IF_ERROR(remove.Int(row).Run());
  return Count(database, session, -1, -bytes);
}

absl::StatusOr<PageProblems> CheckPages(Database& database) {
  PageProblems problems;
  {
    FOVEA_ASSIGN_OR_RETURN(Query check, database.Prepare(kCheckSql));
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool row, check.Step());
      if (!row) break;
      if (check.BlobAt(0) != "ok") {
        problems.structure = absl::DataLossError(AbslView(check.BlobAt(0)));
      }
    }
  }
  FOVEA_ASSIGN_OR_RETURN(Query scan, database.Prepare(kScanPagesSql));
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, scan.Step());
    if (!row) return problems;
    if (ChecksumOf(scan.BlobAt(2)) == scan.IntAt(1)) continue;
    problems.damaged.push_back(
        {scan.IntAt(0), absl::StrCat("page ", AbslView(scan.BlobAt(3)), " of session ",
                                     absl::CHexEscape(AbslView(scan.BlobAt(5))), " of tenant ",
                                     absl::CHexEscape(AbslView(scan.BlobAt(4))), " is damaged")});
  }
}

absl::StatusOr<uint64_t> DeletePages(Database& database, const SessionKey& key) {
  int64_t row = 0;
  {
    FOVEA_ASSIGN_OR_RETURN(Query find, database.Prepare(kFindSessionSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, find.Blob(key.tenant).Blob(key.session_id).Step());
    if (!found) return 0;
    row = find.IntAt(0);
  }
  FOVEA_ASSIGN_OR_RETURN(Query pages, database.Prepare(kDeletePagesSql));
  FOVEA_RETURN_IF_ERROR(pages.Int(row).Run());
  const auto count = static_cast<uint64_t>(database.Changes());
  FOVEA_ASSIGN_OR_RETURN(Query session, database.Prepare(kDeleteSessionSql));
  FOVEA_RETURN_IF_ERROR(session.Int(row).Run());
  return count;
}

absl::StatusOr<uint64_t> DeleteAllPages(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(const PageStats stats, CountPages(database));
  FOVEA_ASSIGN_OR_RETURN(Query pages, database.Prepare(kDeleteAllPagesSql));
  FOVEA_RETURN_IF_ERROR(pages.Run());
  FOVEA_ASSIGN_OR_RETURN(Query sessions, database.Prepare(kDeleteAllSessionsSql));
  FOVEA_RETURN_IF_ERROR(sessions.Run());
  return stats.pages;
}

absl::Status EvictPages(Database& database, uint64_t max_bytes) {
  FOVEA_ASSIGN_OR_RETURN(const PageStats stats, CountPages(database));
  uint64_t left = stats.bytes;
  while (left > max_bytes) {
    FOVEA_ASSIGN_OR_RETURN(const uint64_t freed, EvictOne(database));
    left -= freed;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionKey>> ListPageSessions(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListSessionsSql));
  std::vector<SessionKey> keys;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return keys;
    keys.push_back({query.StringAt(0), query.StringAt(1)});
  }
}

absl::StatusOr<PageStats> CountPages(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kTotalsSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  PageStats stats;
  stats.pages = query.UnsignedAt(0);
  stats.bytes = query.UnsignedAt(1);
  return stats;
}

}  // namespace fovea::sqlite
