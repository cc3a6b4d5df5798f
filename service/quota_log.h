// The log as callers may change it: within what their tenant may hold.
#ifndef FOVEA_SERVICE_QUOTA_LOG_H_
#define FOVEA_SERVICE_QUOTA_LOG_H_

#include <string>

#include "core/log/log_store.h"
#include "service/storage_quotas.h"

namespace fovea::service {

// Whatever adds sessions, turns or events is RESOURCE_EXHAUSTED for a tenant at its limit, but for
// an append that is stored already; all else is the log's. `log` and `quotas` outlive it.
// Thread-safe.
class QuotaLog final : public LogStore {
 public:
  QuotaLog(LogStore* log, StorageQuotas* quotas) : log_(*log), quotas_(*quotas) {}

  absl::StatusOr<SessionInfo> CreateSession(const SessionKey& key,
                                            const NewSession& session) override;
  absl::StatusOr<SessionInfo> GetSession(const SessionRef& session) override;
  absl::StatusOr<SessionListing> ListSessions(std::string_view tenant, int page_size,
                                              std::string_view page_token) override;
  absl::StatusOr<SessionInfo> StageSession(const SessionKey& key,
                                           const NewSession& session) override;
  absl::StatusOr<SessionInfo> PublishSession(const SessionRef& staged) override;
  absl::StatusOr<DeletionReceipt> DeleteSession(const SessionRef& session, int64_t now_us) override;
  absl::StatusOr<SessionInfo> ForkSession(const SessionRef& origin, uint64_t at_seq,
                                          const NewSession& fork) override;
  absl::StatusOr<AppendReceipt> Append(const SessionRef& session, AppendBatch batch) override;
  void StartAppend(const SessionRef& session, AppendBatch batch, AppendDone done) override;
  absl::StatusOr<LogEvent> AppendEvent(const SessionRef& session, LogEvent event) override;
  absl::StatusOr<std::optional<std::vector<Turn>>> TryReadTurns(const SessionRef& session,
                                                                SeqRange range,
                                                                uint64_t max_bytes) override;
  absl::StatusOr<std::optional<std::vector<Turn>>> ReadSmallTurns(const SessionRef& session,
                                                                  SeqRange range,
                                                                  uint64_t max_bytes) override;
  absl::StatusOr<std::vector<Turn>> ReadTurns(const SessionRef& session, SeqRange range,
                                              uint64_t max_bytes) override;
  absl::StatusOr<std::vector<LogEvent>> ReadEvents(const SessionRef& session,
                                                   uint64_t first_index) override;
  absl::StatusOr<LogStats> Stats() override;
  absl::StatusOr<VerifyReport> Verify() override;

 private:
  // Reserves room for a batch, and gives what there was reserved.
  absl::StatusOr<TenantHoldings> ReserveAppend(const std::string& tenant, AppendBatch& batch);

  LogStore& log_;
  StorageQuotas& quotas_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_QUOTA_LOG_H_
