#include "service/quota_log.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/status_macros.h"

namespace fovea::service {

absl::StatusOr<SessionInfo> QuotaLog::CreateSession(const SessionKey& key,
                                                    const NewSession& session) {
  FOVEA_RETURN_IF_ERROR(quotas_.Check(key.tenant, 1));
  FOVEA_ASSIGN_OR_RETURN(SessionInfo info, log_.CreateSession(key, session));
  quotas_.Add(key.tenant, {.sessions = 1, .stored_bytes = 0});
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
  FOVEA_RETURN_IF_ERROR(quotas_.Check(key.tenant, 1));
  FOVEA_ASSIGN_OR_RETURN(SessionInfo info, log_.StageSession(key, session));
  quotas_.Add(key.tenant, {.sessions = 1, .stored_bytes = 0});
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
  FOVEA_RETURN_IF_ERROR(quotas_.Check(origin.tenant, 1));
  FOVEA_ASSIGN_OR_RETURN(SessionInfo info, log_.ForkSession(origin, at_seq, fork));
  quotas_.Add(origin.tenant, {.sessions = 1, .stored_bytes = 0});
  // How many bytes it copied is not said.
  quotas_.MeasureSoon(origin.tenant);
  return info;
}

absl::StatusOr<AppendReceipt> QuotaLog::Append(const SessionRef& session, AppendBatch batch) {
  FOVEA_RETURN_IF_ERROR(quotas_.Check(session.tenant, 0));
  FOVEA_ASSIGN_OR_RETURN(AppendReceipt receipt, log_.Append(session, std::move(batch)));
  quotas_.Add(session.tenant, {.sessions = 0, .stored_bytes = receipt.stored_bytes});
  return receipt;
}

void QuotaLog::StartAppend(const SessionRef& session, AppendBatch batch, AppendDone done) {
  absl::Status room = quotas_.Check(session.tenant, 0);
  if (!room.ok()) return done(std::move(room));
  log_.StartAppend(session, std::move(batch),
                   [this, tenant = session.tenant,
                    done = std::move(done)](absl::StatusOr<AppendReceipt> receipt) mutable {
                     if (receipt.ok()) {
                       quotas_.Add(tenant, {.sessions = 0, .stored_bytes = receipt->stored_bytes});
                     }
                     done(std::move(receipt));
                   });
}

absl::StatusOr<LogEvent> QuotaLog::AppendEvent(const SessionRef& session, LogEvent event) {
  return log_.AppendEvent(session, event);
}

absl::StatusOr<std::vector<Turn>> QuotaLog::ReadTurns(const SessionRef& session, SeqRange range,
                                                      uint64_t max_bytes) {
  return log_.ReadTurns(session, range, max_bytes);
}

absl::StatusOr<std::vector<LogEvent>> QuotaLog::ReadEvents(const SessionRef& session,
                                                           uint64_t first_index) {
  return log_.ReadEvents(session, first_index);
}

absl::StatusOr<LogStats> QuotaLog::Stats() { return log_.Stats(); }

absl::StatusOr<VerifyReport> QuotaLog::Verify() { return log_.Verify(); }

}  // namespace fovea::service
