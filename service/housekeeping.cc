#include "service/housekeeping.h"

#include <optional>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

constexpr absl::Duration kEraseWait = absl::Seconds(2);

}  // namespace

absl::StatusOr<RepairReport> Housekeeping::Repair(const StillWanted& still_wanted) {
  FOVEA_ASSIGN_OR_RETURN(RepairReport report, in_.store->Repair());
  if (!report.sessions.empty()) FOVEA_RETURN_IF_ERROR(in_.store->views().DeleteAll());
  for (const SessionKey& key : report.sessions) {
    // The state goes, not the session: the next call gets a new one, and caches of its own.
    FOVEA_RETURN_IF_ERROR(
        in_.states->Delete(key, still_wanted, [&](const SessionState& state) -> absl::Status {
          in_.forget_session(state);
          return in_.store->pages().DeleteSession(key).status();
        }));
  }
  return report;
}

absl::StatusOr<DeletionReceipt> Housekeeping::Delete(const OldSession& session,
                                                     const StillWanted& still_wanted) {
  DeletionReceipt receipt;
  FOVEA_RETURN_IF_ERROR(
      in_.states->Delete(session.key, still_wanted, [&](const SessionState& state) -> absl::Status {
        FOVEA_ASSIGN_OR_RETURN(receipt, in_.store->DeleteUnchanged(session, in_.now_us()));
        in_.forget_session(state);
        FOVEA_RETURN_IF_ERROR(in_.store->views().DeleteSession(session.identity));
        return in_.store->pages().DeleteSession(session.key).status();
      }));
  return receipt;
}

absl::StatusOr<RetentionReport> Housekeeping::ApplyRetention(const RetentionRule& rule,
                                                             bool dry_run,
                                                             const StillWanted& still_wanted,
                                                             const OnRetained& on_retained) {
  // Where that fails, as on a full disk, they count as now all the same, and the next time is
  // another try.
  if (!dry_run && Since(made_) >= in_.clock_settles) in_.store->BringTimesBack().IgnoreError();
  FOVEA_ASSIGN_OR_RETURN(const std::vector<OldSession> by_age, in_.store->ListByAge());
  RetentionReport report{.choice = ChooseByRetention(by_age, rule, in_.now_us())};
  if (dry_run) return report;
  std::vector<OldSession> gone;
  std::optional<DeletionReceipt> last;
  for (const OldSession& session : report.choice.to_delete) {
    FOVEA_RETURN_IF_ERROR(still_wanted());
    const absl::StatusOr<DeletionReceipt> receipt = Delete(session, still_wanted);
    if (!absl::IsAborted(receipt.status()) && !absl::IsNotFound(receipt.status())) {
      on_retained(session, receipt.status());
    }
    if (receipt.ok()) {
      gone.push_back(session);
      last = *receipt;
    } else if (absl::IsAborted(receipt.status()) || absl::IsNotFound(receipt.status()) ||
               absl::IsDataLoss(receipt.status())) {  // a damaged one keeps no other
      report.choice.deleted_bytes -= session.stored_bytes;
      report.choice.left_bytes += session.stored_bytes;
      ++report.choice.left_sessions;
    } else {
      return receipt.status();
    }
  }
  report.choice.to_delete = std::move(gone);
  // The files let go of sessions in their order: the last one stands for all.
  report.erased = !last || in_.store->WaitUntilErased(*last, absl::Now() + kEraseWait);
  return report;
}

}  // namespace fovea::service
