#include "gateway/keep_fovead.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "gateway/paths.h"
#include "gateway/process.h"
#include "gateway/server_address.h"

namespace fovea::gateway {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(20);
constexpr absl::Duration kStartStep = absl::Milliseconds(20);
constexpr absl::Duration kLockStep = absl::Seconds(1);
constexpr absl::Duration kFirstStep = absl::Milliseconds(100);  // until fovead answers
constexpr absl::Duration kLongestPause = absl::Minutes(1);      // before fovead is started again

// Who shares the server shares the lock: beside the socket, or where sockets are.
std::string LockPath(const std::string& server) {
  const std::string socket = SocketPath(server);
  if (!socket.empty()) return absl::StrCat(socket, ".lock");
  return absl::StrCat(RuntimePrefix(), "-", absl::StrReplaceAll(server, {{"/", "_"}}), ".lock");
}

absl::StatusOr<FileDescriptor> OpenLock(const std::string& server) {
  const std::string path = LockPath(server);
  FileDescriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) {
    return absl::UnavailableError(absl::StrCat(path, " cannot be opened (", strerror(errno), ")"));
  }
  // Another user could hold it for ever.
  struct stat found = {};
  if (fstat(lock.get(), &found) == 0 && found.st_uid == geteuid()) return lock;
  return absl::UnavailableError(absl::StrCat(path, " belongs to user ", found.st_uid));
}

bool IsAt(const FileDescriptor& file, const std::string& path) {
  struct stat open = {};
  struct stat there = {};
  return fstat(file.get(), &open) == 0 && lstat(path.c_str(), &there) == 0 &&
         open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

absl::Status MakeDataFolder() {
  std::error_code error;
  std::filesystem::create_directories(DataFolder(), error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(DataFolder(), " cannot be made (", error.message(), ")"));
  }
  if (access(DataFolder().c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(DataFolder(), " cannot be written to (", strerror(errno), ")"));
}

}  // namespace

absl::StatusOr<FileDescriptor> HoldWrapLock(const std::string& server) {
  while (true) {
    auto lock = OpenLock(server);
    if (!lock.ok()) return lock;
    while (flock(lock->get(), LOCK_SH) != 0 && errno == EINTR) {
    }
    // Whoever had it alone may have taken the file away.
    if (IsAt(*lock, LockPath(server))) return lock;
  }
}

absl::Status EnsureFovead(const std::string& server, const std::string& data,
                          const absl::StatusOr<FileDescriptor>& lock) {
  FOVEA_RETURN_IF_ERROR(CheckServerOwner(server, geteuid()));
  if (Answers(server)) return absl::OkStatus();
  if (!lock.ok()) return lock.status();
  if (data.empty()) FOVEA_RETURN_IF_ERROR(MakeDataFolder());
  const Command keeper{.arguments = {absl::StrCat(OwnFolder(), "/fovea-gateway"), "keep-fovead",
                                     "--server", server, "--data", data},
                       .own_session = true,
                       .quiet = true,
                       .log = "/dev/null"};
  FOVEA_ASSIGN_OR_RETURN(const auto started, Spawn(keeper));
  const absl::Time deadline = absl::Now() + kStartPatience;
  while (!Answers(server)) {
    if (waitpid(started, nullptr, WNOHANG) == started && !Answers(server)) {
      return absl::UnavailableError(absl::StrCat("fovead does not start at ", server));
    }
    if (absl::Now() > deadline) return absl::UnavailableError("fovead did not answer in time");
    absl::SleepFor(kStartStep);
  }
  return absl::OkStatus();
}

int KeepFovead(const std::string& server, const std::string& data) {
  Command command{.arguments = {absl::StrCat(OwnFolder(), "/fovead"), "--listen", server,
                                "--log-level", "warning"}};
  if (!data.empty()) {
    command.arguments.emplace_back("--data");
    command.arguments.push_back(data);
  }
  const auto lock = OpenLock(server);
  auto fovead = Spawn(command);
  if (!lock.ok() || !fovead.ok()) return 1;
  bool runs = true;
  bool answered = false;
  absl::Time started = absl::Now();
  absl::Duration pause = kLockStep;
  int status = 0;
  // Each wrap holds the lock together with the others; alone it can be had once the last is gone.
  while (flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (runs && waitpid(*fovead, &status, WNOHANG) == *fovead) {
      runs = false;
      // One that never ran will not, and one that somebody stopped was to end.
      if (!answered || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        return ShellExitCode(status);
      }
      if (absl::Now() - started > kLongestPause) pause = kLockStep;
      started = absl::Now() + pause;  // the next one
      pause = std::min(2 * pause, kLongestPause);
    }
    if (runs && !answered) answered = Answers(server);
    // Another that answers there meanwhile does as well.
    if (!runs && absl::Now() >= started && !Answers(server)) {
      started = absl::Now();
      fovead = Spawn(command);
      runs = fovead.ok();
    }
    absl::SleepFor(answered ? kLockStep : kFirstStep);
  }
  if (runs) {
    kill(*fovead, SIGTERM);
    waitpid(*fovead, &status, 0);
  }
  if (IsAt(*lock, LockPath(server))) unlink(LockPath(server).c_str());
  return ShellExitCode(status);
}

}  // namespace fovea::gateway
