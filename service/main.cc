// fovead: serves the public API.
#include <sys/stat.h>
#include <csignal>

#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_join.h"
#include "service/listen.h"
#include "service/load_readers.h"
#include "service/server.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace {

constexpr absl::Duration kDrainTime = absl::Seconds(20);

struct Flags {
  std::string data = fovea::service::DefaultDataDirectory();
  std::vector<std::string> listen;
  std::string tokens;
  std::string readers;
  std::string vocabularies = fovea::service::DefaultVocabularyDirectory();
  std::string log_level = "info";
  int threads = 0;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", std::string("fovead ") + FOVEA_VERSION);
  app.add_option("--data", flags.data, "Directory of the store; made if there is none")
      ->capture_default_str();
  app.add_option("--listen", flags.listen,
                 "unix:PATH or HOST:PORT; may be given more than once (default: " +
                     fovea::service::DefaultListenAddress() + ")");
  app.add_option("--tokens", flags.tokens,
                 "File of {\"token_sha256\": hex, \"tenant\": name} lines; read again on SIGHUP");
  app.add_option("--readers", flags.readers, "Directory of further reader profiles, *.json")
      ->check(CLI::ExistingDirectory);
  app.add_option("--vocabularies", flags.vocabularies,
                 "Directory of vocabularies that count text exactly; those that are missing are "
                 "estimated")
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "debug, info, warning, error or off")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "Drawing threads (default: one for each processor)")
      ->check(CLI::Range(1, 1024));
}

// Signals are taken by this thread alone: they are blocked before any other thread starts.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void ServeUntilStopped(fovea::service::Server& server, spdlog::logger& log,
                       const sigset_t& signals) {
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    const absl::Status status = server.ReloadTokens();
    if (status.ok()) {
      log.info("tokens read again");
    } else {
      log.error("tokens stay as they were: {}", std::string(status.message()));
    }
  }
  log.info("stopping");
  server.Stop(kDrainTime);
}

int Run(const Flags& flags) {
  // What is made here is the owner's alone: the store, and the sockets until gRPC has them.
  umask(077);
  const sigset_t signals = BlockSignals();
  auto log =
      std::make_shared<spdlog::logger>("fovead", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_level(spdlog::level::from_str(flags.log_level));
  log->flush_on(spdlog::level::info);

  auto readers = fovea::service::LoadReaders(flags.readers, flags.vocabularies);
  if (!readers.ok()) {
    std::cerr << "fovead: " << readers.status().message() << "\n";
    return 1;
  }
  fovea::service::ServerOptions options{.data_directory = flags.data,
                                        .addresses = flags.listen,
                                        .tokens_file = flags.tokens,
                                        .readers = *std::move(readers),
                                        .drawing_threads = flags.threads,
                                        .version = FOVEA_VERSION,
                                        .log = log};
  if (options.addresses.empty()) {
    options.addresses.push_back(fovea::service::DefaultListenAddress());
  }
  const std::string where = absl::StrJoin(options.addresses, ", ");
  auto server = fovea::service::Server::Start(std::move(options));
  if (!server.ok()) {
    std::cerr << "fovead: " << server.status().message() << "\n";
    return 1;
  }
  std::cout << "fovead " << FOVEA_VERSION << " listening on " << where << std::endl;
  ServeUntilStopped(**server, *log, signals);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("fovead: optical memory for LLM agents", "fovead");
  Flags flags;
  AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);
  return Run(flags);
} catch (const std::exception& error) {
  std::cerr << "fovead: " << error.what() << "\n";
  return 1;
}
