#include "service/admin_service.h"

#include "core/base/status_macros.h"

namespace fovea::service {
namespace {

constexpr Method kGetServerStats{
    .name = "GetServerStats", .access = Access::kAdmin, .audited = true};
constexpr Method kGetStoreStats{
    .name = "GetStoreStats", .lane = Lane::kUpkeep, .access = Access::kAdmin, .audited = true};
constexpr Method kVerifyStore{
    .name = "VerifyStore", .lane = Lane::kUpkeep, .access = Access::kAdmin, .audited = true};
constexpr Method kDropPages{
    .name = "DropPages", .lane = Lane::kUpkeep, .access = Access::kAdmin, .audited = true};

}  // namespace

AdminService::AdminService(AdminServiceInputs inputs)
    : RawService(inputs.environment, v1::AdminService::service_full_name()),
      in_(std::move(inputs)) {
  Unary(kGetServerStats, &AdminService::ServerStats);
  Unary(kGetStoreStats, &AdminService::StoreStats);
  Unary(kVerifyStore, &AdminService::Verify);
  Unary(kDropPages, &AdminService::Drop);
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
  return absl::OkStatus();
}

absl::Status AdminService::StoreStats(const Call& /*call*/,
                                      const v1::GetStoreStatsRequest& /*request*/,
                                      v1::StoreStats* response) {
  FOVEA_ASSIGN_OR_RETURN(const LogStats log, in_.log->Stats());
  FOVEA_ASSIGN_OR_RETURN(const auto pages, in_.pages->Stats());
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
  FOVEA_ASSIGN_OR_RETURN(const VerifyReport report, in_.verify());
  response->set_sessions(report.sessions);
  response->set_turns(report.turns);
  for (const std::string& problem : report.problems) response->add_problems(problem);
  return absl::OkStatus();
}

absl::Status AdminService::Drop(const Call& /*call*/, const v1::DropPagesRequest& /*request*/,
                                v1::DropPagesResponse* response) {
  FOVEA_ASSIGN_OR_RETURN(const auto pages, in_.pages->DeleteAll());
  in_.forget_pages();
  response->set_pages(pages);
  return absl::OkStatus();
}

}  // namespace fovea::service
