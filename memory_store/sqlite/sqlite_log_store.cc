#include "memory_store/sqlite/sqlite_log_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "memory_store/awaited.h"
#include "memory_store/page_token.h"
#include "memory_store/sqlite/file_size.h"
#include "memory_store/sqlite/log_schema.h"
#include "memory_store/sqlite/log_verify.h"
#include "memory_store/sqlite/session_states.h"
#include "memory_store/sqlite/wal_check.h"
#include "memory_store/turn_codec.h"

namespace fovea::sqlite {
namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMaxTurnsInBatch = 10'000;
constexpr size_t kDigestBytes = 32;
constexpr int kMaxPageSize = 1000;
constexpr size_t kSmallJobBytes = 1024;
// Stored bytes that one transaction of a deletion takes, unless a turn alone is larger.
constexpr uint64_t kPurgeBytes = uint64_t{2} << 20;

absl::Status CheckNew(const NewSession& session) {
  if (session.session_id.empty() || session.session_id.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError("a session id has 1 to 200 bytes");
  }
  // Sessions that no name leads to have such names.
  if (session.session_id.front() == '\0') {
    return absl::InvalidArgumentError("a session id does not begin with a zero byte");
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
    FOVEA_ASSIGN_OR_RETURN(std::string body, EncodeTurn(turn));
    const TurnDigest digest = DigestTurn(body);
    encoded.push_back(
        {.body = std::move(body), .text_bytes = TurnText(turn).size(), .digest = digest});
  }
  return encoded;
}

size_t BytesOf(const std::vector<EncodedTurn>& turns) {
  size_t bytes = kSmallJobBytes;
  for (const EncodedTurn& turn : turns) bytes += turn.body.size();
  return bytes;
}

SessionRow ToRow(const NewSession& session, int64_t now_us) {
  SessionRow row;
  row.info.session_id = session.session_id;
  row.info.title = session.title;
  row.info.metadata_json = session.metadata_json;
  row.info.created_us = session.created_us;
  row.info.updated_us = now_us;
  return row;
}

// Why a log cannot be served, for whoever starts the server.
absl::Status NotServed(const std::string& path, const absl::Status& why) {
  const absl::string_view told = why.message();
  const std::string named =
      absl::StartsWith(told, path) ? std::string(told) : absl::StrCat(path, ": ", told);
  if (!absl::IsDataLoss(why)) return {why.code(), named};
  const uint64_t bytes = FileBytes(path);
  const uint64_t noted = NotedBytes(path);
  const std::string cut = bytes >= noted
                              ? std::string()
                              : absl::StrCat(" The file has ", bytes, " bytes of ", noted,
                                             ": without a backup, `truncate -s ", noted, " ", path,
                                             "` and then `fovea repair` save what is left.");
  return absl::DataLossError(absl::StrCat(
      "the log is damaged so that it cannot be served, and nothing was written to it (", named,
      "). Restore a backup.", cut));
}

absl::StatusOr<std::string> PrepareLog(Database& database) {
  FOVEA_RETURN_IF_ERROR(PrepareSchema(database, kLogSchema));
  absl::StatusOr<std::string> store_id = ReadStoreId(database);
  if (!absl::IsNotFound(store_id.status())) return store_id;
  FOVEA_ASSIGN_OR_RETURN(store_id, DrawStoreId(database));
  FOVEA_RETURN_IF_ERROR(WriteStoreId(database, *store_id));
  return store_id;
}

// nullopt: the batch is refused. An error would say something of the database.
absl::StatusOr<std::optional<AppendReceipt>> AppendRows(Database& database, const SessionHead& head,
                                                        const AppendBatch& batch,
                                                        const std::vector<EncodedTurn>& turns,
                                                        int64_t now_us, uint64_t commit) {
  const bool keyed = !batch.idempotency_key.empty();
  if (keyed) {
    FOVEA_ASSIGN_OR_RETURN(const std::optional<StoredAnswer> answer,
                           FindAnswer(database, head.row, batch.idempotency_key));
    if (answer && answer->body_digest != batch.body_digest) {
      return absl::AlreadyExistsError("the idempotency key was used with another body");
    }
    if (answer) return AppendReceipt{answer->first_seq, answer->last_seq, true, 0};
  }
  if (!batch.refused.ok()) return std::nullopt;
  const uint64_t next_seq = head.last_seq + 1;
  if (batch.expected_next_seq.value_or(next_seq) != next_seq) {
    return absl::AbortedError(absl::StrCat("expected_next_seq is ", *batch.expected_next_seq,
                                           ", but the next turn is ", next_seq));
  }
  FOVEA_RETURN_IF_ERROR(InsertTurns(database, head, turns, now_us, commit));
  const AppendReceipt receipt = {next_seq, head.last_seq + turns.size(), false, BytesOf(turns)};
  if (keyed) {
    const StoredAnswer answer = {batch.body_digest, receipt.first_seq, receipt.last_seq};
    FOVEA_RETURN_IF_ERROR(InsertAnswer(database, head.row, batch.idempotency_key, answer));
  }
  return receipt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteLogStore>> SqliteLogStore::Open(LogStoreOptions options) {
  const DatabaseOptions file = {.path = options.path,
                                .vfs = options.vfs,
                                .synchronous = options.synchronous,
                                .secure_delete = true,
                                .page_bytes = 4096};
  // Only a log whose every commit is synced can say this of its write-ahead log.
  if (options.synchronous == DatabaseOptions::Synchronous::kFull) {
    FOVEA_RETURN_IF_ERROR(CheckWal(absl::StrCat(options.path, "-wal")));
  }
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(file);
  if (!database.ok()) return NotServed(file.path, database.status());
  absl::StatusOr<std::string> store_id = PrepareLog(**database);
  if (!store_id.ok()) {
    (*database)->KeepWalOnClose();
    return NotServed(file.path, store_id.status());
  }
  std::unique_ptr<SqliteLogStore> store(
      new SqliteLogStore(std::move(options), *std::move(store_id)));
  FOVEA_RETURN_IF_ERROR(store->Start(*std::move(database), file));
  return store;
}

absl::Status SqliteLogStore::Start(std::unique_ptr<Database> database,
                                   const DatabaseOptions& file) {
  const absl::StatusOr<uint64_t> last = LastCommit(*database);
  committed_ = last.value_or(0);
  absl::Status head = last.ok() ? CheckHead() : NotServed(options_.path, last.status());
  if (!head.ok()) {
    // The write-ahead log stays as it is, for who looks into what was lost.
    database->KeepWalOnClose();
    return head;
  }
  const absl::StatusOr<std::vector<int64_t>> unfinished = ListUnfinished(*database);
  if (!unfinished.ok()) return NotServed(options_.path, unfinished.status());
  FOVEA_RETURN_IF_ERROR(NoticeUnsoundStates(*database));
  FOVEA_ASSIGN_OR_RETURN(readers_, ReadPool::Open(file, std::max(1, options_.readers)));
  turn_reads_ = std::make_unique<TurnReads>(readers_.get());
  WriterOptions writer = options_.writer;
  // A transaction that failed changed nothing, whatever its jobs said.
  writer.on_begin = [this] { changed_ = false; };
  writer.on_commit = [this] { return OnCommit(); };
  FOVEA_ASSIGN_OR_RETURN(const uint64_t page_bytes, database->PageBytes());
  FOVEA_ASSIGN_OR_RETURN(const uint64_t pages, database->PageCount());
  guard_ = std::make_unique<FileGuard>(options_.path, page_bytes);
  // A process that was killed may have written the log anew, and not yet cut the file to that.
  guard_->WillShrinkTo(pages * page_bytes);
  writer.guard = guard_.get();
  writer_ = Writer::Start(std::move(database), std::move(writer));
  // What was deleted before a crash leaves the write-ahead log.
  writer_->ScrubLog();
  for (const int64_t row : *unfinished) {
    const absl::Status deleted = FinishDeletion(row);
    // Whoever asked for the deletion is long gone, and everybody else shall be served.
    if (absl::IsDataLoss(deleted)) {
      notices_.push_back(
          absl::StrCat(options_.path,
                       ": a session that was deleted, or not wholly imported, could not be erased ",
                       "(", deleted.message(), "). It is out of sight; `fovea repair` erases it"));
      continue;
    }
    FOVEA_RETURN_IF_ERROR(deleted);
  }
  return absl::OkStatus();
}

absl::Status SqliteLogStore::NoticeUnsoundStates(Database& database) {
  constexpr size_t kMaxNamed = 20;
  const absl::StatusOr<std::vector<UnsoundState>> unsound = ListUnsoundStates(database);
  if (!unsound.ok()) return NotServed(options_.path, unsound.status());
  for (size_t i = 0; i < std::min(kMaxNamed, unsound->size()); ++i) {
    notices_.push_back(
        absl::StrCat(options_.path, ": ", Describe((*unsound)[i]), ". `fovea repair` mends it"));
  }
  if (unsound->size() > kMaxNamed) {
    notices_.push_back(absl::StrCat(options_.path, ": the states of ", unsound->size() - kMaxNamed,
                                    " more sessions are damaged; `fovea verify` names them"));
  }
  return absl::OkStatus();
}

absl::Status SqliteLogStore::FinishDeletion(int64_t session_row) {
  FOVEA_RETURN_IF_ERROR(Write(
      kSmallJobBytes,
      [session_row](Database& database, Change& change) -> absl::Status {
        FOVEA_RETURN_IF_ERROR(SetDeletionCommit(database, change.commit));
        change.any = true;
        return HideSession(database, session_row);
      },
      Writer::Space::kFrees));
  return Purge(session_row).status();
}

absl::Status SqliteLogStore::CheckHead() {
  if (options_.head_path.empty()) return absl::OkStatus();
  const absl::StatusOr<LogHead> head = HeadFile::Read(options_.head_path);
  if (head.ok() && head->store_id != store_id_) {
    return absl::DataLossError(absl::StrCat(
        options_.path, " is another log than the one that was served here. To serve it all the ",
        "same, remove ", options_.head_path));
  }
  if (head.ok() && head->commit > committed_) {
    return absl::DataLossError(absl::StrCat(
        options_.path, " ends at commit ", committed_.load(), ", but commit ", head->commit,
        " was acknowledged: turns are lost. Restore a backup; or, to go on without them, remove ",
        options_.head_path));
  }
  if (absl::IsDataLoss(head.status()) || (absl::IsNotFound(head.status()) && committed_ > 0)) {
    notices_.push_back(absl::StrCat(head.status().message(),
                                    ": whether the log lost its newest turns cannot be told"));
  } else if (!head.ok() && !absl::IsNotFound(head.status())) {
    return head.status();
  }
  FOVEA_ASSIGN_OR_RETURN(head_, HeadFile::Open(options_.head_path));
  FOVEA_RETURN_IF_ERROR(head_->Write({store_id_, committed_}));
  return head_->Sync();
}

absl::Status SqliteLogStore::WriteState() const {
  FOVEA_RETURN_IF_ERROR(writer_->state());
  return guard_->Check();
}

absl::Status SqliteLogStore::OnCommit() {
  if (options_.still_ours) FOVEA_RETURN_IF_ERROR(options_.still_ours());
  if (!std::exchange(changed_, false)) return absl::OkStatus();
  ++committed_;
  // A head that cannot be written is older than it could be, which is no danger to the log.
  if (head_ != nullptr) head_->Write({store_id_, committed_}).IgnoreError();
  return absl::OkStatus();
}

// A job that fails is rolled back with its commit number, so only those that succeed count.
absl::Status SqliteLogStore::Write(size_t bytes, ChangingWork work, Writer::Space space) {
  return writer_->Run(
      bytes, [this, &work](Database& database) { return RunChange(work, database); }, space);
}

absl::Status SqliteLogStore::RunChange(ChangingWork& work, Database& database) {
  Change change{.commit = committed_ + 1};
  FOVEA_RETURN_IF_ERROR(work(database, change));
  changed_ = changed_ || change.any;
  return absl::OkStatus();
}

void SqliteLogStore::Changed(int64_t session_row) const {
  if (options_.on_change) options_.on_change(session_row);
}

absl::StatusOr<SessionInfo> SqliteLogStore::Insert(const SessionKey& key, const NewSession& session,
                                                   SessionRow::State state) {
  FOVEA_RETURN_IF_ERROR(CheckNew(session));
  if (session.session_id != key.session_id) {
    return absl::InvalidArgumentError("the key and the session name different ids");
  }
  SessionRow row = ToRow(session, options_.now_us());
  row.state = state;
  FOVEA_RETURN_IF_ERROR(
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_RETURN_IF_ERROR(InsertSession(database, key.tenant, row));
        change.any = true;
        return SetCommit(database, row.row, change.commit);
      }));
  return row.info;
}

