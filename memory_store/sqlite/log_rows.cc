#include "memory_store/sqlite/log_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/status_macros.h"

namespace fovea::sqlite {
namespace {

constexpr char kInsertTurnSql[] =
    "INSERT INTO turns (session, seq, text_bytes, body) VALUES (?1, ?2, ?3, ?4)";
constexpr char kMoveCountersSql[] =
    "UPDATE sessions SET last_seq = ?2, text_bytes = text_bytes + ?3,"
    " stored_bytes = stored_bytes + ?4, updated_us = MAX(updated_us, ?5), chain = ?6,"
    " commit_number = ?7 WHERE row = ?1";
constexpr char kScanTurnsSql[] =
    "SELECT seq, text_bytes, body FROM turns WHERE session = ?1 AND seq BETWEEN ?2 AND ?3"
    " ORDER BY seq";
// A blob's length is known without its bytes, and CASE does not look at what it does not take.
constexpr char kScanBodiesSql[] =
    "SELECT seq, length(body) <= ?4, CASE WHEN length(body) <= ?4 THEN body END FROM turns"
    " WHERE session = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq";
constexpr char kCopyTurnsSql[] =
    "INSERT INTO turns (session, seq, text_bytes, body)"
    " SELECT ?1, seq, text_bytes, body FROM turns WHERE session = ?2 AND seq <= ?3 ORDER BY seq";
constexpr char kCopyEventsSql[] =
    "INSERT INTO events (session, event_index, after_seq, kind, first_seq, last_seq, time_us)"
    " SELECT ?1, event_index, after_seq, kind, first_seq, last_seq, time_us FROM events"
    " WHERE session = ?2 AND after_seq <= ?3 ORDER BY event_index";
constexpr char kSetForkCountersSql[] =
    "UPDATE sessions SET last_seq = ?2, event_count = ?3, text_bytes = ?4, stored_bytes = ?5,"
    " chain = ?6 WHERE row = ?1";

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

// "To the end" may be said with the largest uint64_t, which a column cannot hold.
int64_t Clamp(uint64_t number) {
  return static_cast<int64_t>(std::min<uint64_t>(number, std::numeric_limits<int64_t>::max()));
}

}  // namespace

absl::Status InsertTurns(Database& database, const SessionHead& head,
                         const std::vector<EncodedTurn>& turns, int64_t now_us, uint64_t commit) {
  uint64_t seq = head.last_seq;
  uint64_t text_bytes = 0;
  uint64_t stored_bytes = 0;
  TurnChain chain = head.chain;
  for (const EncodedTurn& turn : turns) {
    FOVEA_ASSIGN_OR_RETURN(Query insert, database.Prepare(kInsertTurnSql));
    insert.Int(head.row).Unsigned(++seq).Unsigned(turn.text_bytes).Blob(turn.body);
    FOVEA_RETURN_IF_ERROR(insert.Run());
    text_bytes += turn.text_bytes;
    stored_bytes += turn.body.size();
    chain.Add(seq, turn.digest);
  }
  const std::string chain_bytes = chain.ToBytes();
  FOVEA_ASSIGN_OR_RETURN(Query move, database.Prepare(kMoveCountersSql));
  move.Int(head.row).Unsigned(seq).Unsigned(text_bytes).Unsigned(stored_bytes).Int(now_us);
  return move.Blob(chain_bytes).Unsigned(commit).Run();
}

absl::Status CopyTurns(Database& database, const SessionRow& origin, uint64_t at_seq,
                       SessionRow& fork) {
  {
    FOVEA_ASSIGN_OR_RETURN(Query copy, database.Prepare(kCopyTurnsSql));
    FOVEA_RETURN_IF_ERROR(copy.Int(fork.row).Int(origin.row).Unsigned(at_seq).Run());
  }
  {
    FOVEA_ASSIGN_OR_RETURN(Query copy, database.Prepare(kCopyEventsSql));
    FOVEA_RETURN_IF_ERROR(copy.Int(fork.row).Int(origin.row).Unsigned(at_seq).Run());
    fork.info.event_count = static_cast<uint64_t>(database.Changes());
  }
  fork.info.last_seq = at_seq;
  if (at_seq == origin.info.last_seq) {
    fork.info.text_bytes = origin.info.text_bytes;
    fork.stored_bytes = origin.stored_bytes;
    fork.chain = origin.chain;
  } else {
    FOVEA_RETURN_IF_ERROR(ScanTurns(
        database, fork.row, {1, at_seq},
        [&](uint64_t seq, uint64_t text_bytes, std::string_view body) -> absl::StatusOr<bool> {
          fork.info.text_bytes += text_bytes;
          fork.stored_bytes += body.size();
          fork.chain.Add(seq, DigestTurn(body));
          return true;
        }));
  }
  const std::string chain = fork.chain.ToBytes();
  FOVEA_ASSIGN_OR_RETURN(Query set, database.Prepare(kSetForkCountersSql));
  set.Int(fork.row).Unsigned(at_seq).Unsigned(fork.info.event_count);
  return set.Unsigned(fork.info.text_bytes).Unsigned(fork.stored_bytes).Blob(chain).Run();
}

absl::StatusOr<TurnChain> ComputeChain(Database& database, int64_t session_row, SeqRange range) {
  TurnChain chain;
  FOVEA_RETURN_IF_ERROR(ScanTurns(
      database, session_row, range,
      [&](uint64_t seq, uint64_t /*text_bytes*/, std::string_view body) -> absl::StatusOr<bool> {
        chain.Add(seq, DigestTurn(body));
        return true;
      }));
  return chain;
}

absl::Status ScanTurns(Database& database, int64_t session_row, SeqRange range,
                       absl::FunctionRef<absl::StatusOr<bool>(uint64_t seq, uint64_t text_bytes,
                                                              std::string_view body)>
                           take) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kScanTurnsSql));
  query.Int(session_row).Int(Clamp(range.first)).Int(Clamp(range.last));
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return absl::OkStatus();
    FOVEA_ASSIGN_OR_RETURN(const bool more,
                           take(query.UnsignedAt(0), query.UnsignedAt(1), query.BlobAt(2)));
    if (!more) return absl::OkStatus();
  }
}

