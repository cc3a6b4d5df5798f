#include "service/audit_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/wire/json_text.h"
#include "spdlog/sinks/basic_file_sink.h"
#include "spdlog/sinks/dist_sink.h"

namespace fovea::service {
namespace {

void Field(std::string_view name, std::string_view value, std::string* json) {
  if (value.empty()) return;
  absl::StrAppend(json, json->size() > 1 ? "," : "", "\"", std::string(name), "\":");
  wire::AppendString(value, *json);
}

}  // namespace

std::string AuditJson(const AuditLine& line) {
  std::string json = "{";
  Field("time", absl::FormatTime(absl::RFC3339_full, line.time, absl::UTCTimeZone()), &json);
  Field("method", line.method, &json);
  Field("tenant", line.tenant, &json);
  Field("token", line.token, &json);
  Field("session", line.session, &json);
  Field("peer", line.peer, &json);
  Field("request", line.request_id, &json);
  Field("outcome", line.outcome, &json);
  return json + "}";
}

AuditLog::AuditLog(std::string file) : file_(std::move(file)) {}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(std::string file) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(file)));
  absl::Status status = log->Reopen();
  if (!status.ok()) return status;
  return log;
}

absl::Status AuditLog::Reopen() {
  // spdlog tells of a file that does not open by an exception alone.
  try {
    if (log_ == nullptr) {
      auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file_);
      sink_ = std::make_shared<spdlog::sinks::dist_sink_mt>();
      sink_->add_sink(std::move(file));
      log_ = std::make_shared<spdlog::logger>("audit", sink_);
      log_->set_pattern("%v");
      log_->flush_on(spdlog::level::info);
    } else {
      auto fresh = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file_);
      fresh->set_pattern("%v");
      sink_->set_sinks({std::move(fresh)});
    }
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(absl::StrCat("cannot open the audit log: ", error.what()));
  }
  return absl::OkStatus();
}

void AuditLog::Write(const AuditLine& line) { log_->info(AuditJson(line)); }

}  // namespace fovea::service
