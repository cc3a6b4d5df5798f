#include "service/housekeeping.h"

#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

constexpr absl::Duration kEraseWait = absl::Seconds(2);

// What a retention has done.
RetentionChoice Done(const std::vector<OldSession>& left, std::vector<OldSession> gone) {
  RetentionChoice choice{.to_delete = std::move(gone)};
  for (const OldSession& session : choice.to_delete) choice.deleted_bytes += session.stored_bytes;
  for (const OldSession& session : left) choice.left_bytes += session.stored_bytes;
  choice.left_sessions = left.size();
  return choice;
}

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
        // What can be made again goes first: whatever happens, no page outlives its turns, and an
        // error says that the turns are still there.
        FOVEA_RETURN_IF_ERROR(in_.store->views().DeleteSession(session.identity));
        FOVEA_RETURN_IF_ERROR(in_.store->pages().DeleteSession(session.key).status());
        FOVEA_ASSIGN_OR_RETURN(receipt, in_.store->DeleteUnchanged(session, in_.now_us()));
        in_.forget_session(state);
        return absl::OkStatus();
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
  FOVEA_ASSIGN_OR_RETURN(std::vector<OldSession> by_age, in_.store->ListByAge());
  RetentionReport report{.choice = ChooseByRetention(by_age, rule, in_.now_us())};
  if (dry_run) return report;
  std::vector<OldSession> gone;
  std::optional<DeletionReceipt> last;
  // Others go in the place of those that cannot.
  for (bool again = true; again;) {
    absl::flat_hash_set<uint64_t> deleted;
    absl::flat_hash_set<uint64_t> stay;
    for (const OldSession& session : report.choice.to_delete) {
      FOVEA_RETURN_IF_ERROR(still_wanted());
      const absl::StatusOr<DeletionReceipt> receipt = Delete(session, still_wanted);
      const bool changed = absl::IsAborted(receipt.status()) || absl::IsNotFound(receipt.status());
      if (!changed) on_retained(session, receipt.status());
      if (receipt.ok()) {
        gone.push_back(session);
        last = *receipt;
        deleted.insert(session.identity);
      } else if (changed || absl::IsDataLoss(receipt.status())) {  // a damaged one keeps no other
        stay.insert(session.identity);
      } else {
        return receipt.status();
      }
    }
    std::erase_if(by_age, [&](const OldSession& s) { return deleted.contains(s.identity); });
    for (OldSession& session : by_age) session.stays |= stay.contains(session.identity);
    report.choice = ChooseByRetention(by_age, rule, in_.now_us());
    again = !stay.empty() && !report.choice.to_delete.empty();
  }
  report.choice = Done(by_age, std::move(gone));
  // The files let go of sessions in their order: the last one stands for all.
  report.erased = !last || in_.store->WaitUntilErased(*last, absl::Now() + kEraseWait);
  return report;
}

}  // namespace fovea::service
