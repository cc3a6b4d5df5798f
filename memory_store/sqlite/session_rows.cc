#include "memory_store/sqlite/session_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea::sqlite {
namespace {

// FOVEA_SESSION_COLUMNS in ToSessionRow's order.
#define FOVEA_SESSION_COLUMNS                                                              \
  "row, stored_bytes, session_id, title, metadata_json, created_us, updated_us, last_seq," \
  " event_count, text_bytes, forked_from, forked_at_seq, state, chain, final_id"

constexpr char kFindByNameSql[] =
    "SELECT " FOVEA_SESSION_COLUMNS
    " FROM sessions WHERE tenant = ?1 AND session_id = ?2 AND state = 0";
constexpr char kFindByRowSql[] =
    "SELECT " FOVEA_SESSION_COLUMNS " FROM sessions WHERE row = ?1 AND tenant = ?2 AND state < 2";
constexpr char kListSessionsSql[] = "SELECT " FOVEA_SESSION_COLUMNS
                                    " FROM sessions WHERE tenant = ?1 AND state = 0"
                                    " AND session_id >= x'01'"  // its state may be damaged
                                    " AND (created_us, session_id) > (?2, ?3)"
                                    " ORDER BY created_us, session_id LIMIT ?4";
#undef FOVEA_SESSION_COLUMNS
constexpr char kHeadByNameSql[] =
    "SELECT row, last_seq, chain FROM sessions WHERE tenant = ?1 AND session_id = ?2 AND state = 0";
constexpr char kNotOpenByNameSql[] =
    "SELECT 1 FROM sessions WHERE tenant = ?1 AND session_id = ?2 AND state IS NOT 0";
constexpr char kHeadByIdentitySql[] =
    "SELECT row, last_seq, chain FROM sessions WHERE row = ?1 AND tenant = ?2 AND state < 2";
constexpr char kHeadByRowSql[] =
    "SELECT row, last_seq, chain FROM sessions WHERE row = ?1 AND state < 2";
constexpr char kListHeadsSql[] =
    "SELECT row, last_seq, chain FROM sessions WHERE state < 2 ORDER BY row";
constexpr char kListNamesSql[] =
    "SELECT row, tenant, session_id, state, final_id FROM sessions WHERE state < 2 ORDER BY row";
constexpr char kInsertSessionSql[] =
    "INSERT INTO sessions (tenant, session_id, title, metadata_json, created_us, updated_us,"
    " last_seq, event_count, text_bytes, stored_bytes, forked_from, forked_at_seq, state, chain,"
    " final_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
constexpr char kSetNameSql[] =
    "UPDATE sessions SET session_id = ?2, state = ?3, final_id = x'' WHERE row = ?1";
constexpr char kSetHiddenNameSql[] = "UPDATE sessions SET session_id = ?2 WHERE row = ?1";
constexpr char kSetChainSql[] = "UPDATE sessions SET chain = ?2 WHERE row = ?1";
constexpr char kSetCommitSql[] = "UPDATE sessions SET commit_number = ?2 WHERE row = ?1";
constexpr char kSetDeletionCommitSql[] = "UPDATE meta SET value = ?1 WHERE key = 'commit_number'";
constexpr char kLastCommitSql[] =
    "SELECT MAX(COALESCE((SELECT MAX(commit_number) FROM sessions), 0),"
    " COALESCE((SELECT value FROM meta WHERE key = 'commit_number'), 0))";
constexpr char kSizesSql[] = "SELECT last_seq, stored_bytes FROM sessions WHERE row = ?1";
constexpr char kDeleteTurnsSql[] =
    "DELETE FROM turns WHERE row IN"
    " (SELECT row FROM turns WHERE session = ?1 ORDER BY seq DESC LIMIT ?2)";
constexpr char kDeleteEventsSql[] =
    "DELETE FROM events WHERE row IN (SELECT row FROM events WHERE session = ?1 LIMIT ?2)";
constexpr char kDeleteKeysSql[] =
    "DELETE FROM idempotency_keys WHERE row IN"
    " (SELECT row FROM idempotency_keys WHERE session = ?1 LIMIT ?2)";
constexpr char kDeleteDamagedSql[] =
    "DELETE FROM damaged_turns WHERE row IN"
    " (SELECT row FROM damaged_turns WHERE session = ?1 LIMIT ?2)";
constexpr char kDeleteSessionSql[] = "DELETE FROM sessions WHERE row = ?1";
constexpr char kCountRowsSql[] =
    "SELECT COUNT(*), COALESCE(SUM(last_seq), 0), COALESCE(SUM(stored_bytes), 0) FROM sessions"
    " WHERE state = 0";

constexpr uint64_t kRowOverheadBytes = 100;

SessionRow ToSessionRow(const Query& query) {
  SessionRow session;
  session.row = query.IntAt(0);
  session.stored_bytes = query.UnsignedAt(1);
  session.info.stored_bytes = session.stored_bytes;
  session.info.identity = static_cast<uint64_t>(session.row);
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
  session.state = static_cast<SessionRow::State>(query.IntAt(12));
  // One that is damaged differs from what the turns give: verify says so, and the turns stay
  // readable.
  session.chain = TurnChain::FromBytes(query.BlobAt(13)).value_or(TurnChain());
  if (session.state == SessionRow::State::kStaged) session.info.session_id = query.StringAt(14);
  return session;
}

SessionHead ToHead(const Query& query) {
  return {.row = query.IntAt(0),
          .last_seq = query.UnsignedAt(1),
          .chain = TurnChain::FromBytes(query.BlobAt(2)).value_or(TurnChain())};
}

absl::Status NoSession() { return absl::NotFoundError("no such session"); }

// Of a session that its name, or its identity, does not lead to.
absl::Status NotFound(Database& database, const SessionRef& session) {
  if (session.identity != 0 || !IsOpenName(session.session_id)) return NoSession();
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kNotOpenByNameSql));
  query.Blob(session.tenant).Blob(session.session_id);
  FOVEA_ASSIGN_OR_RETURN(const bool damaged, query.Step());
  if (!damaged) return NoSession();
  return absl::DataLossError("the session's state is damaged: `fovea repair` mends it");
}

