#include "memory_store/sqlite/log_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "memory_store/sqlite/status_macros.h"

namespace fovea::sqlite {
namespace {

// Names and free text are blobs, so that any bytes are kept and compared as they are. Session rows
// are never used again (AUTOINCREMENT), because caches refer to them. The tables have a rowid
// besides their unique key: appends then go to one end of the table whichever session they are for.
constexpr char kCreateSql[] = R"sql(
PRAGMA application_id = 1179604556;
PRAGMA user_version = 1;
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('oldest_reader', 1);
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

constexpr char kFindSessionSql[] =
    "SELECT row, stored_bytes, session_id, title, metadata_json, created_us, updated_us, last_seq,"
    " event_count, text_bytes, forked_from, forked_at_seq"
    " FROM sessions WHERE tenant = ?1 AND session_id = ?2";
constexpr char kListSessionsSql[] =
    "SELECT row, stored_bytes, session_id, title, metadata_json, created_us, updated_us, last_seq,"
    " event_count, text_bytes, forked_from, forked_at_seq"
    " FROM sessions WHERE tenant = ?1 AND (created_us, session_id) > (?2, ?3)"
    " ORDER BY created_us, session_id LIMIT ?4";
constexpr char kFindHeadSql[] =
    "SELECT row, last_seq FROM sessions WHERE tenant = ?1 AND session_id = ?2";
constexpr char kFindHeadByRowSql[] = "SELECT row, last_seq FROM sessions WHERE row = ?1";
constexpr char kListHeadsSql[] = "SELECT row, last_seq FROM sessions ORDER BY row";
constexpr char kInsertSessionSql[] =
    "INSERT INTO sessions (tenant, session_id, title, metadata_json, created_us, updated_us,"
    " last_seq, event_count, text_bytes, stored_bytes, forked_from, forked_at_seq)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr char kDeleteSessionSql[] = "DELETE FROM sessions WHERE row = ?1";
constexpr char kDeleteTurnsSql[] = "DELETE FROM turns WHERE session = ?1";
constexpr char kDeleteEventsSql[] = "DELETE FROM events WHERE session = ?1";
constexpr char kDeleteKeysSql[] = "DELETE FROM idempotency_keys WHERE session = ?1";

constexpr char kInsertTurnSql[] =
    "INSERT INTO turns (session, seq, text_bytes, body) VALUES (?1, ?2, ?3, ?4)";
constexpr char kMoveCountersSql[] =
    "UPDATE sessions SET last_seq = ?2, text_bytes = text_bytes + ?3,"
    " stored_bytes = stored_bytes + ?4, updated_us = MAX(updated_us, ?5) WHERE row = ?1";
constexpr char kScanTurnsSql[] =
    "SELECT seq, text_bytes, body FROM turns WHERE session = ?1 AND seq BETWEEN ?2 AND ?3"
    " ORDER BY seq";
constexpr char kCopyTurnsSql[] =
    "INSERT INTO turns (session, seq, text_bytes, body)"
    " SELECT ?1, seq, text_bytes, body FROM turns WHERE session = ?2 AND seq <= ?3 ORDER BY seq";
constexpr char kCopyEventsSql[] =
    "INSERT INTO events (session, event_index, after_seq, kind, first_seq, last_seq, time_us)"
    " SELECT ?1, event_index, after_seq, kind, first_seq, last_seq, time_us FROM events"
    " WHERE session = ?2 AND after_seq <= ?3 ORDER BY event_index";
constexpr char kSumTurnsSql[] =
    "SELECT COALESCE(SUM(text_bytes), 0), COALESCE(SUM(LENGTH(body)), 0) FROM turns"
    " WHERE session = ?1";
constexpr char kSetForkCountersSql[] =
    "UPDATE sessions SET last_seq = ?2, event_count = ?3, text_bytes = ?4, stored_bytes = ?5"
    " WHERE row = ?1";

constexpr char kInsertEventSql[] =
    "INSERT INTO events (session, event_index, after_seq, kind, first_seq, last_seq, time_us)"
    " SELECT row, event_count + 1, ?2, ?3, ?4, ?5, ?6 FROM sessions WHERE row = ?1"
    " RETURNING event_index";
constexpr char kCountEventSql[] =
    "UPDATE sessions SET event_count = event_count + 1 WHERE row = ?1";
constexpr char kReadEventsSql[] =
    "SELECT event_index, after_seq, kind, first_seq, last_seq, time_us FROM events"
    " WHERE session = ?1 AND event_index >= ?2 ORDER BY event_index";

constexpr char kFindAnswerSql[] =
    "SELECT body_digest, first_seq, last_seq FROM idempotency_keys WHERE session = ?1 AND key = ?2";
constexpr char kInsertAnswerSql[] =
    "INSERT INTO idempotency_keys (session, key, body_digest, first_seq, last_seq)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";

constexpr char kCountRowsSql[] =
    "SELECT COUNT(*), COALESCE(SUM(last_seq), 0), COALESCE(SUM(stored_bytes), 0) FROM sessions";

SessionRow ToSessionRow(const Query& query) {
  SessionRow session;
  session.row = query.IntAt(0);
  session.stored_bytes = query.UnsignedAt(1);
  session.info.session_id = query.StringAt(2);
  session.info.title = query.StringAt(3);
  session.info.metadata_json = query.StringAt(4);
  session.info.created_us = query.IntAt(5);
  session.info.updated_us = query.IntAt(6);
  session.info.last_seq = query.UnsignedAt(7);
  session.info.event_count = query.UnsignedAt(8);
  session.info.text_bytes = query.UnsignedAt(9);
  session.info.forked_from = query.StringAt(10);
  session.info.forked_at_seq = query.UnsignedAt(11);
  return session;
}

absl::Status NoSession() { return absl::NotFoundError("no such session"); }

// "To the end" may be said with the largest uint64_t, which a column cannot hold.
int64_t Clamp(uint64_t number) {
  return static_cast<int64_t>(std::min<uint64_t>(number, std::numeric_limits<int64_t>::max()));
}

absl::StatusOr<uint64_t> DeleteWhereSession(Database& database, const char* sql, int64_t row) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(sql));
  STORE_RETURN_IF_ERROR(query.Int(row).Run());
  return static_cast<uint64_t>(database.Changes());
}

}  // namespace

