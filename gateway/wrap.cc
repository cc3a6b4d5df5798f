#include "gateway/wrap.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "gateway/agents.h"
#include "gateway/claude_settings.h"
#include "gateway/keep_fovead.h"
#include "gateway/paths.h"
#include "gateway/process.h"
#include "gateway/settings_urls.h"
#include "gateway/socket.h"

namespace fovea::gateway {
namespace {

constexpr absl::Duration kStopPatience = absl::Seconds(30);  // longer than it takes to drain
constexpr absl::Duration kStopStep = absl::Milliseconds(5);
constexpr int kRestarts = 20;                                // of the gateway, ...
constexpr absl::Duration kRestartWindow = absl::Minutes(1);  // ... in so long

void Warn(absl::string_view text) { std::cerr << "fovea wrap: " << text << "\n"; }

volatile sig_atomic_t g_forward = 0;  // a signal for the agent

void OnSignal(int signal) { g_forward = signal; }

// The terminal sends its signals to the agent itself; those that are sent to wrap alone are handed
// on, and what is ignored (nohup) stays so. Returns the signals that only wrap ignores.
std::vector<int> HandleSignals() {
  std::vector<int> ignored;
  struct sigaction before = {};
  for (int signal : {SIGINT, SIGQUIT}) {
    sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    ::signal(signal, SIG_IGN);
    ignored.push_back(signal);
  }
  struct sigaction action = {};
  action.sa_handler = OnSignal;  // without SA_RESTART: it interrupts the wait
  for (int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  }
  return ignored;
}

class GatewayProcess {
 public:
  GatewayProcess(Command command) : command_(std::move(command)) {}

  absl::Status Start() {
    FOVEA_ASSIGN_OR_RETURN(pid_, Spawn(command_));
    return absl::OkStatus();
  }
  bool Is(pid_t pid) const { return pid_ > 0 && pid == pid_; }
  // False if it dies again and again.
  bool Restart() {
    pid_ = -1;
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
    const absl::Time deadline = absl::Now() + kStopPatience;
    while (waitpid(pid_, nullptr, WNOHANG) == 0) {
      if (absl::Now() > deadline) kill(pid_, SIGKILL);
      absl::SleepFor(kStopStep);
    }
  }

 private:
  const Command command_;
  pid_t pid_ = -1;
  absl::Time window_ = absl::InfinitePast();
  int restarts_ = 0;
};

int WaitForAgent(pid_t agent, GatewayProcess& gateway, FileDescriptor& listener) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (g_forward != 0) {
      kill(agent, g_forward);
      g_forward = 0;
    }
    if (ended == agent) return ShellExitCode(status);
    if (ended > 0 && gateway.Is(ended) && !gateway.Restart()) {
      listener = FileDescriptor();  // else requests would wait for ever
      Warn(absl::StrCat("the gateway does not stay up (", DefaultLog(),
                        "); the agent's requests are refused from now on"));
    }
    if (ended < 0 && errno == ECHILD) return 1;
  }
}

// The command that serves at `listener`.
Command ServeCommand(const WrapOptions& options, const std::vector<ChosenUpstream>& upstreams,
                     const std::map<std::string, ClaudeVariable>& claude,
                     const FileDescriptor& listener, const std::string& secret) {
  std::error_code ignored;
  Command serve{.arguments = {absl::StrCat(OwnFolder(), "/fovea-gateway"), "serve", "--listen-fd",
                              absl::StrCat(listener.get()), "--server", options.server, "--project",
                              std::filesystem::current_path(ignored).string()},
                .environment = {{"FOVEA_GATEWAY_SECRET", secret}},
                .keep_fd = listener.get(),
                .own_group = true,
                .quiet = true,
                .log = DefaultLog()};
  // In the environment, since every user of the machine sees a command line.
  for (const ChosenUpstream& upstream : upstreams) {
    serve.environment.emplace_back(UpstreamVariable(upstream.vendor), upstream.url);
  }
  if (!options.proxy.empty()) serve.environment.emplace_back("FOVEA_PROXY", options.proxy);
  // A proxy that the agent would use of its settings leads to its provider.
  for (const auto& [name, variable] : claude) {
    if (absl::EndsWithIgnoreCase(name, "_proxy"))
      serve.environment.emplace_back(name, variable.value);
  }
  serve.arguments.insert(serve.arguments.end(), options.serve.begin(), options.serve.end());
  return serve;
}

