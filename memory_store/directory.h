// The directory that a store lives in.
#ifndef FOVEA_MEMORY_STORE_DIRECTORY_H_
#define FOVEA_MEMORY_STORE_DIRECTORY_H_

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea {

// A directory's entries are on disk when it returns OK. As the system says.
absl::Status SyncDirectory(const std::filesystem::path& path);

// Opens a regular file, for its owner alone if O_CREAT makes it. FAILED_PRECONDITION at once for
// anything else: a pipe would keep the caller waiting, and what a link leads to is somebody's that
// would be written over. Otherwise as the system says.
absl::StatusOr<int> OpenRegularFile(const std::string& path, int flags);

// A directory held by this object alone, in this process and all others, until it is destroyed or
// the process ends however it may. Both the directory and the file `lock` in it are locked: who
// removes the file lets nobody in. Thread-compatible, but for StillOurs.
class LockedDirectory {
 public:
  // Makes the directory, and those above it, if there is none; then only its owner may enter.
  // FAILED_PRECONDITION if another holds it, with the process id that it left, or if a pipe or a
  // device is in it, which whoever opens it as a file would wait for; UNAVAILABLE or
  // PERMISSION_DENIED as the system says.
  static absl::StatusOr<std::unique_ptr<LockedDirectory>> Open(const std::string& path);
  LockedDirectory(const LockedDirectory&) = delete;
  LockedDirectory& operator=(const LockedDirectory&) = delete;
  ~LockedDirectory();

  // The directory's entries are on disk when it returns OK.
  absl::Status Sync() const;

  // Has StillOurs look for this file of the directory, which must be there now.
  absl::Status Watch(const std::string& name);
  // Whether the path still leads to this directory, its lock and the watched files. UNAVAILABLE
  // names what is gone or was replaced: what is written then is written to files that nobody will
  // find. A few microseconds. Thread-safe once all files are watched.
  absl::Status StillOurs() const;

 private:
  struct Watched {
    std::string path;
    dev_t device;
    ino_t inode;
  };

  LockedDirectory(std::string path, int directory, int lock_file)
      : path_(std::move(path)), directory_(directory), lock_file_(lock_file) {}
  absl::Status WatchPath(const std::string& path);

  const std::string path_;
  const int directory_;
  const int lock_file_;
  std::vector<Watched> watched_;
};

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_DIRECTORY_H_