const Schema kLogSchema = {
    .what = "log", .application = 1179604556, .version = 1, .create_sql = kCreateSql};

absl::StatusOr<SessionRow> FindSession(Database& database, const SessionKey& key) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindSessionSql));
  STORE_ASSIGN_OR_RETURN(const bool found, query.Blob(key.tenant).Blob(key.session_id).Step());
  if (!found) return NoSession();
  return ToSessionRow(query);
}

absl::StatusOr<SessionHead> FindHead(Database& database, const SessionKey& key) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindHeadSql));
  STORE_ASSIGN_OR_RETURN(const bool found, query.Blob(key.tenant).Blob(key.session_id).Step());
  if (!found) return NoSession();
  return SessionHead{.row = query.IntAt(0), .last_seq = query.UnsignedAt(1)};
}

absl::StatusOr<SessionHead> FindHeadByRow(Database& database, int64_t session_row) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindHeadByRowSql));
  STORE_ASSIGN_OR_RETURN(const bool found, query.Int(session_row).Step());
  if (!found) return NoSession();
  return SessionHead{.row = query.IntAt(0), .last_seq = query.UnsignedAt(1)};
}

absl::StatusOr<std::vector<SessionHead>> ListHeads(Database& database) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kListHeadsSql));
  std::vector<SessionHead> heads;
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return heads;
    heads.push_back({.row = query.IntAt(0), .last_seq = query.UnsignedAt(1)});
  }
}

