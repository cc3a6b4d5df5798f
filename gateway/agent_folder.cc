#include "gateway/agent_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;

constexpr time_t kHalfMadeSeconds = 60;
constexpr char kPrefix[] = "fovea-agent-";
// Beside the agent's files: the lock, a link to the agent's own folder, and a link with the name of
// the file that was written for it.
constexpr char kLock[] = "lock";
constexpr char kOwn[] = "own";
constexpr char kWritten[] = "written";
constexpr char kFiles[] = "files";

std::string Place() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return runtime == nullptr || *runtime == '\0' ? "/tmp" : runtime;
}

// Puts a file in the place of another, whole or not at all; through a link of the user's.
void Replace(const fs::path& from, const fs::path& to, std::error_code& error) {
  std::error_code ignored;
  const fs::path target = fs::is_symlink(to, ignored) ? fs::weakly_canonical(to, error) : to;
  if (error) return;
  const fs::path copy = absl::StrCat(target.string(), ".fovea-", getpid());
  fs::copy_file(from, copy, fs::copy_options::overwrite_existing, error);
  if (!error) fs::rename(copy, target, error);
  if (error) fs::remove(copy, ignored);
}

absl::Status CarryBack(const fs::path& root) {
  std::error_code error;
  const fs::path own = fs::read_symlink(root / kOwn, error);
  if (error) return absl::OkStatus();  // there is none
  const fs::path written = fs::read_symlink(root / kWritten, error);
  absl::Status status;
  for (const auto& entry : fs::directory_iterator(root / kFiles, error)) {
    const fs::path name = entry.path().filename();
    const fs::path to = own / name;
    if (name == written) continue;
    std::error_code failed;
    if (entry.is_symlink(failed)) {
      if (fs::read_symlink(entry.path(), failed) == to) continue;
      if (!fs::exists(fs::symlink_status(to, failed))) fs::copy_symlink(entry.path(), to, failed);
    } else if (entry.is_directory(failed)) {
      fs::copy(entry.path(), to,
               fs::copy_options::recursive | fs::copy_options::overwrite_existing |
                   fs::copy_options::copy_symlinks,
               failed);
    } else if (entry.is_regular_file(failed)) {
      Replace(entry.path(), to, failed);
    }
    if (failed) {
      status =
          absl::UnavailableError(absl::StrCat(entry.path().string(), " could not be carried to ",
                                              own.string(), ": ", failed.message()));
    }
  }
  return status;
}

// The lock goes last: what is left after a kill is still found.
absl::Status Remove(const std::string& root) {
  absl::Status status = CarryBack(root);
  if (!status.ok()) return status;
  std::error_code ignored;
  for (const char* name : {kFiles, kOwn, kWritten, kLock}) {
    fs::remove_all(fs::path(root) / name, ignored);
  }
  fs::remove(root, ignored);
  return status;
}

FileDescriptor Lock(const std::string& root, int flags) {
  FileDescriptor lock(
      open(absl::StrCat(root, "/", kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (lock.valid() && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return FileDescriptor();
  return lock;
}

}  // namespace

AgentFolder::AgentFolder(std::string root, FileDescriptor lock)
    : root_(std::move(root)), lock_(std::move(lock)) {}

absl::StatusOr<AgentFolder> AgentFolder::Make(const std::string& own, const std::string& written) {
  std::string root = absl::StrCat(Place(), "/", kPrefix, "XXXXXX");
  if (mkdtemp(root.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat(root, ": cannot be made: ", strerror(errno)));
  }
  AgentFolder folder(root, Lock(root, O_CREAT));
  std::error_code error;
  fs::create_directory(fs::path(root) / kFiles, error);
  if (!error && !own.empty()) {
    fs::create_symlink(fs::absolute(own), fs::path(root) / kOwn, error);
    fs::create_symlink(written, fs::path(root) / kWritten, error);
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(own, none)) {
      const fs::path name = entry.path().filename();
      if (name == written) continue;
      fs::create_symlink(fs::absolute(own) / name, fs::path(folder.path()) / name, error);
    }
  }
  if (error || !folder.lock_.valid()) {
    std::error_code ignored;
    fs::remove_all(root, ignored);
    return absl::UnavailableError(absl::StrCat(root, ": cannot be written to"));
  }
  return folder;
}

std::string AgentFolder::path() const { return absl::StrCat(root_, "/", kFiles); }

absl::Status AgentFolder::End() { return Remove(root_); }

void EndAgentFolder(const std::string& root) {
  const FileDescriptor lock = Lock(root, 0);
  if (lock.valid()) Remove(root).IgnoreError();
}

void EndStaleAgentFolders() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Place(), error)) {
    if (!absl::StartsWith(entry.path().filename().string(), kPrefix)) continue;
    struct stat found = {};
    if (lstat(entry.path().c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) continue;
    if (found.st_uid != geteuid()) continue;
    EndAgentFolder(entry.path().string());
    // One without a lock is half made or half removed.
    std::error_code ignored;
    if (time(nullptr) - found.st_mtime > kHalfMadeSeconds) fs::remove(entry.path(), ignored);
  }
}

}  // namespace fovea::gateway
