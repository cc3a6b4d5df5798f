// The file that says how far a log must reach.
#ifndef FOVEA_MEMORY_STORE_HEAD_FILE_H_
#define FOVEA_MEMORY_STORE_HEAD_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

struct LogHead {
  std::string store_id;  // of the log, any bytes
  uint64_t commit = 0;   // the last one whose callers were answered
};

// A database that lost its newest commits is sound in itself, and cannot tell. This file, written
// beside it after each commit, can. It is not synced: after a power loss it may be older than the
// log, never newer. Thread-compatible.
class HeadFile {
 public:
  // NOT_FOUND if there is none; DATA_LOSS if it is damaged; FAILED_PRECONDITION if it is no regular
  // file; UNAVAILABLE if it cannot be read.
  static absl::StatusOr<LogHead> Read(const std::string& path);
  // Makes the file, for its owner alone, or opens the one that is there.
  static absl::StatusOr<std::unique_ptr<HeadFile>> Open(const std::string& path);
  HeadFile(const HeadFile&) = delete;
  HeadFile& operator=(const HeadFile&) = delete;
  ~HeadFile();

  absl::Status Write(const LogHead& head);
  absl::Status Sync();

 private:
  HeadFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  const std::string path_;
  const int file_;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_HEAD_FILE_H_
