#include "memory_store/sqlite/index_rows.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/absl_view.h"
#include "memory_store/search_text.h"

namespace fovea::sqlite {
namespace {

// The tokenizer is fts.cc's. Beginnings of two characters have an index of their own: without it a
// search for 1a* reads all words that begin so. With twice as many pieces a level as by default, a
// turn is indexed in five sixths of the time, and a search looks into a few more.
constexpr char kCreateTurnsSql[] = R"sql(
CREATE VIRTUAL TABLE turns USING fts5 (text, role UNINDEXED, tokenize = 'fovea', prefix = '2');
INSERT INTO turns (turns, rank) VALUES ('automerge', 8);
)sql";
constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604553;
PRAGMA user_version = 4;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 4);
CREATE TABLE progress (session INTEGER PRIMARY KEY, through_seq INTEGER NOT NULL);
CREATE VIRTUAL TABLE turns USING fts5 (text, role UNINDEXED, tokenize = 'fovea', prefix = '2');
INSERT INTO turns (turns, rank) VALUES ('automerge', 8);
)sql";
constexpr char kDropSql[] = "DROP TABLE turns; DELETE FROM progress";
constexpr char kCheckFileSql[] = "PRAGMA integrity_check(10)";
constexpr char kCheckWordsSql[] = "INSERT INTO turns (turns) VALUES ('integrity-check')";
constexpr char kReadNoteSql[] = "SELECT value FROM meta WHERE key = 'removed_words'";
constexpr char kSetNoteSql[] =
    "INSERT OR REPLACE INTO meta (key, value) VALUES ('removed_words', ?1)";

constexpr char kInsertTurnSql[] = "INSERT INTO turns (rowid, text, role) VALUES (?1, ?2, ?3)";
constexpr char kDeleteTurnsSql[] = "DELETE FROM turns WHERE rowid BETWEEN ?1 AND ?2";
constexpr char kSetProgressSql[] =
    "INSERT OR REPLACE INTO progress (session, through_seq) VALUES (?1, ?2)";
constexpr char kListProgressSql[] = "SELECT session, through_seq FROM progress ORDER BY session";
constexpr char kDeleteProgressSql[] = "DELETE FROM progress WHERE session = ?1";
constexpr char kReadStructureSql[] = "SELECT block FROM turns_data WHERE id = 10";
constexpr char kBeginMergeSql[] = "INSERT INTO turns (turns, rank) VALUES ('merge', -200)";
constexpr char kContinueMergeSql[] = "INSERT INTO turns (turns, rank) VALUES ('merge', 200)";

}  // namespace

const Schema kIndexSchema = {
    .what = "search index", .application = 1179604553, .version = 4, .create_sql = kCreateSql};

absl::Status InsertIndexedTurn(Database& database, int64_t session_row, const Turn& turn) {
  const std::string text = SearchText(RecallTextOf(turn));
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kInsertTurnSql));
  query.Int(IndexRowId(session_row, turn.seq)).Text(text).Int(static_cast<int64_t>(turn.role));
  return query.Run();
}

absl::Status SetProgress(Database& database, int64_t session_row, uint64_t through_seq) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetProgressSql));
  return query.Int(session_row).Unsigned(through_seq).Run();
}

absl::StatusOr<std::vector<SessionHead>> ListProgress(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListProgressSql));
  std::vector<SessionHead> sessions;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return sessions;
    sessions.push_back({.row = query.IntAt(0), .last_seq = query.UnsignedAt(1)});
  }
}

absl::StatusOr<bool> DeleteIndexedSession(Database& database, int64_t session_row) {
  const int64_t before = database.TotalChanges();
  FOVEA_ASSIGN_OR_RETURN(Query turns, database.Prepare(kDeleteTurnsSql));
  turns.Int(IndexRowId(session_row, 0)).Int(IndexRowId(session_row, kMaxIndexedSeq));
  FOVEA_RETURN_IF_ERROR(turns.Run());
  FOVEA_ASSIGN_OR_RETURN(Query progress, database.Prepare(kDeleteProgressSql));
  FOVEA_RETURN_IF_ERROR(progress.Int(session_row).Run());
  if (database.TotalChanges() == before) return false;
  FOVEA_RETURN_IF_ERROR(NoteRemovedWords(database, true));
  return true;
}

absl::StatusOr<int> CountMergeLevels(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kReadStructureSql));
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
  std::string_view record = found ? query.BlobAt(0) : std::string_view();
  // A cookie; newer versions of SQLite may mark their format; then numbers of seven bits a byte, of
  // which the first is that of the levels (fts5_index.c, "structure record").
  constexpr size_t kCookieBytes = 4;
  constexpr std::string_view kNewFormat("\xff\x00\x00\x01", 4);
  record.remove_prefix(std::min(record.size(), kCookieBytes));
  if (record.starts_with(kNewFormat)) record.remove_prefix(kNewFormat.size());
  int levels = 0;
  for (const char byte : record.substr(0, 3)) {
    levels = levels << 7 | (byte & 0x7f);
    if ((byte & 0x80) == 0) break;
  }
  return levels;
}

absl::Status BeginMerge(Database& database) { return database.Execute(kBeginMergeSql); }

absl::StatusOr<bool> ContinueMerge(Database& database) {
  const int64_t before = database.TotalChanges();
  FOVEA_RETURN_IF_ERROR(database.Execute(kContinueMergeSql));
  // FTS5 says so: fewer than two changes mean that it did nothing.
  return database.TotalChanges() - before >= 2;
}

absl::StatusOr<bool> HoldsRemovedWords(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kReadNoteSql));
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
  return found && query.IntAt(0) != 0;
}

absl::Status NoteRemovedWords(Database& database, bool held) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetNoteSql));
  return query.Int(held ? 1 : 0).Run();
}

absl::Status CheckIndex(Database& database) {
  {
    FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kCheckFileSql));
    while (true) {
      FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
      if (!row) break;
      if (query.BlobAt(0) != "ok") return absl::DataLossError(AbslView(query.BlobAt(0)));
    }
  }
  return database.Execute(kCheckWordsSql);
}

absl::Status EmptyIndex(Database& database) {
  return database.WriteTransaction([&]() -> absl::Status {
    FOVEA_RETURN_IF_ERROR(database.Execute(kDropSql));
    FOVEA_RETURN_IF_ERROR(NoteRemovedWords(database, true));
    return database.Execute(kCreateTurnsSql);
  });
}

}  // namespace fovea::sqlite
