// Backups and retention of SqliteLogStore.
#include <utility>

#include "core/base/status_macros.h"
#include "memory_store/sqlite/schema.h"
#include "memory_store/sqlite/sqlite_log_store.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kSmallJobBytes = 1024;
constexpr uint64_t kChunkBytes = uint64_t{4} << 20;

constexpr char kListByAgeSql[] =
    "SELECT tenant, session_id, row, MAX(0, MIN(updated_us, ?1)) AS idle_since, stored_bytes,"
    " last_seq FROM sessions WHERE state = 0 ORDER BY idle_since, row";
constexpr char kAnyAheadSql[] = "SELECT 1 FROM sessions WHERE updated_us > ?1 LIMIT 1";
constexpr char kBringBackSql[] = "UPDATE sessions SET updated_us = ?1 WHERE updated_us > ?1";

constexpr char kHoldingsSql[] =
    "SELECT COUNT(*), COALESCE(SUM(stored_bytes + LENGTH(title) + LENGTH(metadata_json)"
    " + event_count * ?2), 0) FROM sessions WHERE tenant = ?1";

}  // namespace

absl::StatusOr<VerifyReport> SqliteLogStore::Backup(const std::string& path,
                                                    const StillWanted& still_wanted) {
  {
    const ReadPool::Lease database = readers_->Borrow();
    FOVEA_RETURN_IF_ERROR(CopyDatabase(*database, path));
  }
  auto copy = LogSource::Open(path, still_wanted);
  if (!copy.ok()) {
    RemoveDatabase(path);
    return copy.status();
  }
  return (*copy)->report();
}

absl::StatusOr<RestoreReport> SqliteLogStore::Restore(const std::string& path,
                                                      const StillWanted& still_wanted) {
  FOVEA_ASSIGN_OR_RETURN(const std::unique_ptr<LogSource> source,
                         LogSource::Open(path, still_wanted));
  FOVEA_ASSIGN_OR_RETURN(const std::vector<NamedSession> sessions, source->Sessions());
  RestoreReport restored;
  for (const NamedSession& session : sessions) {
    if (still_wanted) FOVEA_RETURN_IF_ERROR(still_wanted());
    const absl::Status status = RestoreSession(*source, session, restored);
    if (absl::IsAlreadyExists(status)) {
      restored.skipped.push_back({session.tenant, session.session_id});
      continue;
    }
    // Reading ends with CANCELLED once nobody waits; why is what the caller is told.
    if (!status.ok() && still_wanted) FOVEA_RETURN_IF_ERROR(still_wanted());
    FOVEA_RETURN_IF_ERROR(status);
  }
  return restored;
}

absl::Status SqliteLogStore::RestoreSession(LogSource& source, const NamedSession& session,
                                            RestoreReport& restored) {
  FOVEA_ASSIGN_OR_RETURN(SessionParts parts, source.ReadParts(session));
  if (parts.row.state != SessionRow::State::kOpen) return absl::OkStatus();  // half an import
  // Nobody has let it lie here: it is as young as one that is made now.
  const int64_t now_us = options_.now_us();
  SessionRow row;
  row.info = parts.row.info;
  row.info.updated_us = now_us;
  row.info.last_seq = row.info.event_count = row.info.text_bytes = 0;
  row.state = SessionRow::State::kStaged;
  FOVEA_RETURN_IF_ERROR(
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_RETURN_IF_ERROR(InsertSession(database, session.tenant, row));
        change.any = true;
        return SetCommit(database, row.row, change.commit);
      }));
  const SessionRef staged(session.tenant, session.session_id, row.info.identity);
  const absl::StatusOr<uint64_t> turns = RestoreTurns(source, session, now_us, row.row);
  absl::Status status = turns.status();
  if (status.ok()) {
    status = Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
      for (LogEvent& event : parts.events) {
        FOVEA_RETURN_IF_ERROR(InsertEvent(database, row.row, event));
      }
      for (const auto& [key, answer] : parts.answers) {
        FOVEA_RETURN_IF_ERROR(InsertAnswer(database, row.row, key, answer));
      }
      FOVEA_RETURN_IF_ERROR(PublishRow(database, staged).status());
      change.any = true;
      return SetCommit(database, row.row, change.commit);
    });
  }
  if (!status.ok()) {
    DeleteSession(staged, now_us).IgnoreError();
    return status;
  }
  Changed(row.row);
  ++restored.sessions;
  restored.turns += *turns;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SqliteLogStore::RestoreTurns(LogSource& source,
                                                      const NamedSession& session, int64_t now_us,
                                                      int64_t row) {
  uint64_t copied = 0;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const std::vector<EncodedTurn> turns,
                           source.ReadTurns(session, copied + 1, kChunkBytes));
    if (turns.empty()) return copied;
    FOVEA_RETURN_IF_ERROR(
        Write(kChunkBytes, [&](Database& database, Change& change) -> absl::Status {
          FOVEA_ASSIGN_OR_RETURN(const SessionHead head, FindHeadByRow(database, row));
          change.any = true;
          return InsertTurns(database, head, turns, now_us, change.commit);
        }));
    copied += turns.size();
  }
}

absl::StatusOr<TenantHoldings> SqliteLogStore::HoldingsOf(const std::string& tenant) {
  const ReadPool::Lease database = readers_->Borrow();
  FOVEA_ASSIGN_OR_RETURN(Query query, database->Prepare(kHoldingsSql));
  FOVEA_RETURN_IF_ERROR(query.Blob(tenant).Unsigned(kStoredEventBytes).Step().status());
  return TenantHoldings{.sessions = query.UnsignedAt(0), .stored_bytes = query.UnsignedAt(1)};
}

absl::StatusOr<std::vector<OldSession>> SqliteLogStore::ListByAge() {
  const ReadPool::Lease database = readers_->Borrow();
  FOVEA_ASSIGN_OR_RETURN(Query query, database->Prepare(kListByAgeSql));
  query.Int(options_.now_us());
  std::vector<OldSession> sessions;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return sessions;
    sessions.push_back({.key = {query.StringAt(0), query.StringAt(1)},
                        .identity = query.UnsignedAt(2),
                        .updated_us = query.IntAt(3),
                        .stored_bytes = query.UnsignedAt(4),
                        .last_seq = query.UnsignedAt(5)});
  }
}

absl::Status SqliteLogStore::BringTimesBack() {
  const int64_t now_us = options_.now_us();
  {
    const ReadPool::Lease database = readers_->Borrow();
    FOVEA_ASSIGN_OR_RETURN(Query query, database->Prepare(kAnyAheadSql));
    FOVEA_ASSIGN_OR_RETURN(const bool any, query.Int(now_us).Step());
    if (!any) return absl::OkStatus();
  }
  // It is no commit of turns that could be lost.
  return Write(kSmallJobBytes, [now_us](Database& database, Change&) -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kBringBackSql));
    return query.Int(now_us).Run();
  });
}

absl::StatusOr<DeletionReceipt> SqliteLogStore::DeleteUnchanged(const OldSession& session,
                                                                int64_t now_us) {
  return Remove({session.key, session.identity}, now_us,
                [&](const SessionRow& row) -> absl::Status {
                  if (row.info.last_seq == session.last_seq) return absl::OkStatus();
                  return absl::AbortedError("the session was appended to meanwhile");
                });
}

}  // namespace fovea::sqlite
