#include "service/quota_log.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "service/convert_turn.h"

namespace fovea::service {
namespace {

constexpr TenantHoldings kAnEvent = {.sessions = 0, .stored_bytes = kStoredEventBytes};

// A session with so many turns and events.
TenantHoldings Holdings(const NewSession& session, uint64_t turn_bytes, uint64_t events) {
  return {.sessions = 1,
          .stored_bytes = turn_bytes + session.title.size() + session.metadata_json.size() +
                          events * kStoredEventBytes};
}

TenantHoldings Added(const absl::StatusOr<AppendReceipt>& receipt) {
  return {.sessions = 0, .stored_bytes = receipt.ok() ? receipt->stored_bytes : 0};
}

}  // namespace

absl::StatusOr<SessionInfo> QuotaLog::CreateSession(const SessionKey& key,
                                                    const NewSession& session) {
  const TenantHoldings more = Holdings(session, 0, 0);
  FOVEA_RETURN_IF_ERROR(quotas_.Reserve(key.tenant, more));
  absl::StatusOr<SessionInfo> info = log_.CreateSession(key, session);
  quotas_.Settle(key.tenant, more, info.ok() ? more : TenantHoldings());
  return info;
}

absl::StatusOr<SessionInfo> QuotaLog::GetSession(const SessionRef& session) {
  return log_.GetSession(session);
}

absl::StatusOr<SessionListing> QuotaLog::ListSessions(std::string_view tenant, int page_size,
                                                      std::string_view page_token) {
  return log_.ListSessions(tenant, page_size, page_token);
}

absl::StatusOr<SessionInfo> QuotaLog::StageSession(const SessionKey& key,
                                                   const NewSession& session) {
  const TenantHoldings more = Holdings(session, 0, 0);
  FOVEA_RETURN_IF_ERROR(quotas_.Reserve(key.tenant, more));
  absl::StatusOr<SessionInfo> info = log_.StageSession(key, session);
  quotas_.Settle(key.tenant, more, info.ok() ? more : TenantHoldings());
  return info;
}

absl::StatusOr<SessionInfo> QuotaLog::PublishSession(const SessionRef& staged) {
  return log_.PublishSession(staged);
}

absl::StatusOr<DeletionReceipt> QuotaLog::DeleteSession(const SessionRef& session, int64_t now_us) {
  FOVEA_ASSIGN_OR_RETURN(DeletionReceipt receipt, log_.DeleteSession(session, now_us));
  quotas_.Remove(session.tenant, {.sessions = 1, .stored_bytes = receipt.bytes});
  return receipt;
}

absl::StatusOr<SessionInfo> QuotaLog::ForkSession(const SessionRef& origin, uint64_t at_seq,
                                                  const NewSession& fork) {
  FOVEA_ASSIGN_OR_RETURN(const SessionInfo all, log_.GetSession(origin));
  // Those up to a turn are not known to be fewer until they are copied.
  const TenantHoldings most = Holdings(fork, all.stored_bytes, all.event_count);
  FOVEA_RETURN_IF_ERROR(quotas_.Reserve(origin.tenant, most));
  absl::StatusOr<SessionInfo> info = log_.ForkSession(origin, at_seq, fork);
  quotas_.Settle(
      origin.tenant, most,
      info.ok() ? Holdings(fork, info->stored_bytes, info->event_count) : TenantHoldings());
  return info;
}

absl::StatusOr<AppendReceipt> QuotaLog::Append(const SessionRef& session, AppendBatch batch) {
  FOVEA_ASSIGN_OR_RETURN(const TenantHoldings reserved, ReserveAppend(session.tenant, batch));
  absl::StatusOr<AppendReceipt> receipt = log_.Append(session, std::move(batch));
  quotas_.Settle(session.tenant, reserved, Added(receipt));
  return receipt;
}

void QuotaLog::StartAppend(const SessionRef& session, AppendBatch batch, AppendDone done) {
  const absl::StatusOr<TenantHoldings> reserved = ReserveAppend(session.tenant, batch);
  if (!reserved.ok()) return done(reserved.status());
  log_.StartAppend(session, std::move(batch),
                   [this, tenant = session.tenant, reserved = *reserved,
                    done = std::move(done)](absl::StatusOr<AppendReceipt> receipt) mutable {
                     quotas_.Settle(tenant, reserved, Added(receipt));
                     done(std::move(receipt));
                   });
}

absl::StatusOr<TenantHoldings> QuotaLog::ReserveAppend(const std::string& tenant,
                                                       AppendBatch& batch) {
  TenantHoldings reserved;
  for (const Turn& turn : batch.turns) reserved.stored_bytes += TurnBytes(turn);
  absl::Status room = quotas_.ReserveAppend(tenant, reserved.stored_bytes);
  if (room.ok()) return reserved;
  if (batch.idempotency_key.empty()) return room;
  // What is stored already needs no room: the log knows, by its key.
  batch.refused = std::move(room);
  return TenantHoldings();
}

absl::StatusOr<LogEvent> QuotaLog::AppendEvent(const SessionRef& session, LogEvent event) {
  FOVEA_RETURN_IF_ERROR(quotas_.Reserve(session.tenant, kAnEvent));
  absl::StatusOr<LogEvent> added = log_.AppendEvent(session, event);
  quotas_.Settle(session.tenant, kAnEvent, added.ok() ? kAnEvent : TenantHoldings());
  return added;
}

absl::StatusOr<std::vector<Turn>> QuotaLog::ReadTurns(const SessionRef& session, SeqRange range,
                                                      uint64_t max_bytes) {
  return log_.ReadTurns(session, range, max_bytes);
}

absl::StatusOr<std::optional<std::vector<Turn>>> QuotaLog::ReadSmallTurns(const SessionRef& session,
                                                                          SeqRange range,
                                                                          uint64_t max_bytes) {
  return log_.ReadSmallTurns(session, range, max_bytes);
}

absl::StatusOr<std::optional<std::vector<Turn>>> QuotaLog::TryReadTurns(const SessionRef& session,
                                                                        SeqRange range,
                                                                        uint64_t max_bytes) {
  return log_.TryReadTurns(session, range, max_bytes);
}

absl::StatusOr<std::vector<LogEvent>> QuotaLog::ReadEvents(const SessionRef& session,
                                                           uint64_t first_index) {
  return log_.ReadEvents(session, first_index);
}

absl::StatusOr<LogStats> QuotaLog::Stats() { return log_.Stats(); }

absl::StatusOr<VerifyReport> QuotaLog::Verify() { return log_.Verify(); }

}  // namespace fovea::service
