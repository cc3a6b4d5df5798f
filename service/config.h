// The server's configuration: a file, the environment over it, flags over both.
#ifndef FOVEA_SERVICE_CONFIG_H_
#define FOVEA_SERVICE_CONFIG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
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
  // Where each key was set, "fovead.conf:7" or "flags": by its name, and by "name=value".
  std::map<std::string, std::string> places;
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

// Values as they were given, by key and in their order, and where.
struct ConfigValue {
  std::string text;
  std::string place = {};  // "fovead.conf:7"; "" for the source's name
};
using ConfigValues = std::map<std::string, std::vector<ConfigValue>>;

// All that is wrong, of every stage: who mends a file should not have to come again.
// Thread-compatible.
class ConfigProblems {
 public:
  // place: where it stands; "" if nowhere. key: "" for none of its own.
  void Add(const std::string& place, const std::string& key, const std::string& what);
  // Whether something was said of one of the keys: what is concluded from its value is not said.
  bool AnyOf(std::initializer_list<const char*> keys) const;
  // INVALID_ARGUMENT, a line for each, or OK if there are none.
  absl::Status status() const;

 private:
  std::set<std::string> keys_;
  std::vector<std::string> lines_;
};

// `text` has one "key = value" a line; '#' begins a comment, quotes around a value are taken off.
// What is right of it.
ConfigValues ParseConfig(std::string_view file, std::string_view text, ConfigProblems* problems);

// The keys that the environment sets.
ConfigValues ConfigOfEnvironment(const std::function<const char*(const char*)>& get);

// Defaults, and each source over those before it. A value that is wrong is passed over.
struct ConfigSource {
  std::string name;  // for errors: "fovead.conf", "environment", "flags"
  ConfigValues values;
};
Config MakeConfig(const std::vector<ConfigSource>& sources, ConfigProblems* problems);

// Every address that other machines or users could reach without TLS and tokens, unless the
// configuration says insecure; an address that is none, a certificate without its key, or caches
// that do not fit into the memory limit.
void CheckConfig(const Config& config, ConfigProblems* problems);

// What is wrong with the files that it names, as far as it can be seen without a server. Changes
// none of them.
void CheckFiles(const Config& config, ConfigProblems* problems);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONFIG_H_
