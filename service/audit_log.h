// Who read, deleted or administered what: one line of JSON for each such call.
#ifndef FOVEA_SERVICE_AUDIT_LOG_H_
#define FOVEA_SERVICE_AUDIT_LOG_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

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

  ~AuditLog();

  // After one that was not written to its end, the next begins on a line of its own.
  // The line is the kernel's when this returns: what ends the process does not take it away.
  void Write(const AuditLine& line) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Reopen() ABSL_LOCKS_EXCLUDED(mutex_);
  // Lines that could not be written, on a full disk say.
  uint64_t lost() const { return lost_; }

 private:
  explicit AuditLog(std::string file);

  const std::string file_;
  absl::Mutex mutex_;
  int descriptor_ ABSL_GUARDED_BY(mutex_) = -1;
  bool torn_ ABSL_GUARDED_BY(mutex_) = false;  // the file ends within a line
  std::atomic<uint64_t> lost_ = 0;
};

// `line` as JSON, without a newline.
std::string AuditJson(const AuditLine& line);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_AUDIT_LOG_H_
