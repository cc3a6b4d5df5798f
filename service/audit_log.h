// Who read, deleted or administered what: one line of JSON for each such call.
#ifndef FOVEA_SERVICE_AUDIT_LOG_H_
#define FOVEA_SERVICE_AUDIT_LOG_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "spdlog/logger.h"
#include "spdlog/sinks/dist_sink.h"

namespace fovea::service {

struct AuditLine {
  absl::Time time;
  std::string_view method;
  std::string_view tenant;
  std::string_view token;    // the first digits of its digest; "" without tokens
  std::string_view session;  // "" if the call names none
  std::string_view peer;
  std::string_view request_id;
  std::string_view outcome;  // a status code's name
};

// Never holds text of turns. Thread-safe.
class AuditLog {
 public:
  // Appends to `file`, made for its owner alone; opened again by Reopen, so that it can be rotated.
  // UNAVAILABLE if it cannot be opened.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(std::string file);

  void Write(const AuditLine& line);
  absl::Status Reopen();

 private:
  explicit AuditLog(std::string file);

  std::string file_;
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sink_;  // which lets the file be changed
  std::shared_ptr<spdlog::logger> log_;
};

// `line` as JSON, without a newline.
std::string AuditJson(const AuditLine& line);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_AUDIT_LOG_H_
