#include "gateway/agent_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/environment.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;

constexpr time_t kHalfMadeSeconds = 60;
constexpr char kPrefix[] = "fovea-agent-";
constexpr char kLock[] = "lock";
// An earlier version's link to the agent's own folder, beside links to what is in it.
constexpr char kOwn[] = "own";

std::string Place() {
  const std::string runtime = Variable("XDG_RUNTIME_DIR");
  return runtime.empty() ? "/tmp" : runtime;
}

FileDescriptor Lock(const std::string& root, int flags) {
  FileDescriptor lock(
      open(absl::StrCat(root, "/", kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (lock.valid() && flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return FileDescriptor();
  return lock;
}

bool IsOfEarlierVersion(const fs::path& root) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(root / kOwn, ignored));
}

// The lock goes last: what is left after a kill is still found.
void Remove(const fs::path& root) {
  std::error_code error;
  std::error_code ignored;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() != kLock) fs::remove_all(at->path(), ignored);
  }
  fs::remove(root / kLock, ignored);
  fs::remove(root, ignored);
}

// For the owner alone.
bool WriteNew(const std::string& path, const std::string& text) {
  const FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return false;
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = write(file.get(), text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<size_t>(wrote);
  }
  return true;
}

}  // namespace

AgentFolder::AgentFolder(std::string root, FileDescriptor lock, std::string file)
    : root_(std::move(root)), lock_(std::move(lock)), file_(std::move(file)) {}

absl::StatusOr<AgentFolder> AgentFolder::Make(const std::string& name, const std::string& text) {
  std::string root = absl::StrCat(Place(), "/", kPrefix, "XXXXXX");
  if (mkdtemp(root.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat(root, ": cannot be made: ", strerror(errno)));
  }
  AgentFolder folder(root, Lock(root, O_CREAT), absl::StrCat(root, "/", name));
  if (!folder.lock_.valid() || !WriteNew(folder.file(), text)) {
    Remove(root);
    return absl::UnavailableError(absl::StrCat(root, ": cannot be written to"));
  }
  return folder;
}

void AgentFolder::End() { Remove(root_); }

void EndAgentFolder(const std::string& root, absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  FileDescriptor lock = Lock(root, 0);
  std::error_code ignored;
  while (!lock.valid() && absl::Now() < end && fs::exists(fs::path(root) / kLock, ignored)) {
    absl::SleepFor(absl::Milliseconds(20));
    lock = Lock(root, 0);
  }
  if (lock.valid() && !IsOfEarlierVersion(root)) Remove(root);
}

std::vector<std::string> EndStaleAgentFolders() {
  std::vector<std::string> kept;
  std::error_code error;
  for (fs::directory_iterator at(Place(), error), end; !error && at != end; at.increment(error)) {
    const fs::path& root = at->path();
    if (!absl::StartsWith(root.filename().string(), kPrefix)) continue;
    struct stat found = {};
    if (lstat(root.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) continue;
    if (found.st_uid != geteuid()) continue;
    std::error_code ignored;
    if (IsOfEarlierVersion(root)) {
      // Without its lock it is spoken of no more. One whose maker lives has its lock held.
      if (Lock(root.string(), 0).valid() && fs::remove(root / kLock, ignored)) {
        kept.push_back(absl::StrCat(root.string(),
                                    " is left of an earlier version and stays: it stood for ",
                                    fs::read_symlink(root / kOwn, ignored).string(),
                                    ", and may hold files that the agent wrote"));
      }
      continue;
    }
    EndAgentFolder(root.string());
    // One without a lock is half made or half removed.
    if (time(nullptr) - found.st_mtime > kHalfMadeSeconds) fs::remove(root, ignored);
  }
  return kept;
}

}  // namespace fovea::gateway