absl::Status InsertSession(Database& database, std::string_view tenant, SessionRow& session) {
  const SessionInfo& info = session.info;
  const auto taken = FindHead(database, {std::string(tenant), info.session_id});
  if (taken.ok()) return absl::AlreadyExistsError("the session exists");
  if (!absl::IsNotFound(taken.status())) return taken.status();
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kInsertSessionSql));
  query.Blob(tenant).Blob(info.session_id).Blob(info.title).Blob(info.metadata_json);
  query.Int(info.created_us).Int(info.updated_us).Unsigned(info.last_seq);
  query.Unsigned(info.event_count).Unsigned(info.text_bytes).Unsigned(session.stored_bytes);
  query.Blob(info.forked_from).Unsigned(info.forked_at_seq);
  STORE_RETURN_IF_ERROR(query.Run());
  session.row = database.LastInsertedRow();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SessionInfo>> ListSessionsAfter(Database& database,
                                                           std::string_view tenant,
                                                           int64_t created_us,
                                                           std::string_view session_id, int limit) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kListSessionsSql));
  query.Blob(tenant).Int(created_us).Blob(session_id).Int(limit);
  std::vector<SessionInfo> sessions;
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return sessions;
    sessions.push_back(ToSessionRow(query).info);
  }
}

absl::StatusOr<DeletionReceipt> DeleteSessionRows(Database& database, const SessionRow& session) {
  DeletionReceipt receipt;
  receipt.session_id = session.info.session_id;
  receipt.bytes = session.stored_bytes;
  STORE_ASSIGN_OR_RETURN(receipt.turns, DeleteWhereSession(database, kDeleteTurnsSql, session.row));
  STORE_ASSIGN_OR_RETURN(receipt.events,
                         DeleteWhereSession(database, kDeleteEventsSql, session.row));
  STORE_ASSIGN_OR_RETURN(receipt.idempotency_keys,
                         DeleteWhereSession(database, kDeleteKeysSql, session.row));
  STORE_RETURN_IF_ERROR(DeleteWhereSession(database, kDeleteSessionSql, session.row).status());
  return receipt;
}

absl::Status InsertTurns(Database& database, const SessionHead& head,
                         const std::vector<EncodedTurn>& turns, int64_t now_us) {
  uint64_t seq = head.last_seq;
  uint64_t text_bytes = 0;
  uint64_t stored_bytes = 0;
  for (const EncodedTurn& turn : turns) {
    STORE_ASSIGN_OR_RETURN(Query insert, database.Prepare(kInsertTurnSql));
    insert.Int(head.row).Unsigned(++seq).Unsigned(turn.text_bytes).Blob(turn.body);
    STORE_RETURN_IF_ERROR(insert.Run());
    text_bytes += turn.text_bytes;
    stored_bytes += turn.body.size();
  }
  STORE_ASSIGN_OR_RETURN(Query move, database.Prepare(kMoveCountersSql));
  move.Int(head.row).Unsigned(seq).Unsigned(text_bytes).Unsigned(stored_bytes).Int(now_us);
  return move.Run();
}

absl::Status CopyTurns(Database& database, int64_t origin_row, uint64_t at_seq, SessionRow& fork) {
  {
    STORE_ASSIGN_OR_RETURN(Query copy, database.Prepare(kCopyTurnsSql));
    STORE_RETURN_IF_ERROR(copy.Int(fork.row).Int(origin_row).Unsigned(at_seq).Run());
  }
  {
    STORE_ASSIGN_OR_RETURN(Query copy, database.Prepare(kCopyEventsSql));
    STORE_RETURN_IF_ERROR(copy.Int(fork.row).Int(origin_row).Unsigned(at_seq).Run());
    fork.info.event_count = static_cast<uint64_t>(database.Changes());
  }
  {
    STORE_ASSIGN_OR_RETURN(Query sum, database.Prepare(kSumTurnsSql));
    STORE_RETURN_IF_ERROR(sum.Int(fork.row).Step().status());
    fork.info.text_bytes = sum.UnsignedAt(0);
    fork.stored_bytes = sum.UnsignedAt(1);
  }
  fork.info.last_seq = at_seq;
  STORE_ASSIGN_OR_RETURN(Query set, database.Prepare(kSetForkCountersSql));
  set.Int(fork.row).Unsigned(at_seq).Unsigned(fork.info.event_count);
  return set.Unsigned(fork.info.text_bytes).Unsigned(fork.stored_bytes).Run();
}