absl::StatusOr<SessionInfo> SqliteLogStore::CreateSession(const SessionKey& key,
                                                          const NewSession& session) {
  return Insert(key, session, SessionRow::State::kOpen);
}

absl::StatusOr<SessionInfo> SqliteLogStore::StageSession(const SessionKey& key,
                                                         const NewSession& session) {
  return Insert(key, session, SessionRow::State::kStaged);
}

absl::StatusOr<SessionInfo> SqliteLogStore::PublishSession(const SessionRef& staged) {
  SessionRow row;
  FOVEA_RETURN_IF_ERROR(
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(row, PublishRow(database, staged));
        change.any = true;
        return SetCommit(database, row.row, change.commit);
      }));
  return std::move(row.info);
}

absl::StatusOr<SessionInfo> SqliteLogStore::GetSession(const SessionRef& session) {
  const ReadPool::Lease database = readers_->Borrow();
  FOVEA_ASSIGN_OR_RETURN(SessionRow row, FindSession(*database, session));
  return std::move(row.info);
}

absl::StatusOr<SessionListing> SqliteLogStore::ListSessions(std::string_view tenant, int page_size,
                                                            std::string_view page_token) {
  if (page_size < 1 || page_size > kMaxPageSize) {
    return absl::InvalidArgumentError("a page has 1 to 1,000 sessions");
  }
  FOVEA_ASSIGN_OR_RETURN(const PageToken start, ParsePageToken(tenant, page_token));
  const ReadPool::Lease database = readers_->Borrow();
  SessionListing listing;
  FOVEA_ASSIGN_OR_RETURN(listing.sessions, ListSessionsAfter(*database, tenant, start.created_us,
                                                             start.session_id, page_size + 1));
  if (listing.sessions.size() > static_cast<size_t>(page_size)) {
    listing.sessions.pop_back();
    const SessionInfo& last = listing.sessions.back();
    listing.next_page_token = FormatPageToken(tenant, {last.created_us, last.session_id});
  }
  return listing;
}

