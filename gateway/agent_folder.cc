#include "gateway/agent_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::gateway {
namespace {

namespace fs = std::filesystem;

constexpr time_t kHalfMadeSeconds = 60;
constexpr char kPrefix[] = "fovea-agent-";
// Beside the agent's files: the lock, a link to the agent's own folder, a link with the name of the
// file that was written for it, and which versions the own folder's files had.
constexpr char kLock[] = "lock";
constexpr char kOwn[] = "own";
constexpr char kWritten[] = "written";
constexpr char kVersions[] = "versions";
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

// Which version of a file it is; "" where there is none.
std::string VersionOf(const fs::path& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return "";
  return absl::StrCat(found.st_dev, " ", found.st_ino, " ", found.st_size, " ",
                      found.st_mtim.tv_sec, " ", found.st_mtim.tv_nsec);
}

// By name: versions in the agent's own folder when this one was made.
using Versions = std::map<std::string, std::string>;

// A name may hold any character but NUL.
Versions ReadVersions(const fs::path& root) {
  Versions versions;
  std::ifstream file(root / kVersions);
  std::string name;
  std::string version;
  while (std::getline(file, name, '\0') && std::getline(file, version, '\0')) {
    versions[name] = version;
  }
  return versions;
}

bool SameContent(const fs::path& one, const fs::path& other) {
  std::ifstream a(one, std::ios::binary);
  std::ifstream b(other, std::ios::binary);
  using Bytes = std::istreambuf_iterator<char>;
  return a && b && std::equal(Bytes(a), Bytes(), Bytes(b), Bytes());
}

// Carries what an agent has left in a folder to its own.
class Carrier {
 public:
  Carrier(const fs::path& root, fs::path own)
      : versions_(ReadVersions(root)), own_(std::move(own)) {
    // The folder's own end, so that no two wraps use one name.
    mark_ = absl::StrCat(".fovea-", root.string().substr(root.string().rfind('-') + 1));
  }

  // `name`: below the own folder.
  void Carry(const fs::directory_entry& from, const fs::path& name, std::error_code& error) {
    std::error_code ignored;
    const fs::path to = own_ / name;
    if (from.is_symlink(ignored)) {
      if (fs::read_symlink(from.path(), ignored) == to) return;
      if (!fs::exists(fs::symlink_status(to, ignored))) fs::copy_symlink(from.path(), to, error);
    } else if (from.is_regular_file(ignored)) {
      CarryFile(from.path(), name, error);
    } else if (from.is_directory(ignored)) {
      CarryFolder(from.path(), name, error);
    }
  }
  std::vector<std::string> kept() && { return std::move(kept_); }

 private:
  void CarryFile(const fs::path& from, const fs::path& name, std::error_code& error) {
    const fs::path to = own_ / name;
    const auto before = versions_.find(name.string());
    if (VersionOf(to) == (before == versions_.end() ? "" : before->second)) {
      return Replace(from, to, error);
    }
    if (SameContent(from, to)) return;
    const fs::path beside = absl::StrCat(to.string(), mark_);
    Replace(from, beside, error);
    if (error) return;
    kept_.push_back(absl::StrCat(to.string(),
                                 " was changed by somebody else while the agent ran, and stays as "
                                 "it is; what the agent wrote is in ",
                                 beside.string()));
  }

  void CarryFolder(const fs::path& from, const fs::path& name, std::error_code& error) {
    fs::create_directories(own_ / name, error);
    // Through no links, so that it ends.
    for (fs::recursive_directory_iterator at(from, error), end; !error && at != end;
         at.increment(error)) {
      const fs::path below = name / at->path().lexically_relative(from);
      std::error_code ignored;
      if (at->is_directory(ignored) && !at->is_symlink(ignored)) {
        fs::create_directories(own_ / below, error);
      } else {
        Carry(*at, below, error);
      }
      if (error) return;
    }
  }

  const Versions versions_;
  const fs::path own_;
  std::string mark_;
  std::vector<std::string> kept_;
};

absl::StatusOr<std::vector<std::string>> CarryBack(const fs::path& root) {
  std::error_code error;
  const fs::path own = fs::read_symlink(root / kOwn, error);
  if (error) return std::vector<std::string>();  // there is none
  const fs::path written = fs::read_symlink(root / kWritten, error);
  Carrier carrier(root, own);
  absl::Status status;
  for (const auto& entry : fs::directory_iterator(root / kFiles, error)) {
    const fs::path name = entry.path().filename();
    if (name == written) continue;
    std::error_code failed;
    carrier.Carry(entry, name, failed);
    if (failed) {
      status =
          absl::UnavailableError(absl::StrCat(entry.path().string(), " could not be carried to ",
                                              own.string(), ": ", failed.message()));
    }
  }
  if (!status.ok()) return status;
  return std::move(carrier).kept();
}

// The lock goes last: what is left after a kill is still found.
absl::StatusOr<std::vector<std::string>> Remove(const std::string& root) {
  auto kept = CarryBack(root);
  if (!kept.ok()) return kept;
  std::error_code ignored;
  for (const char* name : {kFiles, kOwn, kWritten, kVersions, kLock}) {
    fs::remove_all(fs::path(root) / name, ignored);
  }
  fs::remove(root, ignored);
  return kept;
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
    std::ofstream versions(fs::path(root) / kVersions);
    for (const auto& entry : fs::directory_iterator(own, none)) {
      const fs::path name = entry.path().filename();
      if (name == written) continue;
      versions << name.string() << '\0' << VersionOf(entry.path()) << '\0';
      fs::create_symlink(fs::absolute(own) / name, fs::path(folder.path()) / name, error);
    }
    versions.close();
    if (!versions) error = std::make_error_code(std::errc::io_error);
  }
  if (error || !folder.lock_.valid()) {
    std::error_code ignored;
    fs::remove_all(root, ignored);
    return absl::UnavailableError(absl::StrCat(root, ": cannot be written to"));
  }
  return folder;
}

std::string AgentFolder::path() const { return absl::StrCat(root_, "/", kFiles); }

absl::StatusOr<std::vector<std::string>> AgentFolder::End() { return Remove(root_); }

std::vector<std::string> EndAgentFolder(const std::string& root) {
  const FileDescriptor lock = Lock(root, 0);
  if (!lock.valid()) return {};
  auto kept = Remove(root);
  return kept.ok() ? *std::move(kept) : std::vector<std::string>();
}

std::vector<std::string> EndStaleAgentFolders() {
  std::vector<std::string> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Place(), error)) {
    if (!absl::StartsWith(entry.path().filename().string(), kPrefix)) continue;
    struct stat found = {};
    if (lstat(entry.path().c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) continue;
    if (found.st_uid != geteuid()) continue;
    for (std::string& kept : EndAgentFolder(entry.path().string())) all.push_back(std::move(kept));
    // One without a lock is half made or half removed.
    std::error_code ignored;
    if (time(nullptr) - found.st_mtime > kHalfMadeSeconds) fs::remove(entry.path(), ignored);
  }
  return all;
}

}  // namespace fovea::gateway
