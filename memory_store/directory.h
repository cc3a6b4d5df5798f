// The directory that a store lives in.
#ifndef FOVEA_MEMORY_STORE_DIRECTORY_H_
#define FOVEA_MEMORY_STORE_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

// A directory held by this object alone, in this process and all others, until it is destroyed or
// the process ends however it may. Thread-compatible.
class LockedDirectory {
 public:
  // Makes the directory, and those above it, if there is none; then only its owner may enter.
  // FAILED_PRECONDITION if another holds it, with the process id that it left; UNAVAILABLE or
  // PERMISSION_DENIED as the system says.
  static absl::StatusOr<std::unique_ptr<LockedDirectory>> Open(const std::string& path);
  LockedDirectory(const LockedDirectory&) = delete;
  LockedDirectory& operator=(const LockedDirectory&) = delete;
  ~LockedDirectory();

  // The directory's entries are on disk when it returns OK.
  absl::Status Sync() const;

 private:
  LockedDirectory(std::string path, int lock_file)
      : path_(std::move(path)), lock_file_(lock_file) {}

  const std::string path_;
  const int lock_file_;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_DIRECTORY_H_
