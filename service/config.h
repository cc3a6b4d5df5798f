// The server's configuration: a file, the environment over it, flags over both.
#ifndef FOVEA_SERVICE_CONFIG_H_
#define FOVEA_SERVICE_CONFIG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/connections.h"
#include "service/quotas.h"
#include "service/retention.h"
#include "service/storage_quotas.h"

namespace fovea::service {

struct Config {
  std::string data;
  std::vector<std::string> listen;
  bool insecure = false;
  bool reflection = false;
  std::string tokens;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::string metrics_listen;
  std::string audit_log;
  std::string readers;
  std::string vocabularies;
  std::string log_level = "info";
  std::string log_format = "text";
  int threads = 0;  // 0: one for each processor
  uint64_t memory_limit = uint64_t{2} << 30;
  uint64_t turn_cache = 0;  // 0: its share of what memory_limit leaves, and the same below
  uint64_t page_cache = 0;
  uint64_t prefix_cache = 0;
  uint64_t view_cache = 0;
  uint64_t call_memory = 0;
  uint64_t receive_memory = 0;
  uint64_t pages_on_disk = uint64_t{16} << 30;
  uint64_t views_on_disk = uint64_t{1} << 30;
  int views = 256;
  ConnectionLimits connections;
  absl::Duration handshake_time = absl::Seconds(10);
  absl::Duration idle_time = absl::Minutes(30);
  absl::Duration answer_time = absl::Minutes(1);
  absl::Duration drain_time = absl::Seconds(10);
  QuotaLimits quotas;
  RetentionRule retention;
  StorageLimits storage;
};

// One key of the configuration.
struct ConfigKey {
  const char* name;   // in a file; FOVEA_NAME in the environment, --name (with dashes) as a flag
  const char* value;  // what it takes, for people
  const char* help;
  bool reloads = false;  // on SIGHUP; the others want a restart
  // "" if `text` was taken, or what is wrong with it.
  std::function<std::string(std::string_view text, Config* config)> set;
  // A key that may stand more than once adds to what stands there; a later source starts afresh.
  std::function<void(Config* config)> clear = nullptr;
};

const std::vector<ConfigKey>& ConfigKeys();

// Values as they were given, by key and in their order.
using ConfigValues = std::map<std::string, std::vector<std::string>>;

// `text` has one "key = value" a line; '#' begins a comment, quotes around a value are taken off.
// INVALID_ARGUMENT names each line that is wrong, all of them at once; `file` stands before them.
absl::StatusOr<ConfigValues> ParseConfig(std::string_view file, std::string_view text);

// The keys that the environment sets.
ConfigValues ConfigOfEnvironment(const std::function<const char*(const char*)>& get);

// Defaults, and each source over those before it. INVALID_ARGUMENT names everything that is wrong,
// with its source.
struct ConfigSource {
  std::string name;  // for errors: "fovead.conf", "environment", "flags"
  ConfigValues values;
};
absl::StatusOr<Config> MakeConfig(const std::vector<ConfigSource>& sources);

// FAILED_PRECONDITION naming every address that other machines or users could reach without TLS and
// tokens, unless the configuration says insecure; INVALID_ARGUMENT for an address that is none, a
// certificate without its key, or caches that do not fit into the memory limit.
absl::Status CheckConfig(const Config& config);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONFIG_H_
