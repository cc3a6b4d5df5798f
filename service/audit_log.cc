#include "service/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/wire/json_text.h"

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

AuditLog::~AuditLog() {
  const absl::MutexLock lock(&mutex_);
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(std::string file) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(file)));
  absl::Status status = log->Reopen();
  if (!status.ok()) return status;
  return log;
}

absl::Status AuditLog::Reopen() {
  // A pipe that nobody reads is an error, and not a wait.
  const int fresh =
      open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fresh < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot open the audit log: ", file_, ": ", std::strerror(errno)));
  }
  const absl::MutexLock lock(&mutex_);
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = fresh;
  return absl::OkStatus();
}

void AuditLog::Write(const AuditLine& line) {
  const std::string json = absl::StrCat(AuditJson(line), "\n");
  const absl::ReaderMutexLock lock(&mutex_);
  ssize_t written = 0;
  do {
    written = write(descriptor_, json.data(), json.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(json.size())) ++lost_;
}

}  // namespace fovea::service
