// fovea-gateway: carries agents' requests to their providers.
#include <csignal>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "gateway/socket.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace {

using fovea::gateway::FileDescriptor;
using fovea::gateway::Gateway;
using fovea::gateway::HttpServer;
using fovea::gateway::Request;
using fovea::gateway::ResponseWriter;

constexpr absl::Duration kDrainTime = absl::Seconds(20);

struct Flags {
  std::string listen = "127.0.0.1:8787";
  int listen_fd = -1;
  std::string log_level = "info";
  Gateway::Options options;
};

void AddFlags(CLI::App& app, Flags& flags) {
  fovea::gateway::GatewayConfig& config = flags.options.config;
  app.add_option("--server", config.fovea_server, "where fovead listens: unix:PATH or HOST:PORT")
      ->envname("FOVEA_SERVER");
  app.add_option("--database", config.database, "the gateway's own database");
  app.add_option("--listen", flags.listen, "HOST:PORT; port 0: any that is free")
      ->capture_default_str();
  app.add_option("--listen-fd", flags.listen_fd, "a listening socket that was inherited");
  app.add_option("--anthropic-upstream", config.anthropic_upstream, "Anthropic's API")
      ->envname("FOVEA_ANTHROPIC_UPSTREAM")
      ->capture_default_str();
  app.add_option("--openai-upstream", config.openai_upstream, "OpenAI's API")
      ->envname("FOVEA_OPENAI_UPSTREAM")
      ->capture_default_str();
  app.add_option("--gemini-upstream", config.gemini_upstream, "Gemini's API")
      ->envname("FOVEA_GEMINI_UPSTREAM")
      ->capture_default_str();
  app.add_option("--proxy", flags.options.upstream.proxy, "HTTP proxy towards the providers");
  app.add_option("--ca-file", flags.options.upstream.ca_file, "further certificates to trust, PEM")
      ->check(CLI::ExistingFile);
  app.add_option("--secret", config.secret, "first segment of every path; others are refused")
      ->envname("FOVEA_GATEWAY_SECRET");
  app.add_option("--host", config.hosts, "a further NAME:PORT by which clients may call");
  app.add_option("--project", config.project, "whose work this is, for the books");
  app.add_option("--reader", config.reader,
                 "fovead's reader, instead of the one for the model's name");
  app.add_option("--budget", config.budget,
                 "tokens of the served history (default: half of the model's window less the rest)")
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--window", config.window, "tokens that the model takes")
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--min-tokens", config.min_tokens, "a smaller history goes out as it came")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--policy", config.policy, "FIELD=VALUE of fovead's policy, may be repeated");
  app.add_flag("--force", config.force, "serve every history that fovead would change");
  app.add_flag("!--no-recall", config.recall, "do not offer the tools recall and search");
  app.add_flag("--off", config.off, "pass everything through")->envname("FOVEA_OFF");
  app.add_option("--log-level", flags.log_level, "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
}

// Signals are taken by this thread alone: they are blocked before any other thread starts.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

absl::Status Serve(Flags flags) {
  const sigset_t signals = BlockSignals();
  auto log = std::make_shared<spdlog::logger>("fovea-gateway",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_level(spdlog::level::from_str(flags.log_level));
  FileDescriptor listener(flags.listen_fd);
  if (flags.listen_fd < 0) {
    auto made = fovea::gateway::Listen(flags.listen);
    if (!made.ok()) return made.status();
    listener = *std::move(made);
  }
  flags.options.port = fovea::gateway::LocalPort(listener.get());
  flags.options.log = log;
  auto gateway = Gateway::Create(std::move(flags.options));
  if (!gateway.ok()) return gateway.status();
  const auto handle = [&gateway](Request& request, ResponseWriter& response) {
    (*gateway)->Handle(request, response);
  };
  auto server = HttpServer::Start(std::move(listener), handle, {});
  if (!server.ok()) return server.status();
  std::cout << "fovea-gateway " FOVEA_VERSION " listening on port " << (*server)->port()
            << std::endl;
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  log->info("stopping");
  (*server)->Stop(kDrainTime);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("fovea-gateway: agents' requests, with their history in a bounded context",
               "fovea-gateway");
  app.set_version_flag("--version", std::string("fovea-gateway " FOVEA_VERSION));
  app.require_subcommand(1);
  Flags flags;
  AddFlags(*app.add_subcommand("serve", "carry requests until SIGTERM"), flags);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Serve(std::move(flags));
  if (status.ok()) return 0;
  std::cerr << "fovea-gateway: " << std::string(status.message()) << "\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << "fovea-gateway: " << error.what() << "\n";
  return 1;
}