absl::StatusOr<DeletionReceipt> SqliteLogStore::DeleteSession(const SessionRef& session,
                                                              int64_t now_us) {
  FOVEA_ASSIGN_OR_RETURN(DeletionReceipt receipt, Remove(session, now_us, nullptr));
  if (options_.wait_until_erased) options_.wait_until_erased(receipt);
  return receipt;
}

absl::StatusOr<DeletionReceipt> SqliteLogStore::Remove(
    const SessionRef& session, int64_t now_us,
    const std::function<absl::Status(const SessionRow&)>& may) {
  SessionRow row;
  FOVEA_RETURN_IF_ERROR(Write(
      kSmallJobBytes,
      [&](Database& database, Change& change) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(row, FindSession(database, session));
        if (may) FOVEA_RETURN_IF_ERROR(may(row));
        change.any = true;
        FOVEA_RETURN_IF_ERROR(SetDeletionCommit(database, change.commit));
        return HideSession(database, row.row);
      },
      Writer::Space::kFrees));
  Changed(row.row);
  absl::StatusOr<DeletionReceipt> purged = Purge(row.row);
  if (absl::IsDataLoss(purged.status())) {
    return absl::DataLossError(absl::StrCat(
        "the session is gone, but not all of it could be erased, since the log is damaged (",
        purged.status().message(), "): `fovea repair` mends the log and erases it"));
  }
  FOVEA_RETURN_IF_ERROR(purged.status());
  DeletionReceipt receipt = *std::move(purged);
  receipt.session_id = row.info.session_id;
  receipt.identity = row.info.identity;
  receipt.bytes = row.stored_bytes;
  receipt.deleted_us = now_us;
  return receipt;
}

