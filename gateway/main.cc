// fovea-gateway: carries agents' requests to their providers.
#include <malloc.h>

#include <csignal>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status_macros.h"
#include "gateway/agent_folder.h"
#include "gateway/agents.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "gateway/keep_fovead.h"
#include "gateway/paths.h"
#include "gateway/reports.h"
#include "gateway/socket.h"
#include "gateway/wrap.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace {

using namespace fovea::gateway;  // NOLINT(google-build-using-namespace): this is its program

constexpr absl::Duration kDrainTime = absl::Seconds(20);
constexpr absl::Duration kWrapsEnd = absl::Seconds(2);

struct Flags {
  std::string listen = "127.0.0.1:8787";
  int listen_fd = -1;
  std::string log_level = "info";
  std::string remove_at_exit;
  Gateway::Options options;
};

// CLI11 by itself takes 0x10 and 010 for 16 and 8.
std::string PlainDigits(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos &&
                     (text == "0" || text.front() != '0');
  return plain ? "" : text + " is not a whole number";
}

// What wrap hands on to serve as well.
void AddServing(CLI::App& app, Flags& flags) {
  GatewayConfig& config = flags.options.config;
  app.add_option("--anthropic-upstream", config.anthropic_upstream, "Anthropic's API")
      ->envname("FOVEA_ANTHROPIC_UPSTREAM")
      ->capture_default_str();
  app.add_option("--openai-upstream", config.openai_upstream, "OpenAI's API")
      ->envname("FOVEA_OPENAI_UPSTREAM")
      ->capture_default_str();
  app.add_option("--gemini-upstream", config.gemini_upstream, "Gemini's API")
      ->envname("FOVEA_GEMINI_UPSTREAM")
      ->capture_default_str();
  app.add_option("--proxy", flags.options.upstream.proxy, "HTTP proxy towards the providers")
      ->envname("FOVEA_PROXY");
  app.add_option("--ca-file", flags.options.upstream.ca_file, "certificates to trust, PEM")
      ->check(CLI::ExistingFile);
  app.add_option("--database", config.database, "sessions and books")->capture_default_str();
  app.add_option("--reader", config.reader,
                 "fovead's reader, instead of the one for the model's name");
  app.add_option("--budget", config.budget,
                 "tokens of the served history (default: half of the model's window less the rest)")
      ->check(PlainDigits)
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--window", config.window, "tokens that the model takes")
      ->check(PlainDigits)
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--min-tokens", config.min_tokens, "a smaller history goes out as it came")
      ->check(PlainDigits)
      ->capture_default_str();
  app.add_option("--policy", config.policy,
                 "frugal, balanced or exact, or FIELD=VALUE of the policy; may be repeated")
      ->check([](const std::string& value) {
        const absl::Status known = CheckPolicy(value);
        return known.ok() ? std::string() : std::string(known.message());
      });
  app.add_flag("--force", config.force, "serve every history that fovead would change");
  app.add_flag("!--no-recall", config.recall, "do not offer the tools recall and search");
  app.add_flag("--off", config.off, "pass everything through")->envname("FOVEA_OFF");
  app.add_option("--log-level", flags.log_level, "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
}

void AddServe(CLI::App& app, Flags& flags) {
  GatewayConfig& config = flags.options.config;
  AddServing(app, flags);
  app.add_option("--listen", flags.listen, "HOST:PORT; port 0: any that is free")
      ->capture_default_str();
  app.add_option("--listen-fd", flags.listen_fd, "a listening socket that was inherited");
  app.add_option("--secret", config.secret, "first segment of every path; others are refused")
      ->envname("FOVEA_GATEWAY_SECRET");
  app.add_option("--host", config.hosts, "a further NAME:PORT by which clients may call");
  app.add_option("--project", config.project, "whose work this is, for the books");
  app.add_option("--remove-at-exit", flags.remove_at_exit,
                 "a wrap's folder, if the wrap is gone then")
      ->group("");
}

// Signals are taken by this thread alone: they are blocked before any other thread starts.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Else each thread's heap keeps blocks of up to 32 MiB once there was one, and malloc_trim leaves
// their ends.
void KeepHeapsSmall() {
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

absl::Status Serve(Flags flags) {
  KeepHeapsSmall();
  const sigset_t signals = BlockSignals();
  auto log = std::make_shared<spdlog::logger>("fovea-gateway",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_level(spdlog::level::from_str(flags.log_level));
  log->flush_on(spdlog::level::info);
  FileDescriptor listener(flags.listen_fd);
  if (flags.listen_fd < 0) {
    FOVEA_ASSIGN_OR_RETURN(listener, Listen(flags.listen));
  }
  flags.options.port = LocalPort(listener.get());
  GatewayConfig& config = flags.options.config;
  config.shared = !IsLoopback(listener.get()) || !config.hosts.empty();
  flags.options.log = log;
  FOVEA_ASSIGN_OR_RETURN(auto gateway, Gateway::Create(std::move(flags.options)));
  const auto handle = [&gateway](Request& request, ResponseWriter& response) {
    gateway->Handle(request, response);
  };
  HttpServerOptions server_options;
  server_options.memory = gateway->memory();
  server_options.admit = [&gateway](const Request& head) { return gateway->Admit(head); };
  server_options.refuse = [&gateway](const Request& head, int status, absl::string_view message,
                                     ResponseWriter& response) {
    gateway->Refuse(head, status, message, response);
  };
  FOVEA_ASSIGN_OR_RETURN(auto server,
                         HttpServer::Start(std::move(listener), handle, std::move(server_options)));
  std::cout << "fovea-gateway " FOVEA_VERSION " listening on port " << server->port() << std::endl;
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  log->info("stopping");
  server->Stop(kDrainTime);
  // The end of a wrap that is killed is told when its first thread ends, and its lock goes with the
  // last.
  if (!flags.remove_at_exit.empty()) EndAgentFolder(flags.remove_at_exit, kWrapsEnd);
  return absl::OkStatus();
}

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "fovea-gateway: " << std::string(status.message()) << "\n";
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

// `wrap [FLAGS] AGENT ARGUMENTS...`, `wrap [FLAGS] --wire W -- COMMAND...`: what is behind the
// agent is the agent's.
int RunWrap(const std::vector<std::string>& arguments, const std::string& server) {
  CLI::App app(absl::StrCat("Runs an agent through Fovea: ", absl::StrJoin(KnownAgents(), ", "),
                            ", or any command with --wire"),
               "fovea wrap");
  Flags flags;
  flags.options.config.database = DefaultDatabase();
  WrapOptions options{.server = server};
  AddServing(app, flags);
  app.add_option("--server", options.server, "where fovead listens")->envname("FOVEA_SERVER");
  app.add_option("--data", options.data, "fovead's folder, where it has to be started");
  app.add_option("--wire", options.wire, "anthropic, openai-responses, openai-chat or gemini");
  app.prefix_command();
  size_t own = 0;  // arguments before the agent's name
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  std::vector<std::string> rest = app.remaining();
  own = arguments.size() - rest.size();
  if (!rest.empty() && rest.front() == "--") rest.erase(rest.begin());
  if (options.wire.empty()) {
    if (rest.empty()) {
      return Report(absl::InvalidArgumentError(
          absl::StrCat("wrap: which agent? ", absl::StrJoin(KnownAgents(), ", "),
                       "; --wire W -- COMMAND runs any other")));
    }
    options.agent = rest.front();
    rest.erase(rest.begin());
  }
  options.arguments = std::move(rest);
  const GatewayConfig& config = flags.options.config;
  for (const auto& [vendor, url] :
       {std::pair("anthropic", config.anthropic_upstream),
        std::pair("openai", config.openai_upstream), std::pair("gemini", config.gemini_upstream)}) {
    if (app.count(absl::StrCat("--", vendor, "-upstream")) > 0) options.upstreams[vendor] = url;
  }
  options.proxy = flags.options.upstream.proxy;
  // serve takes all of wrap's flags but these.
  for (size_t i = 0; i < own; ++i) {
    const std::string name = arguments[i].substr(0, arguments[i].find('='));
    const bool wraps = name == "--server" || name == "--data" || name == "--wire" ||
                       name == "--proxy" || absl::EndsWith(name, "-upstream");
    if (arguments[i] == "--") continue;
    if (wraps) {
      if (name == arguments[i]) ++i;
      continue;
    }
    options.serve.push_back(arguments[i]);
  }
  const absl::StatusOr<int> code = Wrap(options);
  return code.ok() ? *code : Report(code.status());
}

int Run(int argc, char** argv) {
  const char* set = std::getenv("FOVEA_SERVER");
  const std::string server = set != nullptr && *set != '\0' ? set : DefaultServer();
  if (argc > 1 && std::string(argv[1]) == "wrap") {
    return RunWrap(std::vector<std::string>(argv + 2, argv + argc), server);
  }
  CLI::App app("fovea-gateway: agents' requests, with their history in a bounded context",
               "fovea-gateway");
  app.set_version_flag("--version", std::string("fovea-gateway " FOVEA_VERSION));
  app.require_subcommand(1);
  Flags flags;
  flags.options.config.database = DefaultDatabase();
  flags.options.config.fovea_server = server;
  // Of the environment alone: a command line is seen by every user of the machine.
  if (const char* token = std::getenv("FOVEA_TOKEN"); token != nullptr) {
    flags.options.config.fovea_token = token;
  }
  CLI::App* serve = app.add_subcommand("serve", "carry requests until SIGTERM");
  AddServe(*serve, flags);
  serve->add_option("--server", flags.options.config.fovea_server, "where fovead listens");
  app.add_subcommand("wrap", "run an agent through Fovea (`fovea-gateway wrap --help`)");
  WrapOptions keep{.server = server};
  CLI::App* keeper = app.add_subcommand("keep-fovead")->group("");
  keeper->add_option("--server", keep.server);
  keeper->add_option("--data", keep.data);
  SavingsOptions savings;
  CLI::App* books =
      app.add_subcommand("savings", "what was billed, and what full history would have cost");
  books->add_option("--by", savings.by, "session, project, model, day, action, reason or request")
      ->check(CLI::IsMember({"session", "project", "model", "day", "action", "reason", "request"}))
      ->capture_default_str();
  books->add_option("--session", savings.session, "of this session only");
  books->add_option("--project", savings.project, "of this project only");
  books->add_option("--since", savings.since, "7d, 24h, 30m or a day");
  books->add_flag("--json", savings.json);
  books->add_flag("--csv", savings.csv);
  books->add_option("--database", flags.options.config.database);
  DoctorOptions doctor{.server = server};
  CLI::App* check = app.add_subcommand("doctor", "say what is wrong; exit code 0, 1 or 2");
  check->add_option("--server", doctor.server);
  check->add_option("--database", flags.options.config.database);
  CLI::App* line = app.add_subcommand("statusline", "one line for Claude Code's status line");
  line->add_option("--database", flags.options.config.database);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  const std::string& path = flags.options.config.database;
  if (serve->parsed()) return Report(Serve(std::move(flags)));
  if (keeper->parsed()) return KeepFovead(keep.server, keep.data);
  if (check->parsed()) {
    doctor.database = path;
    return Doctor(doctor, std::cout);
  }
  const auto database = Database::Open(path);
  if (!database.ok()) return Report(database.status());
  if (books->parsed()) return Report(PrintSavings(**database, savings, std::cout));
  if (line->parsed()) {
    const std::string input((std::istreambuf_iterator<char>(std::cin)), {});
    std::cout << StatusLine(**database, input) << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  // Debian's Abseil looks for cycles at every lock, gRPC's included; the tests leave it on.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return Run(argc, argv);
} catch (const std::exception& error) {
  std::cerr << "fovea-gateway: " << error.what() << "\n";
  return 1;
}