absl::Status ScanBodies(
    Database& database, int64_t session_row, SeqRange range, uint64_t max_body_bytes,
    absl::FunctionRef<absl::StatusOr<bool>(uint64_t seq, std::optional<std::string_view> body)>
        take) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kScanBodiesSql));
  query.Int(session_row).Int(Clamp(range.first)).Int(Clamp(range.last));
  query.Int(Clamp(max_body_bytes));
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return absl::OkStatus();
    std::optional<std::string_view> body;
    if (query.IntAt(1) != 0) body = query.BlobAt(2);
    FOVEA_ASSIGN_OR_RETURN(const bool more, take(query.UnsignedAt(0), body));
    if (!more) return absl::OkStatus();
  }
}

absl::Status InsertEvent(Database& database, int64_t session_row, LogEvent& event) {
  {
    FOVEA_ASSIGN_OR_RETURN(Query insert, database.Prepare(kInsertEventSql));
    insert.Int(session_row).Unsigned(event.after_seq).Int(static_cast<int64_t>(event.kind));
    insert.Unsigned(event.turns.first).Unsigned(event.turns.last).Int(event.time_us);
    FOVEA_RETURN_IF_ERROR(insert.Step().status());
    event.index = insert.UnsignedAt(0);
    FOVEA_RETURN_IF_ERROR(insert.Run());
  }
  FOVEA_ASSIGN_OR_RETURN(Query count, database.Prepare(kCountEventSql));
  return count.Int(session_row).Run();
}

absl::StatusOr<std::vector<LogEvent>> ReadEventRows(Database& database, int64_t session_row,
                                                    uint64_t first_index) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kReadEventsSql));
  query.Int(session_row).Int(Clamp(first_index));
  std::vector<LogEvent> events;
  while (true) {
    FOVEA_ASSIGN_OR_RETURN(const bool row, query.Step());
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
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kFindAnswerSql));
  FOVEA_ASSIGN_OR_RETURN(const bool found, query.Int(session_row).Blob(idempotency_key).Step());
  if (!found) return std::nullopt;
  return StoredAnswer{query.StringAt(0), query.UnsignedAt(1), query.UnsignedAt(2)};
}

absl::Status InsertAnswer(Database& database, int64_t session_row, std::string_view idempotency_key,
                          const StoredAnswer& answer) {
  FOVEA_ASSIGN_OR_RETURN(Query query, database.Prepare(kInsertAnswerSql));
  query.Int(session_row).Blob(idempotency_key).Blob(answer.body_digest);
  return query.Unsigned(answer.first_seq).Unsigned(answer.last_seq).Run();
}

}  // namespace fovea::sqlite