// Bit by bit, so that appends go on in between.
absl::StatusOr<DeletionReceipt> SqliteLogStore::Purge(int64_t session_row) {
  DeletionReceipt receipt;
  bool done = false;
  while (!done) {
    DeletionReceipt so_far;
    FOVEA_RETURN_IF_ERROR(Write(
        kSmallJobBytes,
        [&](Database& database, Change& change) -> absl::Status {
          so_far = receipt;
          FOVEA_ASSIGN_OR_RETURN(done, DeleteSomeRows(database, session_row, kPurgeBytes, so_far));
          change.any = true;
          return SetDeletionCommit(database, change.commit);
        },
        Writer::Space::kFrees));
    receipt = so_far;
  }
  writer_->ScrubLog();
  return receipt;
}

absl::StatusOr<SessionInfo> SqliteLogStore::ForkSession(const SessionRef& origin, uint64_t at_seq,
                                                        const NewSession& fork) {
  FOVEA_RETURN_IF_ERROR(CheckNew(fork));
  const int64_t now_us = options_.now_us();
  SessionRow row;
  FOVEA_RETURN_IF_ERROR(
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(const SessionRow source, FindSession(database, origin));
        if (at_seq > source.info.last_seq) {
          return absl::OutOfRangeError(
              absl::StrCat("a fork at turn ", at_seq, " of a session with ", source.info.last_seq));
        }
        row = ToRow(fork, now_us);
        row.info.forked_from = source.info.session_id;
        row.info.forked_at_seq = at_seq;
        FOVEA_RETURN_IF_ERROR(InsertSession(database, origin.tenant, row));
        FOVEA_RETURN_IF_ERROR(CopyTurns(database, source, at_seq, row));
        row.info.stored_bytes = row.stored_bytes;
        change.any = true;
        return SetCommit(database, row.row, change.commit);
      }));
  Changed(row.row);
  return row.info;
}

