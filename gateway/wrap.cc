#include "gateway/wrap.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "gateway/agents.h"
#include "gateway/paths.h"
#include "gateway/process.h"
#include "gateway/socket.h"

namespace fovea::gateway {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(20);
constexpr absl::Duration kStartStep = absl::Milliseconds(20);
constexpr absl::Duration kLockStep = absl::Seconds(1);
constexpr int kRestarts = 20;                                // of the gateway, ...
constexpr absl::Duration kRestartWindow = absl::Minutes(1);  // ... in so long

// In Fovea's own folder, which is all that wrap leaves behind.
std::string LockPath() { return absl::StrCat(DataFolder(), "/wrap.lock"); }

FileDescriptor OpenLock() {
  std::error_code ignored;
  std::filesystem::create_directories(DataFolder(), ignored);
  return FileDescriptor(open(LockPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

absl::Status EnsureFovead(const WrapOptions& options) {
  if (Answers(options.server)) return absl::OkStatus();
  Command keeper{.arguments = {absl::StrCat(OwnFolder(), "/fovea-gateway"), "keep-fovead",
                               "--server", options.server, "--data", options.data},
                 .own_session = true,
                 .quiet = true,
                 .log = "/dev/null"};
  auto started = Spawn(keeper);
  if (!started.ok()) return started.status();
  const absl::Time deadline = absl::Now() + kStartPatience;
  while (!Answers(options.server)) {
    if (waitpid(*started, nullptr, WNOHANG) == *started && !Answers(options.server)) {
      return absl::UnavailableError(absl::StrCat("fovead does not start at ", options.server));
    }
    if (absl::Now() > deadline) return absl::UnavailableError("fovead did not answer in time");
    absl::SleepFor(kStartStep);
  }
  return absl::OkStatus();
}

// A variable that the user has set to an upstream of his own stays the upstream.
void AddUpstreams(std::vector<std::string>& serve) {
  const std::pair<const char*, const char*> names[] = {
      {"ANTHROPIC_BASE_URL", "--anthropic-upstream"},
      {"OPENAI_BASE_URL", "--openai-upstream"},
      {"GOOGLE_GEMINI_BASE_URL", "--gemini-upstream"}};
  for (const auto& [variable, flag] : names) {
    const char* url = std::getenv(variable);
    bool given = false;
    for (const std::string& argument : serve) given = given || absl::StartsWith(argument, flag);
    if (url == nullptr || *url == '\0' || given) continue;
    serve.emplace_back(flag);
    serve.emplace_back(url);
  }
}

volatile sig_atomic_t g_forward = 0;  // a signal for the agent

void OnSignal(int signal) { g_forward = signal; }

// The terminal sends its signals to the agent itself; those that are sent to wrap alone are handed
// on.
void HandleSignals() {
  for (int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
  struct sigaction action = {};
  action.sa_handler = OnSignal;  // without SA_RESTART: it interrupts the wait
  for (int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
}

class GatewayProcess {
 public:
  GatewayProcess(Command command) : command_(std::move(command)) {}

  absl::Status Start() {
    auto started = Spawn(command_);
    if (!started.ok()) return started.status();
    pid_ = *started;
    return absl::OkStatus();
  }
  bool Is(pid_t pid) const { return pid == pid_; }
  // False if it dies again and again.
  bool Restart() {
    const absl::Time now = absl::Now();
    if (now - window_ > kRestartWindow) {
      window_ = now;
      restarts_ = 0;
    }
    return ++restarts_ <= kRestarts && Start().ok();
  }
  void Stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

 private:
  const Command command_;
  pid_t pid_ = -1;
  absl::Time window_ = absl::InfinitePast();
  int restarts_ = 0;
};

int WaitForAgent(pid_t agent, GatewayProcess& gateway) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (g_forward != 0) {
      kill(agent, g_forward);
      g_forward = 0;
    }
    if (ended == agent) return ShellExitCode(status);
    if (ended > 0 && gateway.Is(ended) && !gateway.Restart()) {
      std::cerr << "fovea wrap: the gateway does not stay up; the agent's requests will fail\n";
    }
    if (ended < 0 && errno == ECHILD) return 1;
  }
}

}  // namespace

bool Answers(const std::string& address) {
  absl::string_view path = address;
  if (absl::ConsumePrefix(&path, "unix:")) {
    sockaddr_un to = {};
    to.sun_family = AF_UNIX;
    if (path.size() >= sizeof to.sun_path) return false;
    memcpy(to.sun_path, path.data(), path.size());
    const FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  const auto place = SplitHostPort(address);
  if (!place.ok()) return false;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(place->first.c_str(), absl::StrCat(place->second).c_str(), &hints, &found) != 0) {
    return false;
  }
  const FileDescriptor fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const bool answers = connect(fd.get(), found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  return answers;
}

int KeepFovead(const std::string& server, const std::string& data) {
  Command command{.arguments = {absl::StrCat(OwnFolder(), "/fovead"), "--listen", server,
                                "--log-level", "warning"}};
  if (!data.empty()) {
    command.arguments.emplace_back("--data");
    command.arguments.push_back(data);
  }
  const auto fovead = Spawn(command);
  if (!fovead.ok()) return 1;
  const FileDescriptor lock = OpenLock();
  int status = 0;
  // Each wrap holds the lock together with the others; alone it can be had once the last is gone.
  while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (waitpid(*fovead, &status, WNOHANG) == *fovead) return ShellExitCode(status);
    absl::SleepFor(kLockStep);
  }
  kill(*fovead, SIGTERM);
  waitpid(*fovead, &status, 0);
  return ShellExitCode(status);
}

absl::StatusOr<int> Wrap(const WrapOptions& options) {
  const FileDescriptor lock = OpenLock();
  if (!lock.valid()) return absl::UnavailableError(absl::StrCat(LockPath(), ": cannot be opened"));
  while (flock(lock.get(), LOCK_SH) != 0 && errno == EINTR) {
  }
  absl::Status status = EnsureFovead(options);
  // The agent works without Fovea's memory, too: everything passes, and the answers' headers say
  // why.
  if (!status.ok())
    std::cerr << "fovea wrap: " << std::string(status.message()) << "; going on without\n";
  auto listener = Listen("127.0.0.1:0");
  if (!listener.ok()) return listener.status();
  const std::string secret = RandomHex(16);
  const std::string base =
      absl::StrCat("http://127.0.0.1:", LocalPort(listener->get()), "/", secret);
  const auto launch = LaunchOf(options.agent, options.wire, options.arguments, base);
  if (!launch.ok()) return launch.status();
  std::error_code ignored;
  Command serve{.arguments = {absl::StrCat(OwnFolder(), "/fovea-gateway"), "serve", "--listen-fd",
                              absl::StrCat(listener->get()), "--server", options.server,
                              "--project", std::filesystem::current_path(ignored).string()},
                .environment = {{"FOVEA_GATEWAY_SECRET", secret}},
                .keep_fd = listener->get(),
                .own_group = true,
                .quiet = true,
                .log = DefaultLog()};
  std::filesystem::create_directories(DataFolder(), ignored);
  if (!launch->folder.empty()) {
    serve.arguments.emplace_back("--remove-at-exit");
    serve.arguments.push_back(launch->folder);
  }
  std::vector<std::string> flags = options.serve;
  AddUpstreams(flags);
  serve.arguments.insert(serve.arguments.end(), flags.begin(), flags.end());
  GatewayProcess gateway(std::move(serve));
  status = gateway.Start();
  if (!status.ok()) return status;
  HandleSignals();
  const auto agent = Spawn({.arguments = launch->arguments, .environment = launch->environment});
  const int code = agent.ok() ? WaitForAgent(*agent, gateway) : 127;
  gateway.Stop();
  if (!launch->folder.empty()) std::filesystem::remove_all(launch->folder, ignored);
  if (!agent.ok()) {
    std::cerr << "fovea wrap: " << std::string(agent.status().message()) << "\n";
  }
  return code;
}

}  // namespace fovea::gateway
