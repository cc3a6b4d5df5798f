#include "service/config.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "readers/files/load_readers.h"
#include "service/auth.h"
#include "service/certificate_files.h"
#include "service/listen.h"

namespace fovea::service {
namespace {

constexpr uint64_t kMinMemory = uint64_t{384} << 20;
// What the program takes beside its caches and calls: itself with its threads and fonts, SQLite's
// own caches, calls that wait, and pages being drawn.
constexpr uint64_t kOwnMemory = uint64_t{256} << 20;

using Set = std::function<std::string(std::string_view, Config*)>;

Set Text(std::string Config::*field) {
  return [field](std::string_view text, Config* config) {
    config->*field = text;
    return "";
  };
}

std::string SetBool(std::string_view text, bool* value) {
  if (text != "true" && text != "false") return "must be true or false";
  *value = text == "true";
  return "";
}

template <class Get>
Set Whole(Get get, int64_t least, int64_t most) {
  return [=](std::string_view text, Config* config) -> std::string {
    int64_t value = 0;
    if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &value) || value < least ||
        value > most) {
      return absl::StrCat("must be a whole number from ", least, " to ", most);
    }
    auto& field = get(*config);
    field = static_cast<std::decay_t<decltype(field)>>(value);
    return "";
  };
}

// 1048576, 1024K, 1M or 1G.
std::string SetBytes(std::string_view text, uint64_t* value) {
  constexpr std::string_view kUnits = "KMGT";
  absl::string_view digits(text.data(), text.size());
  int shift = 0;
  if (!digits.empty()) {
    const size_t unit = kUnits.find(absl::ascii_toupper(static_cast<unsigned char>(digits.back())));
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  uint64_t count = 0;
  if (!absl::SimpleAtoi(digits, &count) || count > (UINT64_MAX >> 1 >> shift)) {
    return "must be a number of bytes, such as 512M or 2G";
  }
  *value = count << shift;
  return "";
}

template <class Get>
Set Bytes(Get get) {
  return [get](std::string_view text, Config* config) { return SetBytes(text, &get(*config)); };
}

Set Time(absl::Duration Config::*field) {
  return [field](std::string_view text, Config* config) -> std::string {
    absl::Duration time;
    if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &time) ||
        time < absl::Milliseconds(100) || time > absl::Hours(24 * 7)) {
      return "must be a time from 100ms to 168h, such as 30s or 10m";
    }
    config->*field = time;
    return "";
  };
}

Set Rate(double QuotaLimits::*field) {
  return [field](std::string_view text, Config* config) -> std::string {
    double rate = 0;
    if (!absl::SimpleAtod(absl::string_view(text.data(), text.size()), &rate) ||
        !(rate >= 0 && rate <= 1e9)) {
      return "must be a number from 0 (no limit) to 1e9";
    }
    config->quotas.*field = rate;
    return "";
  };
}

Set Choice(std::string Config::*field, std::vector<std::string> choices) {
  return [field, choices = std::move(choices)](std::string_view text, Config* config) {
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      return absl::StrCat("must be one of ", absl::StrJoin(choices, ", "));
    }
    config->*field = text;
    return std::string();
  };
}

