#include "memory_store/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace fovea {
namespace {

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::absolute(path).parent_path();
  std::filesystem::create_directories(parent, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", parent.string()));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("making ", path));
  }
  return absl::OkStatus();
}

// Whatever may be opened there later, SQLite's own files included.
absl::Status CheckEntries(const std::string& path) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    std::error_code gone;
    const std::filesystem::file_status status = entry.status(gone);
    if (std::filesystem::is_fifo(status) || std::filesystem::is_character_file(status) ||
        std::filesystem::is_block_file(status)) {
      return absl::FailedPreconditionError(
          absl::StrCat(entry.path().string(), " is a pipe or a device, no regular file"));
    }
  }
  return error ? absl::ErrnoToStatus(error.value(), absl::StrCat("reading ", path))
               : absl::OkStatus();
}

// For people only: what counts is the lock.
std::string ReadHolder(int lock_file) {
  std::array<char, 32> text = {};
  const ssize_t size = pread(lock_file, text.data(), text.size() - 1, 0);
  return size > 0 ? std::string(absl::StripAsciiWhitespace(text.data())) : "unknown";
}

void WriteHolder(int lock_file) {
  const std::string text = absl::StrCat(getpid(), "\n");
  if (ftruncate(lock_file, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(lock_file, text.data(), text.size(), 0);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<LockedDirectory>> LockedDirectory::Open(const std::string& path) {
  FOVEA_RETURN_IF_ERROR(MakeDirectory(path));
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  const std::string lock_path = absl::StrCat(path, "/lock");
  const absl::StatusOr<int> lock_file = OpenRegularFile(lock_path, O_RDWR | O_CREAT);
  if (!lock_file.ok()) {
    close(directory);
    return lock_file.status();
  }
  std::unique_ptr<LockedDirectory> locked(new LockedDirectory(path, directory, *lock_file));
  if (flock(directory, LOCK_EX | LOCK_NB) != 0 || flock(*lock_file, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is in use by another store (process ", ReadHolder(*lock_file), ")"));
  }
  FOVEA_RETURN_IF_ERROR(CheckEntries(path));
  WriteHolder(*lock_file);
  for (const std::string& watched : {path, lock_path}) {
    FOVEA_RETURN_IF_ERROR(locked->WatchPath(watched));
  }
  return locked;
}

LockedDirectory::~LockedDirectory() {
  close(lock_file_);
  close(directory_);
}

absl::Status LockedDirectory::Watch(const std::string& name) {
  return WatchPath(absl::StrCat(path_, "/", name));
}

absl::Status LockedDirectory::WatchPath(const std::string& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("looking at ", path));
  }
  watched_.push_back({path, found.st_dev, found.st_ino});
  return absl::OkStatus();
}

absl::Status LockedDirectory::StillOurs() const {
  for (const Watched& file : watched_) {
    struct stat found = {};
    if (stat(file.path.c_str(), &found) != 0) {
      return absl::UnavailableError(
          absl::StrCat(file.path, " is gone; what is written now would be lost"));
    }
    if (found.st_dev != file.device || found.st_ino != file.inode) {
      return absl::UnavailableError(
          absl::StrCat(file.path, " was replaced; what is written now would be lost"));
    }
  }
  return absl::OkStatus();
}

absl::Status LockedDirectory::Sync() const {
  for (const std::filesystem::path& path :
       {std::filesystem::path(path_), std::filesystem::absolute(path_).parent_path()}) {
    FOVEA_RETURN_IF_ERROR(SyncDirectory(path));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> OpenRegularFile(const std::string& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600);
  struct stat info = {};
  const bool other = file < 0 ? errno == ENXIO || errno == ELOOP  // a socket, a pipe; a link
                              : fstat(file, &info) == 0 && !S_ISREG(info.st_mode);
  if (other) {
    if (file >= 0) close(file);
    return absl::FailedPreconditionError(absl::StrCat(path, " is no regular file"));
  }
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path));
  return file;
}

absl::Status SyncDirectory(const std::filesystem::path& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path.string()));
  const int result = fsync(directory);
  const int error = errno;
  close(directory);
  if (result == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(error, absl::StrCat("syncing ", path.string()));
}

}  // namespace fovea