absl::StatusOr<AppendReceipt> SqliteLogStore::Append(const SessionRef& session, AppendBatch batch) {
  Awaited<absl::StatusOr<AppendReceipt>> answer;
  StartAppend(session, std::move(batch),
              [&](absl::StatusOr<AppendReceipt> receipt) { answer.Give(std::move(receipt)); });
  return answer.Wait();
}

void SqliteLogStore::StartAppend(const SessionRef& session, AppendBatch batch, AppendDone done) {
  struct Pending {
    SessionRef session;
    AppendBatch batch;
    std::vector<EncodedTurn> turns;
    int64_t now_us;
    AppendDone done;
    int64_t row = 0;
    std::optional<AppendReceipt> receipt = {};
  };
  absl::Status status = CheckBatch(batch);
  if (!status.ok()) return done(std::move(status));
  auto encoded = EncodeAll(batch.turns);
  if (!encoded.ok()) return done(encoded.status());
  batch.turns.clear();
  const auto pending = std::make_shared<Pending>(Pending{.session = session,
                                                         .batch = std::move(batch),
                                                         .turns = *std::move(encoded),
                                                         .now_us = options_.now_us(),
                                                         .done = std::move(done)});
  ChangingWork work = [pending](Database& database, Change& change) -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(const SessionHead head, FindHead(database, pending->session));
    pending->row = head.row;
    FOVEA_ASSIGN_OR_RETURN(
        pending->receipt,
        AppendRows(database, head, pending->batch, pending->turns, pending->now_us, change.commit));
    change.any = pending->receipt && !pending->receipt->replayed;
    return absl::OkStatus();
  };
  writer_->Submit(
      BytesOf(pending->turns),
      [this, work = std::move(work)](Database& database) mutable {
        return RunChange(work, database);
      },
      [this, pending](const absl::Status& outcome) {
        if (!outcome.ok()) return pending->done(outcome);
        if (!pending->receipt) return pending->done(pending->batch.refused);
        if (!pending->receipt->replayed) {
          appended_turns_ += pending->turns.size();
          Changed(pending->row);
        }
        pending->done(*pending->receipt);
      });
}

