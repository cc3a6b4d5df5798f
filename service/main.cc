// fovead: serves the public API.
#include <malloc.h>
#include <sys/stat.h>
#include <csignal>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "core/base/status_macros.h"
#include "google/protobuf/stubs/logging.h"
#include "readers/files/load_readers.h"
#include "readers/files/read_file.h"
#include "service/config.h"
#include "service/listen.h"
#include "service/server.h"
#include "service/wire/json_text.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace {

using fovea::service::Config;
using fovea::service::ConfigKey;
using fovea::service::ConfigKeys;
using fovea::service::ConfigSource;

constexpr char kJsonPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})";

// A message as a JSON string: %* in a pattern.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    std::string json;
    fovea::wire::AppendString({message.payload.data(), message.payload.size()}, json);
    out.append(json.data(), json.data() + json.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

struct Flags {
  std::string config;
  bool check = false;
  bool help_config = false;
  std::map<std::string, std::vector<std::string>> values;  // by key
};

std::string FlagOf(const ConfigKey& key) {
  return absl::StrCat("--", absl::StrReplaceAll(key.name, {{"_", "-"}}));
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", std::string("fovead ") + FOVEA_VERSION);
  app.add_option("--config", flags.config, "File of \"key = value\" lines; flags stand over it")
      ->envname("FOVEA_CONFIG");
  app.add_flag("--check-config", flags.check,
               "Says what is wrong with the configuration, and ends");
  app.add_flag("--help-config", flags.help_config, "Prints every key, as a file could hold it");
  for (const ConfigKey& key : ConfigKeys()) {
    std::vector<std::string>& values = flags.values[key.name];
    CLI::Option* option = app.add_option(FlagOf(key), values, key.help)->type_name(key.value);
    if (std::string_view(key.value) == "BOOL") {
      option->expected(0, 1);
    } else if (key.clear == nullptr) {
      option->expected(1);
    } else {
      option->expected(1, 64)->allow_extra_args(false);
    }
  }
}

// The file, the environment over it, flags over both. The error names all that is wrong, and with
// `files` what is wrong with the files that they name.
absl::StatusOr<Config> ReadConfig(const Flags& flags, bool files = false) {
  std::vector<ConfigSource> sources;
  fovea::service::ConfigProblems problems;
  if (!flags.config.empty()) {
    constexpr size_t kMaxBytes = size_t{1} << 20;
    FOVEA_ASSIGN_OR_RETURN(const std::string text, fovea::ReadFile(flags.config, kMaxBytes));
    sources.push_back({flags.config, fovea::service::ParseConfig(flags.config, text, &problems)});
  }
  sources.push_back({"environment", fovea::service::ConfigOfEnvironment(std::getenv)});
  ConfigSource given{.name = "flags"};
  for (const auto& [name, values] : flags.values) {
    for (const std::string& value : values) given.values[name].push_back({value});
  }
  sources.push_back(std::move(given));
  Config config = fovea::service::MakeConfig(sources, &problems);
  fovea::service::CheckConfig(config, &problems);
  if (files) fovea::service::CheckFiles(config, &problems);
  FOVEA_RETURN_IF_ERROR(problems.status());
  return config;
}

void PrintKeys() {
  for (const ConfigKey& key : ConfigKeys()) {
    std::cout << "# " << key.help << (key.reloads ? " (read again on SIGHUP)" : "") << "\n# "
              << key.name << " = " << key.value << "\n\n";
  }
}

// Signals are taken by this thread alone: they are blocked before any other thread starts.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// The parts do not hang on each other. What a reload does not change says so.
void Reload(const Flags& flags, fovea::service::Server& server, spdlog::logger& log,
            Config& config) {
  const absl::Status status = server.ReloadTokens();
  if (status.ok()) {
    log.info("tokens read again");
  } else {
    log.error("tokens stay as they were: {}", std::string(status.message()));
  }
  const absl::Status reopened = server.ReopenAuditLog();
  if (!reopened.ok()) {
    log.error("the audit log's file stays as it was: {}", std::string(reopened.message()));
  }
  auto fresh = ReadConfig(flags);
  if (!fresh.ok()) {
    log.error("the configuration stays as it was: {}", std::string(fresh.status().message()));
    return;
  }
  server.SetQuotas(fresh->quotas);
  server.SetStorageLimits(fresh->storage);
  server.SetRetention(fresh->retention);
  log.set_level(spdlog::level::from_str(fresh->log_level));
  config.drain_time = fresh->drain_time;
  log.info("log level, quotas, retention and drain time read again; other keys want a restart");
}

void ServeUntilStopped(const Flags& flags, fovea::service::Server& server, spdlog::logger& log,
                       const sigset_t& signals, Config& config) {
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    Reload(flags, server, log, config);
  }
  log.info("stopping");
  server.Stop(config.drain_time);
}