int64_t Row(const SessionRef& session) { return static_cast<int64_t>(session.identity); }

absl::Status Rename(Database& database, int64_t row, std::string_view name,
                    SessionRow::State state) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetNameSql));
  return query.Int(row).Blob(name).Int(static_cast<int64_t>(state)).Run();
}

absl::Status CheckFree(Database& database, std::string_view tenant, const std::string& id) {
  const auto taken = FindHead(database, SessionRef(std::string(tenant), id));
  if (taken.ok()) return absl::AlreadyExistsError("the session exists");
  return absl::IsNotFound(taken.status()) ? absl::OkStatus() : taken.status();
}

absl::StatusOr<uint64_t> DeleteSome(Database& database, const char* sql, int64_t row,
                                    uint64_t limit) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(sql));
  FOVEA_RETURN_IF_ERROR(query.Int(row).Unsigned(limit).Run());
  return static_cast<uint64_t>(database.Changes());
}

}  // namespace

std::string HiddenName(int64_t row) { return absl::StrCat(absl::string_view("\0", 1), row); }

bool IsOpenName(std::string_view name) { return !name.empty() && name.front() != '\0'; }

absl::StatusOr<SessionRow> FindSession(Database& database, const SessionRef& session) {
  const bool by_name = session.identity == 0;
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(by_name ? kFindByNameSql : kFindByRowSql));
  if (by_name) {
    query.Blob(session.tenant).Blob(session.session_id);
  } else {
    query.Int(Row(session)).Blob(session.tenant);
  }
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return NotFound(database, session);
  return ToSessionRow(query);
}

absl::StatusOr<SessionHead> FindHead(Database& database, const SessionRef& session) {
  const bool by_name = session.identity == 0;
  FOVEA_ASSIGN_OR_RETURN(Query query,
                         database.Prepare(by_name ? kHeadByNameSql : kHeadByIdentitySql));
  if (by_name) {
    query.Blob(session.tenant).Blob(session.session_id);
  } else {
    query.Int(Row(session)).Blob(session.tenant);
  }
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return NotFound(database, session);
  return ToHead(query);
}

absl::StatusOr<SessionHead> FindHeadByRow(Database& database, int64_t session_row) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kHeadByRowSql));
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Int(session_row).Step());
  if (!found) return NoSession();
  return ToHead(query);
}

absl::StatusOr<std::vector<SessionHead>> ListHeads(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListHeadsSql));
  std::vector<SessionHead> heads;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return heads;
    heads.push_back(ToHead(query));
  }
}

absl::StatusOr<std::vector<NamedSession>> ListNames(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListNamesSql));
  std::vector<NamedSession> names;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return names;
    const bool staged = query.IntAt(3) != 0 && !IsOpenName(query.BlobAt(2));
    names.push_back({query.IntAt(0), query.StringAt(1), query.StringAt(staged ? 4 : 2)});
  }
}

absl::StatusOr<std::vector<SessionInfo>> ListSessionsAfter(Database& database,
                                                           std::string_view tenant,
                                                           int64_t created_us,
                                                           std::string_view session_id, int limit) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kListSessionsSql));
  query.Blob(tenant).Int(created_us).Blob(session_id).Int(limit);
  std::vector<SessionInfo> sessions;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return sessions;
    sessions.push_back(ToSessionRow(query).info);
  }
}

