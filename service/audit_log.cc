#include "service/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "service/wire/json_text.h"

namespace fovea::service {
namespace {

void Field(std::string_view name, std::string_view value, std::string* json) {
  if (value.empty()) return;
  absl::StrAppend(json, json->size() > 1 ? "," : "", "\"", std::string(name), "\":");
  wire::AppendString(value, *json);
}

// Whether a line was not written to its end: its disk was full, or the machine stopped.
bool EndsTorn(const std::string& file) {
  const int reader = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (reader < 0) return false;
  struct stat info = {};
  char last = '\n';
  if (fstat(reader, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
      pread(reader, &last, 1, info.st_size - 1) != 1) {
    last = '\n';
  }
  close(reader);
  return last != '\n';
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
  FOVEA_RETURN_IF_ERROR(log->Reopen());
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
  const bool torn = EndsTorn(file_);
  const absl::MutexLock lock(&mutex_);
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = fresh;
  torn_ = torn;
  return absl::OkStatus();
}

void AuditLog::Write(const AuditLine& line) {
  std::string json = absl::StrCat(AuditJson(line), "\n");
  const absl::MutexLock lock(&mutex_);
  if (torn_) json.insert(0, "\n");
  ssize_t written = 0;
  do {
    written = write(descriptor_, json.data(), json.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(json.size())) ++lost_;
  if (written > 0) torn_ = json[static_cast<size_t>(written) - 1] != '\n';
}

}  // namespace fovea::service