std::shared_ptr<spdlog::logger> MakeLog(const Config& config) {
  auto log =
      std::make_shared<spdlog::logger>("fovead", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (config.log_format == "json") {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<JsonMessage>('*').set_pattern(kJsonPattern);
    log->set_formatter(std::move(formatter));
  }
  log->set_level(spdlog::level::from_str(config.log_level));
  log->flush_on(spdlog::level::info);
  return log;
}

void WarnOfOpenDoors(const Config& config, const std::vector<std::string>& addresses,
                     spdlog::logger& log) {
  for (const std::string& address : addresses) {
    if (absl::StartsWith(address, "unix:")) continue;
    const bool secure = !config.tls_certificate.empty();
    if (!fovea::service::IsLoopback(address)) {
      if (config.insecure) log.warn("{} is open to other machines, as --insecure says", address);
    } else if (config.tokens.empty() && (!secure || config.tls_client_ca.empty())) {
      log.warn("{} has no tokens: every user of this machine is an administrator there", address);
    }
  }
}

fovea::service::TlsFiles TlsFilesOf(const Config& config) {
  return {.certificate = config.tls_certificate,
          .key = config.tls_key,
          .client_ca = config.tls_client_ca};
}

fovea::service::ServerOptions OptionsOf(const Config& config, fovea::ReaderCatalogue readers,
                                        std::shared_ptr<spdlog::logger> log) {
  return {.data_directory = config.data,
          .addresses = config.listen,
          .tokens_file = config.tokens,
          .readers = std::move(readers),
          .drawing_threads = config.threads,
          .version = FOVEA_VERSION,
          .log = std::move(log),
          .tls = TlsFilesOf(config),
          .metrics_address = config.metrics_listen,
          .reflection = config.reflection,
          .audit_log = config.audit_log,
          .quotas = config.quotas,
          .storage = config.storage,
          .retention = config.retention,
          .max_page_bytes = config.page_cache,
          .max_prefix_bytes = config.prefix_cache,
          .max_turn_bytes = config.turn_cache,
          .max_view_bytes = config.view_cache,
          .max_views = static_cast<size_t>(config.views),
          .max_page_bytes_on_disk = config.pages_on_disk,
          .max_view_bytes_on_disk = config.views_on_disk,
          .max_call_bytes = config.call_memory,
          .max_receive_bytes = config.receive_memory,
          .connections = config.connections,
          .handshake_time = config.handshake_time,
          .idle_time = config.idle_time,
          .answer_time = config.answer_time};
}

// Large blocks (answers, pages) go back to the system when they are freed, and threads share a few
// heaps. As it comes, glibc keeps what was used once in up to eight heaps for each processor: 1.1
// GB where half of it was in use.
void GiveMemoryBack() {
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_ARENA_MAX, 4);
}

int Fail(const absl::Status& status) {
  std::cerr << "fovead: " << status.message() << "\n";
  return 1;
}

int Run(const Flags& flags) {
  GiveMemoryBack();
  // What is made here is the owner's alone: the store, its logs, and the sockets.
  umask(077);
  auto config = ReadConfig(flags, /*files=*/flags.check);
  if (!config.ok()) return Fail(config.status());
  if (flags.check) return 0;
  const sigset_t signals = BlockSignals();
  const std::shared_ptr<spdlog::logger> log = MakeLog(*config);

  auto readers =
      fovea::LoadReaders(config->readers, config->vocabularies, [log](const absl::Status& status) {
        log->error("text is estimated, as a vocabulary cannot be used: {}",
                   std::string(status.message()));
      });
  if (!readers.ok()) return Fail(readers.status());
  auto server = fovea::service::Server::Start(OptionsOf(*config, *std::move(readers), log));
  if (!server.ok()) return Fail(server.status());
  WarnOfOpenDoors(*config, (*server)->addresses(), *log);
  std::cout << "fovead " << FOVEA_VERSION << " listening on "
            << absl::StrJoin((*server)->addresses(), ", ");
  if ((*server)->metrics_port() != 0) {
    std::cout << "; metrics on port " << (*server)->metrics_port();
  }
  std::cout << std::endl;
  ServeUntilStopped(flags, **server, *log, signals, *config);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  // Debian's Abseil looks for cycles at every lock, gRPC's included; the tests leave it on.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // It tells standard error of each request that is no message; who sent it is told anyway.
  google::protobuf::SetLogHandler(nullptr);
  CLI::App app("fovead: optical memory for LLM agents", "fovead");
  Flags flags;
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  // A switch without a value says true.
  for (const ConfigKey& key : ConfigKeys()) {
    std::vector<std::string>& values = flags.values[key.name];
    if (std::string_view(key.value) == "BOOL" && values.empty() && app.count(FlagOf(key)) > 0) {
      values = {"true"};
    }
  }
  if (flags.help_config) {
    PrintKeys();
    return 0;
  }
  return Run(flags);
} catch (const std::exception& error) {
  std::cerr << "fovead: " << error.what() << "\n";
  return 1;
}