absl::Status InsertSession(Database& database, std::string_view tenant, SessionRow& session) {
  const SessionInfo& info = session.info;
  FOVEA_RETURN_IF_ERROR(CheckFree(database, tenant, info.session_id));
  const bool open = session.state == SessionRow::State::kOpen;
  const std::string chain = session.chain.ToBytes();
  const std::string name = open ? info.session_id : HiddenName(0);
  const std::string final_name = open ? std::string() : info.session_id;
  {
    FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kInsertSessionSql));
    query.Blob(tenant).Blob(name).Blob(info.title).Blob(info.metadata_json);
    query.Int(info.created_us).Int(info.updated_us).Unsigned(info.last_seq);
    query.Unsigned(info.event_count).Unsigned(info.text_bytes).Unsigned(session.stored_bytes);
    query.Blob(info.forked_from).Unsigned(info.forked_at_seq);
    query.Int(static_cast<int64_t>(session.state)).Blob(chain).Blob(final_name);
    FOVEA_RETURN_IF_ERROR(query.Run());
  }
  session.row = database.LastInsertedRow();
  session.info.identity = static_cast<uint64_t>(session.row);
  if (open) return absl::OkStatus();
  const std::string hidden = HiddenName(session.row);
  FOVEA_ASSIGN_OR_RETURN(Query rename, database.Prepare(kSetHiddenNameSql));
  return rename.Int(session.row).Blob(hidden).Run();
}

absl::StatusOr<SessionRow> PublishRow(Database& database, const SessionRef& staged) {
  if (staged.identity == 0) return NoSession();
  FOVEA_ASSIGN_OR_RETURN(SessionRow session, FindSession(database, staged));
  if (session.state != SessionRow::State::kStaged) return NoSession();
  FOVEA_RETURN_IF_ERROR(CheckFree(database, staged.tenant, session.info.session_id));
  FOVEA_RETURN_IF_ERROR(
      Rename(database, session.row, session.info.session_id, SessionRow::State::kOpen));
  session.state = SessionRow::State::kOpen;
  return session;
}

absl::Status HideSession(Database& database, int64_t session_row) {
  return Rename(database, session_row, HiddenName(session_row), SessionRow::State::kDeleting);
}

absl::StatusOr<bool> DeleteSomeRows(Database& database, int64_t session_row, uint64_t max_bytes,
                                    DeletionReceipt& receipt) {
  uint64_t limit = 0;
  {
    FOVEA_ASSIGN_OR_RETURN(Query sizes, database.Prepare(kSizesSql));
    FOVEA_ASSIGN_OR_RETURN(const bool found, sizes.Int(session_row).Step());
    if (!found) return true;
    const uint64_t usual = sizes.UnsignedAt(1) / std::max<uint64_t>(1, sizes.UnsignedAt(0));
    limit = std::max<uint64_t>(1, max_bytes / (usual + kRowOverheadBytes));
  }
  FOVEA_ASSIGN_OR_RETURN(const uint64_t turns,
                         DeleteSome(database, kDeleteTurnsSql, session_row, limit));
  receipt.turns += turns;
  if (turns == limit) return false;
  const uint64_t small = std::max<uint64_t>(1, max_bytes / kRowOverheadBytes);
  FOVEA_ASSIGN_OR_RETURN(const uint64_t events,
                         DeleteSome(database, kDeleteEventsSql, session_row, small));
  receipt.events += events;
  FOVEA_ASSIGN_OR_RETURN(const uint64_t keys,
                         DeleteSome(database, kDeleteKeysSql, session_row, small));
  receipt.idempotency_keys += keys;
  FOVEA_ASSIGN_OR_RETURN(const uint64_t damaged,
                         DeleteSome(database, kDeleteDamagedSql, session_row, limit));
  if (events == small || keys == small || damaged == limit) return false;
  FOVEA_ASSIGN_OR_RETURN(Query session, database.Prepare(kDeleteSessionSql));
  FOVEA_RETURN_IF_ERROR(session.Int(session_row).Run());
  return true;
}

absl::Status SetChain(Database& database, int64_t session_row, const TurnChain& chain) {
  const std::string bytes = chain.ToBytes();
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetChainSql));
  return query.Int(session_row).Blob(bytes).Run();
}

absl::StatusOr<uint64_t> LastCommit(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kLastCommitSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  return query.UnsignedAt(0);
}

absl::Status SetCommit(Database& database, int64_t session_row, uint64_t commit) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetCommitSql));
  return query.Int(session_row).Unsigned(commit).Run();
}

absl::Status SetDeletionCommit(Database& database, uint64_t commit) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kSetDeletionCommitSql));
  return query.Unsigned(commit).Run();
}

absl::StatusOr<LogStats> CountRows(Database& database) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kCountRowsSql));
  FOVEA_RETURN_IF_ERROR(query.Step().status());
  LogStats stats;
  stats.sessions = query.UnsignedAt(0);
  stats.turns = query.UnsignedAt(1);
  stats.stored_bytes = query.UnsignedAt(2);
  return stats;
}

}  // namespace fovea::sqlite
