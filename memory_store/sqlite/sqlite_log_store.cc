#include "memory_store/sqlite/sqlite_log_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "memory_store/page_token.h"
#include "memory_store/sqlite/file_size.h"
#include "memory_store/sqlite/log_verify.h"
#include "memory_store/sqlite/status_macros.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxTurnsInBatch = 10'000;
constexpr size_t kDigestBytes = 32;
constexpr int kMaxPageSize = 1000;
constexpr size_t kSmallJobBytes = 1024;

absl::Status CheckNew(const NewSession& session) {
  if (session.session_id.empty() || session.session_id.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError("a session id has 1 to 200 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckBatch(const AppendBatch& batch) {
  if (batch.turns.empty() || batch.turns.size() > kMaxTurnsInBatch) {
    return absl::InvalidArgumentError("an append has 1 to 10,000 turns");
  }
  if (batch.idempotency_key.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError("an idempotency key has at most 200 bytes");
  }
  if (!batch.idempotency_key.empty() && batch.body_digest.size() != kDigestBytes) {
    return absl::InvalidArgumentError("an idempotency key needs a body digest of 32 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckEvent(const LogEvent& event, uint64_t last_seq) {
  if (event.turns.empty() || event.turns.first == 0 || event.turns.last > last_seq) {
    return absl::OutOfRangeError(absl::StrCat("turns ", event.turns.first, " to ", event.turns.last,
                                              " of a session that has 1 to ", last_seq));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<EncodedTurn>> EncodeAll(const std::vector<Turn>& turns) {
  std::vector<EncodedTurn> encoded;
  encoded.reserve(turns.size());
  for (const Turn& turn : turns) {
    STORE_ASSIGN_OR_RETURN(std::string body, EncodeTurn(turn));
    encoded.push_back({.body = std::move(body), .text_bytes = TurnText(turn).size()});
  }
  return encoded;
}

size_t BytesOf(const std::vector<EncodedTurn>& turns) {
  size_t bytes = kSmallJobBytes;
  for (const EncodedTurn& turn : turns) bytes += turn.body.size();
  return bytes;
}

SessionRow ToRow(const NewSession& session) {
  SessionRow row;
  row.info.session_id = session.session_id;
  row.info.title = session.title;
  row.info.metadata_json = session.metadata_json;
  row.info.created_us = session.created_us;
  row.info.updated_us = session.created_us;
  return row;
}

absl::StatusOr<AppendReceipt> AppendRows(Database& database, const SessionHead& head,
                                         const AppendBatch& batch,
                                         const std::vector<EncodedTurn>& turns, int64_t now_us) {
  const bool keyed = !batch.idempotency_key.empty();
  if (keyed) {
    STORE_ASSIGN_OR_RETURN(const std::optional<StoredAnswer> answer,
                           FindAnswer(database, head.row, batch.idempotency_key));
    if (answer && answer->body_digest != batch.body_digest) {
      return absl::AlreadyExistsError("the idempotency key was used with another body");
    }
    if (answer) return AppendReceipt{answer->first_seq, answer->last_seq, true};
  }
  const uint64_t next_seq = head.last_seq + 1;
  if (batch.expected_next_seq.value_or(next_seq) != next_seq) {
    return absl::AbortedError(absl::StrCat("expected_next_seq is ", *batch.expected_next_seq,
                                           ", but the next turn is ", next_seq));
  }
  STORE_RETURN_IF_ERROR(InsertTurns(database, head, turns, now_us));
  const AppendReceipt receipt = {next_seq, head.last_seq + turns.size(), false};
  if (keyed) {
    const StoredAnswer answer = {batch.body_digest, receipt.first_seq, receipt.last_seq};
    STORE_RETURN_IF_ERROR(InsertAnswer(database, head.row, batch.idempotency_key, answer));
  }
  return receipt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteLogStore>> SqliteLogStore::Open(LogStoreOptions options) {
  const DatabaseOptions file = {.path = options.path,
                                .vfs = options.vfs,
                                .synchronous = options.synchronous,
                                .secure_delete = true};
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(file));
  STORE_RETURN_IF_ERROR(PrepareSchema(*database, kLogSchema));
  absl::StatusOr<std::string> store_id = ReadStoreId(*database);
  if (absl::IsNotFound(store_id.status())) {
    STORE_ASSIGN_OR_RETURN(store_id, DrawStoreId(*database));
    STORE_RETURN_IF_ERROR(WriteStoreId(*database, *store_id));
  }
  STORE_RETURN_IF_ERROR(store_id.status());
  STORE_ASSIGN_OR_RETURN(std::unique_ptr<ReadPool> readers,
                         ReadPool::Open(file, std::max(1, options.readers)));
  std::unique_ptr<Writer> writer = Writer::Start(std::move(database), options.writer);
  return std::unique_ptr<SqliteLogStore>(new SqliteLogStore(
      std::move(options), *std::move(store_id), std::move(writer), std::move(readers)));
}

void SqliteLogStore::Changed(int64_t session_row) const {
  if (options_.on_change) options_.on_change(session_row);
}

absl::StatusOr<SessionInfo> SqliteLogStore::CreateSession(const SessionKey& key,
                                                          const NewSession& session) {
  STORE_RETURN_IF_ERROR(CheckNew(session));
  if (session.session_id != key.session_id) {
    return absl::InvalidArgumentError("the key and the session name different ids");
  }
  SessionRow row = ToRow(session);
  STORE_RETURN_IF_ERROR(writer_->Run(kSmallJobBytes, [&](Database& database) {
    return InsertSession(database, key.tenant, row);
  }));
  return row.info;
}

absl::StatusOr<SessionInfo> SqliteLogStore::GetSession(const SessionKey& key) {
  const ReadPool::Lease database = readers_->Borrow();
  STORE_ASSIGN_OR_RETURN(SessionRow session, FindSession(*database, key));
  return std::move(session.info);
}

absl::StatusOr<SessionListing> SqliteLogStore::ListSessions(std::string_view tenant, int page_size,
                                                            std::string_view page_token) {
  if (page_size < 1 || page_size > kMaxPageSize) {
    return absl::InvalidArgumentError("a page has 1 to 1,000 sessions");
  }
  STORE_ASSIGN_OR_RETURN(const PageToken start, ParsePageToken(tenant, page_token));
  const ReadPool::Lease database = readers_->Borrow();
  SessionListing listing;
  STORE_ASSIGN_OR_RETURN(listing.sessions, ListSessionsAfter(*database, tenant, start.created_us,
                                                             start.session_id, page_size + 1));
  if (listing.sessions.size() > static_cast<size_t>(page_size)) {
    listing.sessions.pop_back();
    const SessionInfo& last = listing.sessions.back();
    listing.next_page_token = FormatPageToken(tenant, {last.created_us, last.session_id});
  }
  return listing;
}

absl::StatusOr<DeletionReceipt> SqliteLogStore::DeleteSession(const SessionKey& key,
                                                              int64_t now_us) {
  DeletionReceipt receipt;
  int64_t row = 0;
  STORE_RETURN_IF_ERROR(writer_->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
    STORE_ASSIGN_OR_RETURN(const SessionRow session, FindSession(database, key));
    row = session.row;
    STORE_ASSIGN_OR_RETURN(receipt, DeleteSessionRows(database, session));
    return absl::OkStatus();
  }));
  receipt.deleted_us = now_us;
  writer_->ScrubLog();
  Changed(row);
  return receipt;
}

absl::StatusOr<SessionInfo> SqliteLogStore::ForkSession(const SessionKey& origin, uint64_t at_seq,
                                                        const NewSession& fork) {
  STORE_RETURN_IF_ERROR(CheckNew(fork));
  SessionRow row = ToRow(fork);
  row.info.forked_from = origin.session_id;
  row.info.forked_at_seq = at_seq;
  STORE_RETURN_IF_ERROR(writer_->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
    STORE_ASSIGN_OR_RETURN(const SessionHead head, FindHead(database, origin));
    if (at_seq > head.last_seq) {
      return absl::OutOfRangeError(
          absl::StrCat("a fork at turn ", at_seq, " of a session with ", head.last_seq));
    }
    STORE_RETURN_IF_ERROR(InsertSession(database, origin.tenant, row));
    return CopyTurns(database, head.row, at_seq, row);
  }));
  Changed(row.row);
  return row.info;
}

absl::StatusOr<AppendReceipt> SqliteLogStore::Append(const SessionKey& key, AppendBatch batch) {
  STORE_RETURN_IF_ERROR(CheckBatch(batch));
  STORE_ASSIGN_OR_RETURN(const std::vector<EncodedTurn> turns, EncodeAll(batch.turns));
  batch.turns.clear();
  const int64_t now_us = options_.now_us();
  AppendReceipt receipt;
  int64_t row = 0;
  STORE_RETURN_IF_ERROR(writer_->Run(BytesOf(turns), [&](Database& database) -> absl::Status {
    STORE_ASSIGN_OR_RETURN(const SessionHead head, FindHead(database, key));
    row = head.row;
    STORE_ASSIGN_OR_RETURN(receipt, AppendRows(database, head, batch, turns, now_us));
    return absl::OkStatus();
  }));
  if (!receipt.replayed) {
    appended_turns_ += turns.size();
    Changed(row);
  }
  return receipt;
}

absl::StatusOr<LogEvent> SqliteLogStore::AppendEvent(const SessionKey& key, LogEvent event) {
  STORE_RETURN_IF_ERROR(writer_->Run(kSmallJobBytes, [&](Database& database) -> absl::Status {
    STORE_ASSIGN_OR_RETURN(const SessionHead head, FindHead(database, key));
    STORE_RETURN_IF_ERROR(CheckEvent(event, head.last_seq));
    event.after_seq = head.last_seq;
    return InsertEvent(database, head.row, event);
  }));
  return event;
}

absl::StatusOr<std::vector<Turn>> SqliteLogStore::ReadTurns(const SessionKey& key, SeqRange range,
                                                            uint64_t max_bytes) {
  std::vector<Turn> turns;
  uint64_t bytes = 0;
  const ReadPool::Lease database = readers_->Borrow();
  STORE_RETURN_IF_ERROR(database->ReadTransaction([&]() -> absl::Status {
    STORE_ASSIGN_OR_RETURN(const SessionHead head, FindHead(*database, key));
    return ScanTurns(*database, head.row, range,
                     [&](uint64_t seq, uint64_t, std::string_view body) -> absl::StatusOr<bool> {
                       STORE_ASSIGN_OR_RETURN(Turn turn, DecodeTurn(body, seq));
                       bytes += PartBytes(turn);
                       turns.push_back(std::move(turn));
                       return max_bytes == 0 || bytes < max_bytes;
                     });
  }));
  return turns;
}

absl::StatusOr<std::vector<LogEvent>> SqliteLogStore::ReadEvents(const SessionKey& key,
                                                                 uint64_t first_index) {
  std::vector<LogEvent> events;
  const ReadPool::Lease database = readers_->Borrow();
  STORE_RETURN_IF_ERROR(database->ReadTransaction([&]() -> absl::Status {
    STORE_ASSIGN_OR_RETURN(const SessionHead head, FindHead(*database, key));
    STORE_ASSIGN_OR_RETURN(events, ReadEventRows(*database, head.row, first_index));
    return absl::OkStatus();
  }));
  return events;
}

absl::StatusOr<LogStats> SqliteLogStore::Stats() {
  const ReadPool::Lease database = readers_->Borrow();
  STORE_ASSIGN_OR_RETURN(LogStats stats, CountRows(*database));
  stats.file_bytes = DatabaseBytes(options_.path);
  stats.commits = writer_->commits();
  stats.appended_turns = appended_turns_;
  return stats;
}

absl::StatusOr<VerifyReport> SqliteLogStore::Verify() {
  const ReadPool::Lease database = readers_->Borrow();
  return VerifyLog(*database);
}

absl::StatusOr<SessionHead> SqliteLogStore::Head(const SessionKey& key) {
  const ReadPool::Lease database = readers_->Borrow();
  return FindHead(*database, key);
}

absl::StatusOr<std::vector<SessionHead>> SqliteLogStore::Heads() {
  const ReadPool::Lease database = readers_->Borrow();
  return ListHeads(*database);
}

absl::StatusOr<std::vector<StoredTurn>> SqliteLogStore::ReadStored(int64_t row, uint64_t first_seq,
                                                                   size_t max_bytes) {
  std::vector<StoredTurn> turns;
  size_t bytes = 0;
  const ReadPool::Lease database = readers_->Borrow();
  STORE_RETURN_IF_ERROR(database->ReadTransaction([&]() -> absl::Status {
    STORE_RETURN_IF_ERROR(FindHeadByRow(*database, row).status());
    return ScanTurns(*database, row, {first_seq, UINT64_MAX},
                     [&](uint64_t seq, uint64_t, std::string_view body) -> absl::StatusOr<bool> {
                       turns.push_back({seq, std::string(body)});
                       bytes += body.size();
                       return bytes < max_bytes;
                     });
  }));
  return turns;
}

}  // namespace fovea::sqlite