absl::StatusOr<LogEvent> SqliteLogStore::AppendEvent(const SessionRef& session, LogEvent event) {
  FOVEA_RETURN_IF_ERROR(
      Write(kSmallJobBytes, [&](Database& database, Change& change) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(const SessionHead head, FindHead(database, session));
        FOVEA_RETURN_IF_ERROR(CheckEvent(event, head.last_seq));
        event.after_seq = head.last_seq;
        FOVEA_RETURN_IF_ERROR(InsertEvent(database, head.row, event));
        change.any = true;
        return SetCommit(database, head.row, change.commit);
      }));
  return event;
}

absl::StatusOr<std::vector<Turn>> SqliteLogStore::ReadTurns(const SessionRef& session,
                                                            SeqRange range, uint64_t max_bytes) {
  return turn_reads_->Read(session, range, max_bytes);
}

absl::StatusOr<std::optional<std::vector<Turn>>> SqliteLogStore::ReadSmallTurns(
    const SessionRef& session, SeqRange range, uint64_t max_bytes) {
  return turn_reads_->ReadSmall(session, range, max_bytes);
}

absl::StatusOr<std::optional<std::vector<Turn>>> SqliteLogStore::TryReadTurns(
    const SessionRef& session, SeqRange range, uint64_t max_bytes) {
  return turn_reads_->TryRead(session, range, max_bytes);
}

absl::StatusOr<std::vector<LogEvent>> SqliteLogStore::ReadEvents(const SessionRef& session,
                                                                 uint64_t first_index) {
  std::vector<LogEvent> events;
  const ReadPool::Lease database = readers_->Borrow();
  FOVEA_RETURN_IF_ERROR(database->ReadTransaction([&]() -> absl::Status {
    FOVEA_ASSIGN_OR_RETURN(const SessionHead head, FindHead(*database, session));
    FOVEA_ASSIGN_OR_RETURN(events, ReadEventRows(*database, head.row, first_index));
    return absl::OkStatus();
  }));
  return events;
}

absl::StatusOr<LogStats> SqliteLogStore::Stats() {
  const ReadPool::Lease database = readers_->Borrow();
  FOVEA_ASSIGN_OR_RETURN(LogStats stats, CountRows(*database));
  stats.file_bytes = DatabaseBytes(options_.path);
  stats.commits = writer_->commits();
  stats.appended_turns = appended_turns_;
  return stats;
}

absl::StatusOr<VerifyReport> SqliteLogStore::Verify() {
  VerifyReport report;
  {
    const ReadPool::Lease database = readers_->Borrow();
    FOVEA_ASSIGN_OR_RETURN(report, VerifyLog(*database));
  }
  const absl::Status head = LookAtHead();
  if (!head.ok()) report.problems.push_back(std::string(head.message()));
  if (options_.verify_others) FOVEA_RETURN_IF_ERROR(options_.verify_others(report));
  return report;
}

absl::StatusOr<SessionHead> SqliteLogStore::Head(const SessionRef& session) {
  const ReadPool::Lease database = readers_->Borrow();
  return FindHead(*database, session);
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
  FOVEA_RETURN_IF_ERROR(database->ReadTransaction([&]() -> absl::Status {
    FOVEA_RETURN_IF_ERROR(FindHeadByRow(*database, row).status());
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
