#include "gateway/process.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace fovea::gateway {
namespace {

// In the child, up to exec: only calls that are safe there, and setenv, as this process has one
// thread by then.
[[noreturn]] void Become(const Command& command, pid_t parent, int error_fd) {
  if (command.own_session) {
    setsid();
  } else {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);  // it went before
  }
  if (command.own_group) setpgid(0, 0);
  // Handlers are gone with exec; what whoever started this process ignores (nohup) stays ignored.
  for (int signal : command.default_signals) ::signal(signal, SIG_DFL);
  // A service must end when it is told to, from its first moment on.
  if (command.own_session || command.own_group) {
    for (int signal : {SIGINT, SIGQUIT, SIGTERM}) ::signal(signal, SIG_DFL);
  }
  if (command.quiet) {
    const int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
  }
  if (!command.log.empty()) {
    int log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) log = open("/dev/null", O_WRONLY | O_CLOEXEC);  // the agent's screen is not for it
    if (log >= 0) dup2(log, STDERR_FILENO);
  }
  if (command.keep_fd >= 0) fcntl(command.keep_fd, F_SETFD, 0);
  for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  if (write(error_fd, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

}  // namespace

absl::StatusOr<pid_t> Spawn(const Command& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::UnavailableError(strerror(errno));
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) Become(command, parent, ends[1]);
  close(ends[1]);
  int error = 0;
  const bool failed = child < 0 || read(ends[0], &error, sizeof error) > 0;
  close(ends[0]);
  if (!failed) return child;
  if (child < 0) return absl::UnavailableError(absl::StrCat("fork: ", strerror(errno)));
  waitpid(child, nullptr, 0);
  return absl::NotFoundError(absl::StrCat(command.arguments[0], ": ", strerror(error)));
}

std::string OwnFolder() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  const std::string whole(path, size > 0 ? static_cast<size_t>(size) : 0);
  return whole.substr(0, whole.rfind('/'));
}

std::string RandomHex(size_t bytes) {
  std::string random(bytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes));
  return absl::BytesToHexString(random);
}

int ShellExitCode(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 1;
}

}  // namespace fovea::gateway