absl::Status ScanTurns(Database& database, int64_t session_row, SeqRange range,
                       absl::FunctionRef<absl::StatusOr<bool>(uint64_t seq, uint64_t text_bytes,
                                                              std::string_view body)>
                           take) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kScanTurnsSql));
  query.Int(session_row).Int(Clamp(range.first)).Int(Clamp(range.last));
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return absl::OkStatus();
    STORE_ASSIGN_OR_RETURN(const bool more,
                           take(query.UnsignedAt(0), query.UnsignedAt(1), query.BlobAt(2)));
    if (!more) return absl::OkStatus();
  }
}

absl::Status InsertEvent(Database& database, int64_t session_row, LogEvent& event) {
  {
    STORE_ASSIGN_OR_RETURN(Query insert, database.Prepare(kInsertEventSql));
    insert.Int(session_row).Unsigned(event.after_seq).Int(static_cast<int64_t>(event.kind));
    insert.Unsigned(event.turns.first).Unsigned(event.turns.last).Int(event.time_us);
    STORE_RETURN_IF_ERROR(insert.Step().status());
    event.index = insert.UnsignedAt(0);
    STORE_RETURN_IF_ERROR(insert.Run());
  }
  STORE_ASSIGN_OR_RETURN(Query count, database.Prepare(kCountEventSql));
  return count.Int(session_row).Run();
}

absl::StatusOr<std::vector<LogEvent>> ReadEventRows(Database& database, int64_t session_row,
                                                    uint64_t first_index) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kReadEventsSql));
  query.Int(session_row).Int(Clamp(first_index));
  std::vector<LogEvent> events;
  while (true) {
    STORE_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return events;
    LogEvent event;
    event.index = query.UnsignedAt(0);
    event.after_seq = query.UnsignedAt(1);
    event.kind = static_cast<LogEvent::Kind>(query.IntAt(2));
    event.turns = {query.UnsignedAt(3), query.UnsignedAt(4)};
    event.time_us = query.IntAt(5);
    events.push_back(event);
  }
}

absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(Database& database, int64_t session_row,
                                                       std::string_view idempotency_key) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindAnswerSql));
  STORE_ASSIGN_OR_RETURN(const bool found, query.Int(session_row).Blob(idempotency_key).Step());
  if (!found) return std::nullopt;
  return StoredAnswer{query.StringAt(0), query.UnsignedAt(1), query.UnsignedAt(2)};
}

absl::Status InsertAnswer(Database& database, int64_t session_row, std::string_view idempotency_key,
                          const StoredAnswer& answer) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kInsertAnswerSql));
  query.Int(session_row).Blob(idempotency_key).Blob(answer.body_digest);
  return query.Unsigned(answer.first_seq).Unsigned(answer.last_seq).Run();
}

absl::StatusOr<LogStats> CountRows(Database& database) {
  STORE_ASSIGN_OR_RETURN(Query query, database.Prepare(kCountRowsSql));
  STORE_RETURN_IF_ERROR(query.Step().status());
  LogStats stats;
  stats.sessions = query.UnsignedAt(0);
  stats.turns = query.UnsignedAt(1);
  stats.stored_bytes = query.UnsignedAt(2);
  return stats;
}

}  // namespace fovea::sqlite