// The agent as it would run without wrap. `why`: no gateway can be had.
int RunDirectly(const WrapOptions& options, const absl::Status& why) {
  Warn(absl::StrCat(why.message(), "; the agent runs without Fovea"));
  GatewayProcess none{Command()};
  FileDescriptor no_listener;
  const std::vector<int> ignored = HandleSignals();
  const auto agent = Spawn(
      {.arguments = PlainCommand(options.agent, options.arguments), .default_signals = ignored});
  if (agent.ok()) return WaitForAgent(*agent, none, no_listener);
  Warn(agent.status().message());
  return 127;
}

}  // namespace

absl::StatusOr<int> Wrap(const WrapOptions& options) {
  for (const std::string& kept : EndStaleAgentFolders()) Warn(kept);
  std::map<std::string, ClaudeVariable> claude;
  std::error_code ignored;
  if (options.agent == "claude") {
    std::vector<std::string> broken;
    claude = ClaudeSettings(std::filesystem::current_path(ignored).string(), broken);
    for (const std::string& what : broken) Warn(what);
  }
  FOVEA_ASSIGN_OR_RETURN(auto own,
                         SettingsOf(options.agent, std::filesystem::current_path(ignored).string(),
                                    options.arguments));
  for (auto& [vendor, set] : own.urls) {
    if (options.upstreams.contains(vendor)) set.url.clear();
  }
  FOVEA_ASSIGN_OR_RETURN(const auto upstreams,
                         ChooseUpstreams(options.agent, options.upstreams, claude, own.urls));
  auto listener = Listen("127.0.0.1:0");
  if (!listener.ok()) return RunDirectly(options, listener.status());
  const std::string secret = RandomHex(16);
  const std::string base =
      absl::StrCat("http://127.0.0.1:", LocalPort(listener->get()), "/", secret);
  auto launch = LaunchOf(options.agent, options.wire, options.arguments, base, claude, own.urls);
  if (absl::IsUnavailable(launch.status())) return RunDirectly(options, launch.status());
  if (!launch.ok()) return launch.status();
  for (const std::string& warning : own.warnings) Warn(warning);
  for (const std::string& warning : launch->warnings) Warn(warning);
  if (!OuterBase().empty()) {
    Warn("inside another `fovea wrap`: requests go to its upstreams, and not through it");
  }
  const auto lock = HoldWrapLock(options.server);
  absl::Status status = EnsureFovead(options.server, options.data, lock);
  // The agent works without Fovea's memory, too: everything passes, and the answers' headers say
  // why.
  if (!status.ok()) Warn(absl::StrCat(status.message(), "; going on without Fovea's memory"));
  Command serve = ServeCommand(options, upstreams, claude, *listener, secret);
  if (launch->folder.has_value()) {
    serve.arguments.emplace_back("--remove-at-exit");
    serve.arguments.push_back(launch->folder->root());
  }
  GatewayProcess gateway(std::move(serve));
  status = gateway.Start();
  if (!status.ok()) {
    if (launch->folder.has_value()) launch->folder->End();
    return RunDirectly(options, status);
  }
  const std::vector<int> only_ours = HandleSignals();
  launch->environment.push_back(WrapVariable(base, upstreams));
  const auto agent = Spawn({.arguments = launch->arguments,
                            .environment = launch->environment,
                            .default_signals = only_ours});
  const int code = agent.ok() ? WaitForAgent(*agent, gateway, *listener) : 127;
  gateway.Stop();
  if (launch->folder.has_value()) launch->folder->End();
  if (!agent.ok()) Warn(agent.status().message());
  return code;
}

}  // namespace fovea::gateway
