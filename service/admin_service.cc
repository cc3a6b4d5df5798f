#include "service/admin_service.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "service/retained.h"
#include "service/store_transfer.h"

namespace fovea::service {
namespace {

constexpr Method kGetServerStats{.name = "GetServerStats", .access = Access::kAdmin};
constexpr Method kGetStoreStats{
    .name = "GetStoreStats", .lane = Lane::kUpkeep, .access = Access::kAdmin};
constexpr Method kVerifyStore{
    .name = "VerifyStore", .lane = Lane::kUpkeep, .access = Access::kAdmin};
constexpr Method kDropPages{.name = "DropPages", .lane = Lane::kUpkeep, .access = Access::kAdmin};
constexpr Method kRepairStore{
    .name = "RepairStore", .lane = Lane::kUpkeep, .access = Access::kAdmin};
constexpr Method kBackupStore{
    .name = "BackupStore", .lane = Lane::kUpkeep, .access = Access::kAdmin};
constexpr Method kRestoreStore{.name = "RestoreStore",
                               .lane = Lane::kUpkeep,
                               .access = Access::kAdmin,
                               .max_request_bytes = kListRequest + kSmallRequest};
constexpr Method kApplyRetention{
    .name = "ApplyRetention", .lane = Lane::kUpkeep, .access = Access::kAdmin};

// Of the sessions that a retention deletes, so many are named.
constexpr size_t kMaxNamedSessions = 10'000;

void KeyToProto(const SessionKey& key, v1::StoreSession* proto) {
  proto->set_tenant(key.tenant);
  proto->set_session_id(key.session_id);
}

}  // namespace

AdminService::AdminService(AdminServiceInputs inputs)
    : RawService(inputs.environment, v1::AdminService::service_full_name()),
      in_(std::move(inputs)) {
  Unary(kGetServerStats, &AdminService::ServerStats);
  Unary(kGetStoreStats, &AdminService::StoreStats);
  Unary(kVerifyStore, &AdminService::Verify);
  Unary(kDropPages, &AdminService::Drop);
  Unary(kRepairStore, &AdminService::Repair);
  Writes(kBackupStore, &AdminService::Backup);
  Reads(kRestoreStore, &AdminService::Restore);
  Unary(kApplyRetention, &AdminService::Retain);
}

absl::Status AdminService::ServerStats(const Call& /*call*/,
                                       const v1::GetServerStatsRequest& /*request*/,
                                       v1::ServerStats* response) {
  const Metrics& metrics = *in_.environment->metrics;
  response->set_version(in_.version);
  response->set_renderer_version(in_.renderer_version);
  response->set_started_us(in_.started_us);
  for (const MethodSnapshot& method : metrics.Methods()) {
    v1::ServerStats::Method* entry = response->add_methods();
    entry->set_name(method.name);
    entry->set_calls(method.calls);
    entry->set_errors(method.errors);
    entry->set_mean_ms(method.mean_ms);
    entry->set_p50_ms(method.p50_ms);
    entry->set_p99_ms(method.p99_ms);
  }
  response->set_epochs_crossed(metrics.epochs_crossed);
  response->set_pages_drawn(metrics.pages_drawn);
  response->set_pages_from_cache(metrics.pages_from_cache);
  response->set_views_held(in_.views_held());
  response->set_views_restored(metrics.views_restored);
  return absl::OkStatus();
}

absl::Status AdminService::StoreStats(const Call& /*call*/,
                                      const v1::GetStoreStatsRequest& /*request*/,
                                      v1::StoreStats* response) {
  FOVEA_ASSIGN_OR_RETURN(const LogStats log, in_.store->log().Stats());
  FOVEA_ASSIGN_OR_RETURN(const auto pages, in_.store->pages().Stats());
  response->set_sessions(log.sessions);
  response->set_turns(log.turns);
  response->set_stored_bytes(log.stored_bytes);
  response->set_log_file_bytes(log.file_bytes);
  response->set_commits(log.commits);
  response->set_appended_turns(log.appended_turns);
  response->set_pages(pages.pages);
  response->set_page_bytes(pages.bytes);
  response->set_page_file_bytes(pages.file_bytes);
  return absl::OkStatus();
}

absl::Status AdminService::Verify(const Call& /*call*/, const v1::VerifyStoreRequest& /*request*/,
                                  v1::VerifyStoreResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const VerifyReport report, in_.store->Verify());
  response->set_sessions(report.sessions);
  response->set_turns(report.turns);
  for (const std::string& problem : report.problems) response->add_problems(problem);
  return absl::OkStatus();
}

absl::Status AdminService::Drop(const Call& /*call*/, const v1::DropPagesRequest& /*request*/,
                                v1::DropPagesResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const auto pages, in_.store->pages().DeleteAll());
  FOVEA_RETURN_IF_ERROR(in_.store->views().DeleteAll());
  in_.forget_pages();
  response->set_pages(pages);
  return absl::OkStatus();
}

absl::Status AdminService::Repair(const Call& call, const v1::RepairStoreRequest& /*request*/,
                                  v1::RepairStoreResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const RepairReport report,
                         in_.housekeeping->Repair([&call] { return call.StillWanted(); }));
  for (const std::string& mended : report.mended) response->add_mended(mended);
  for (const std::string& left : report.left) response->add_left(left);
  for (const SessionKey& key : report.sessions) KeyToProto(key, response->add_sessions());
  return absl::OkStatus();
}

absl::Status AdminService::Retain(const Call& call, const v1::ApplyRetentionRequest& request,
                                  v1::ApplyRetentionResponse* response) {
  RetentionRule rule{.max_stored_bytes = request.max_stored_bytes()};
  if (request.max_idle_seconds() > INT32_MAX) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_idle_seconds: is ", request.max_idle_seconds(), "; at most ", INT32_MAX));
  }
  if (request.max_idle_seconds() > 0) rule.max_idle = absl::Seconds(request.max_idle_seconds());
  if (!rule.limits_anything()) {
    return absl::InvalidArgumentError("max_idle_seconds, max_stored_bytes: one must be set");
  }
  FOVEA_ASSIGN_OR_RETURN(const RetentionReport report,
                         in_.housekeeping->ApplyRetention(
                             rule, request.dry_run(), [&call] { return call.StillWanted(); },
                             [&](const OldSession& session, const absl::Status& outcome) {
                               NoteRetained(*in_.environment, session, outcome, &call);
                             }));
  const RetentionChoice& choice = report.choice;
  for (const OldSession& session : choice.to_delete) {
    if (static_cast<size_t>(response->deleted_size()) == kMaxNamedSessions) break;
    v1::ApplyRetentionResponse::Session* deleted = response->add_deleted();
    KeyToProto(session.key, deleted->mutable_session());
    deleted->set_updated_us(session.updated_us);
    deleted->set_stored_bytes(session.stored_bytes);
  }
  response->set_deleted_sessions(choice.to_delete.size());
  response->set_deleted_bytes(choice.deleted_bytes);
  response->set_left_sessions(choice.left_sessions);
  response->set_left_bytes(choice.left_bytes);
  response->set_erased(report.erased);
  return absl::OkStatus();
}

absl::StatusOr<NextAnswer<v1::BackupChunk>> AdminService::Backup(
    const Call& /*call*/, const v1::BackupStoreRequest& /*request*/) {
  return BackupSteps(in_.store);
}

std::unique_ptr<StreamConsumer<v1::BackupChunk, v1::RestoreStoreResponse>> AdminService::Restore() {
  return MakeStoreRestoreStream(in_.store);
}

}  // namespace fovea::service