std::vector<ConfigKey> MakeKeys() {
  std::vector<ConfigKey> keys;
  const auto add = [&](const char* name, const char* value, const char* help, Set set,
                       bool reloads = false) {
    keys.push_back(
        {.name = name, .value = value, .help = help, .reloads = reloads, .set = std::move(set)});
  };
  add("data", "DIR", "Directory of the store; made if there is none", Text(&Config::data));
  keys.push_back({.name = "listen",
                  .value = "ADDRESS",
                  .help = "unix:PATH or HOST:PORT; may stand more than once",
                  .set =
                      [](std::string_view text, Config* config) {
                        config->listen.emplace_back(text);
                        return "";
                      },
                  .clear = [](Config* config) { config->listen.clear(); }});
  add("insecure", "BOOL", "Allow addresses that others can reach without TLS and tokens",
      [](std::string_view text, Config* config) { return SetBool(text, &config->insecure); });
  add("tokens", "FILE", "Tokens that are let in, one JSON object a line; read again on SIGHUP",
      Text(&Config::tokens));
  add("tls_certificate", "FILE", "Certificate chain in PEM; a changed file is taken up by itself",
      Text(&Config::tls_certificate));
  add("tls_key", "FILE", "The certificate's private key in PEM", Text(&Config::tls_key));
  add("tls_client_ca", "FILE", "Authorities in PEM: every client must show a certificate of theirs",
      Text(&Config::tls_client_ca));
  add("metrics_listen", "HOST:PORT", "Prometheus metrics, /healthz and /readyz over HTTP",
      Text(&Config::metrics_listen));
  add("reflection", "BOOL",
      "Answer gRPC reflection, which takes what memory a caller that is let in makes it take",
      [](std::string_view text, Config* config) { return SetBool(text, &config->reflection); });
  add("audit_log", "FILE", "A line of JSON for each read, deletion and act of administration",
      Text(&Config::audit_log));
  add("readers", "DIR", "Directory of further reader profiles, *.json", Text(&Config::readers));
  add("vocabularies", "DIR",
      "Directory of vocabularies that count text exactly; those that are missing are estimated",
      Text(&Config::vocabularies));
  add("log_level", "LEVEL", "debug, info, warning, error or off",
      Choice(&Config::log_level, {"debug", "info", "warning", "error", "off"}), true);
  add("log_format", "FORMAT", "text or json", Choice(&Config::log_format, {"text", "json"}));
  add("threads", "N", "Drawing threads; 0 for one for each processor",
      Whole([](Config& c) -> int& { return c.threads; }, 0, 1024));
  add("memory_limit", "BYTES",
      "What the process may take in all; 256M of it are for the program itself",
      Bytes([](Config& c) -> uint64_t& { return c.memory_limit; }));
  add("turn_cache", "BYTES", "Of turns held in memory; 0 for a tenth of what the limit leaves",
      Bytes([](Config& c) -> uint64_t& { return c.turn_cache; }));
  add("page_cache", "BYTES", "Of pages held in memory; 0 for a tenth of what the limit leaves",
      Bytes([](Config& c) -> uint64_t& { return c.page_cache; }));
  add("prefix_cache", "BYTES",
      "Of written prefixes held in memory; 0 for a tenth of what the limit leaves",
      Bytes([](Config& c) -> uint64_t& { return c.prefix_cache; }));
  add("view_cache", "BYTES", "Of planners held in memory; 0 for a quarter of what the limit leaves",
      Bytes([](Config& c) -> uint64_t& { return c.view_cache; }));
  add("call_memory", "BYTES",
      "Of requests and answers in progress; 0 for a quarter of what the limit leaves",
      Bytes([](Config& c) -> uint64_t& { return c.call_memory; }));
  add("receive_memory", "BYTES",
      "Of requests that still arrive; 0 for a tenth of what the limit leaves",
      Bytes([](Config& c) -> uint64_t& { return c.receive_memory; }));
  add("pages_on_disk", "BYTES", "Of drawn pages kept on disk; the oldest leave first",
      Bytes([](Config& c) -> uint64_t& { return c.pages_on_disk; }));
  add("views_on_disk", "BYTES", "Of planners kept on disk; those written longest ago leave first",
      Bytes([](Config& c) -> uint64_t& { return c.views_on_disk; }));
  add("views", "N", "Planners held in memory, at most",
      Whole([](Config& c) -> int& { return c.views; }, 1, 1'000'000));
  add("connections", "N", "Open at a time",
      Whole([](Config& c) -> size_t& { return c.connections.all; }, 1, 1'000'000));
  add("connections_from_host", "N", "Open at a time from one other machine",
      Whole([](Config& c) -> size_t& { return c.connections.from_one_host; }, 1, 1'000'000));
  add("handshake_time", "TIME", "For a new connection to say its first words",
      Time(&Config::handshake_time));
  add("idle_time", "TIME", "That a connection may be without a call", Time(&Config::idle_time));
  add("answer_time", "TIME", "For a client to take an answer", Time(&Config::answer_time));
  add("drain_time", "TIME", "For calls in progress to end when the server stops",
      Time(&Config::drain_time), true);
  add("tenant_calls_per_second", "RATE", "Of one tenant; 0 for no limit",
      Rate(&QuotaLimits::calls_per_second), true);
  add("tenant_turns_per_second", "RATE", "That one tenant appends; 0 for no limit",
      Rate(&QuotaLimits::turns_per_second), true);
  add("tenant_builds_per_second", "RATE", "Contexts of one tenant; 0 for no limit",
      Rate(&QuotaLimits::builds_per_second), true);
  add("tenant_bytes_per_second", "BYTES", "That one tenant sends; 0 for no limit",
      Bytes([](Config& c) -> uint64_t& { return c.quotas.bytes_per_second; }), true);
  add("tenant_sessions", "N", "That one tenant may have; 0 for no limit",
      Whole([](Config& c) -> uint64_t& { return c.storage.sessions; }, 0, 1'000'000'000), true);
  add("tenant_stored_bytes", "BYTES",
      "Of one tenant's turns as they are stored, titles, metadata and events; 0 for no limit",
      Bytes([](Config& c) -> uint64_t& { return c.storage.stored_bytes; }), true);
  add(
      "retention_days", "N",
      "Sessions go that had no append for so many days; 0 to keep them; looked at every hour",
      [](std::string_view text, Config* config) {
        int64_t days = 0;
        std::string problem =
            Whole([&days](Config& /*c*/) -> int64_t& { return days; }, 0, 36'500)(text, config);
        if (problem.empty()) {
          config->retention.max_idle =
              days == 0 ? absl::InfiniteDuration() : days * absl::Hours(24);
        }
        return problem;
      },
      true);
  add("retention_bytes", "BYTES",
      "The longest idle sessions go when all turns take more; 0 for no limit; every hour",
      Bytes([](Config& c) -> uint64_t& { return c.retention.max_stored_bytes; }), true);
  return keys;
}

const ConfigKey* FindKey(std::string_view name) {
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

absl::string_view Unquoted(absl::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    return value.substr(1, value.size() - 2);
  }
  return absl::StripAsciiWhitespace(value.substr(0, value.find(" #")));
}

// Whether a line could be added to the file, or it could be made.
absl::Status CheckWritable(const std::string& file) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(file, error);
  const bool there = std::filesystem::exists(path, error);
  if (there && std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(file, " is a directory"));
  }
  if (access(there ? path.c_str() : path.parent_path().c_str(), W_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("cannot write ", file, ": ", std::strerror(errno)));
}

// Where the key was set; "" if it was not.
std::string PlaceOf(const Config& config, const std::string& key) {
  const auto found = config.places.find(key);
  return found == config.places.end() ? "" : found->second;
}

}  // namespace

const std::vector<ConfigKey>& ConfigKeys() {
  static const std::vector<ConfigKey>& keys = *new std::vector<ConfigKey>(MakeKeys());
  return keys;
}

void ConfigProblems::Add(const std::string& place, const std::string& key,
                         const std::string& what) {
  if (!key.empty()) keys_.insert(key);
  lines_.push_back(
      absl::StrCat(place, place.empty() ? "" : ": ", key, key.empty() ? "" : ": ", what));
}

bool ConfigProblems::AnyOf(std::initializer_list<const char*> keys) const {
  return std::any_of(keys.begin(), keys.end(),
                     [this](const char* key) { return keys_.count(key) > 0; });
}

absl::Status ConfigProblems::status() const {
  if (lines_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
}

ConfigValues ParseConfig(std::string_view file, std::string_view text, ConfigProblems* problems) {
  ConfigValues values;
  int number = 0;
  for (const absl::string_view raw :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (line.empty() || line.front() == '#') continue;
    const std::string place = absl::StrCat(std::string(file), ":", number);
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      problems->Add(place, "", "must be \"key = value\"");
      continue;
    }
    const std::string name(absl::StripAsciiWhitespace(line.substr(0, equals)));
    const ConfigKey* key = FindKey(name);
    if (key == nullptr) {
      problems->Add(place, "", absl::StrCat("there is no key \"", name, "\""));
    } else if (key->clear == nullptr && values.count(name) > 0) {
      problems->Add(place, name, "stands twice");
    } else {
      const absl::string_view value = Unquoted(absl::StripAsciiWhitespace(line.substr(equals + 1)));
      values[name].push_back({.text = std::string(value), .place = place});
    }
  }
  return values;
}

ConfigValues ConfigOfEnvironment(const std::function<const char*(const char*)>& get) {
  ConfigValues values;
  for (const ConfigKey& key : ConfigKeys()) {
    const char* value = get(absl::StrCat("FOVEA_", absl::AsciiStrToUpper(key.name)).c_str());
    if (value == nullptr || *value == '\0') continue;
    if (key.clear == nullptr) {
      values[key.name].push_back({value});
    } else {
      for (const absl::string_view one : absl::StrSplit(value, ',')) {
        values[key.name].push_back({std::string(one)});
      }
    }
  }
  return values;
}

Config MakeConfig(const std::vector<ConfigSource>& sources, ConfigProblems* problems) {
  Config config{.data = DefaultDataDirectory(), .vocabularies = DefaultVocabularyDirectory()};
  for (const ConfigSource& source : sources) {
    for (const auto& [name, values] : source.values) {
      const ConfigKey* key = FindKey(name);
      if (key == nullptr) {
        problems->Add(source.name, "", absl::StrCat("there is no key \"", name, "\""));
        continue;
      }
      if (key->clear != nullptr) key->clear(&config);
      for (const ConfigValue& value : values) {
        const std::string& place = value.place.empty() ? source.name : value.place;
        config.places[name] = place;
        config.places[absl::StrCat(name, "=", value.text)] = place;
        const std::string problem = key->set(value.text, &config);
        if (!problem.empty()) {
          problems->Add(place, name, absl::StrCat("\"", value.text, "\" ", problem));
        }
      }
    }
  }
  if (config.listen.empty()) config.listen.push_back(DefaultListenAddress());
  const auto share = [&](uint64_t* bytes, uint64_t part) {
    const uint64_t left = config.memory_limit - std::min(kOwnMemory, config.memory_limit);
    if (*bytes == 0) *bytes = left / part;
  };
  share(&config.turn_cache, 10);
  share(&config.page_cache, 10);
  share(&config.prefix_cache, 10);
  share(&config.view_cache, 4);
  share(&config.call_memory, 4);
  share(&config.receive_memory, 10);
  return config;
}

void CheckConfig(const Config& config, ConfigProblems* problems) {
  const auto add = [&](const char* key, const std::string& what) {
    problems->Add(PlaceOf(config, key), key, what);
  };
  const bool tls = !config.tls_certificate.empty();
  if (tls && config.tls_key.empty()) add("tls_certificate", "wants tls_key, too");
  if (!tls && !config.tls_key.empty()) add("tls_key", "wants tls_certificate, too");
  if (!config.tls_client_ca.empty() && !tls) {
    add("tls_client_ca", "wants tls_certificate and tls_key");
  }
  const bool closed = (tls && (!config.tokens.empty() || !config.tls_client_ca.empty()));
  const bool open_to_all = closed || config.insecure || problems->AnyOf({"insecure"});
  for (const std::string& address : config.listen) {
    const absl::Status status = CheckAddress(address, open_to_all);
    if (!status.ok()) {
      problems->Add(PlaceOf(config, absl::StrCat("listen=", address)), "listen",
                    std::string(status.message()));
    }
  }
  if (!config.metrics_listen.empty()) {
    const absl::Status status = CheckAddress(config.metrics_listen, true);
    if (!status.ok() || absl::StartsWith(config.metrics_listen, "unix:")) {
      add("metrics_listen", absl::StrCat(config.metrics_listen, " is not HOST:PORT"));
    }
  }
  if (problems->AnyOf({"memory_limit"})) return;
  if (config.memory_limit < kMinMemory) {
    return add("memory_limit", absl::StrCat("must be at least ", kMinMemory >> 20, "M"));
  }
  if (problems->AnyOf({"turn_cache", "page_cache", "prefix_cache", "view_cache", "call_memory",
                       "receive_memory"})) {
    return;
  }
  // One at a time: the sum of all could overflow.
  uint64_t left = config.memory_limit - kOwnMemory;
  for (const uint64_t part : {config.turn_cache, config.page_cache, config.prefix_cache,
                              config.view_cache, config.call_memory, config.receive_memory}) {
    if (part > left) {
      return add("memory_limit",
                 absl::StrCat("the caches and calls may take more than ", config.memory_limit >> 20,
                              "M without the ", kOwnMemory >> 20, "M of the program itself"));
    }
    left -= part;
  }
}

void CheckFiles(const Config& config, ConfigProblems* problems) {
  const auto add = [&](const char* key, const absl::Status& status) {
    for (const absl::string_view line : absl::StrSplit(status.message(), '\n', absl::SkipEmpty())) {
      problems->Add(PlaceOf(config, key), key, std::string(line));
    }
  };
  add("tokens", Authenticator::Create(config.tokens).status());
  if (!config.audit_log.empty()) add("audit_log", CheckWritable(config.audit_log));
  if (!config.tls_certificate.empty() || !config.tls_key.empty() || !config.tls_client_ca.empty()) {
    const TlsFiles files = {.certificate = config.tls_certificate,
                            .key = config.tls_key,
                            .client_ca = config.tls_client_ca};
    const absl::Status status = CertificateFiles::Check(files);
    for (const absl::string_view line : absl::StrSplit(status.message(), '\n', absl::SkipEmpty())) {
      const std::pair<std::string, std::string> named =
          absl::StrSplit(line, absl::MaxSplits(": ", 1));
      problems->Add(PlaceOf(config, named.first), named.first, named.second);
    }
  }
  const bool none = config.readers.empty();
  add("readers", none ? absl::OkStatus() : LoadReaders(config.readers, "").status());
  add("vocabularies", LoadReaders("", config.vocabularies).status());
}

}  // namespace fovea::service
