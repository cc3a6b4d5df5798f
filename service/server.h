// The server: services, threads and sockets put together.
#ifndef FOVEA_SERVICE_SERVER_H_
#define FOVEA_SERVICE_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/reader/reader_profile.h"
#include "service/connections.h"
#include "service/credentials.h"
#include "service/quotas.h"
#include "service/retention.h"
#include "service/storage_quotas.h"
#include "spdlog/logger.h"

namespace fovea::service {

struct ServerOptions {
  std::string data_directory;           // made if there is none
  std::vector<std::string> addresses;   // unix:PATH or HOST:PORT, at least one
  std::string tokens_file;              // "" for none: every caller is the tenant "default"
  ReaderCatalogue readers;              // that contexts can be built for
  int drawing_threads = 0;              // 0: one for each processor
  std::string version = "0";            // as GetServerStats gives it
  std::shared_ptr<spdlog::logger> log;  // required
  std::function<int64_t()> now_us;      // microseconds since the Unix epoch; the clock if empty
  TlsFiles tls;                         // no certificate: connections as they are
  std::string metrics_address;          // HOST:PORT of HTTP; "" for none
  bool reflection = false;              // whether gRPC's reflection is served
  std::string audit_log;                // a file; "" for none
  QuotaLimits quotas;                   // of each tenant
  StorageLimits storage;                // of each tenant
  RetentionRule retention;              // applied at start and every hour
  absl::Duration clock_settles = absl::Minutes(30);  // as HousekeepingInputs'
  uint64_t max_page_bytes = uint64_t{128} << 20;     // of pages held in memory
  uint64_t max_prefix_bytes = uint64_t{256} << 20;   // of written prefixes held in memory
  uint64_t max_turn_bytes = uint64_t{128} << 20;     // of turns held in memory
  uint64_t max_view_bytes = uint64_t{256} << 20;     // of planners held in memory
  size_t max_views = 256;                            // planners held in memory
  uint64_t max_page_bytes_on_disk = uint64_t{16} << 30;
  uint64_t max_view_bytes_on_disk = uint64_t{1} << 30;
  uint64_t max_call_bytes = uint64_t{512} << 20;     // of requests and answers in progress
  uint64_t max_receive_bytes = uint64_t{192} << 20;  // of messages that are still arriving
  ConnectionLimits connections;
  absl::Duration handshake_time = absl::Seconds(10);  // for a connection to say its first words
  absl::Duration idle_time = absl::Minutes(30);       // that a connection may be without a call
  absl::Duration answer_time = absl::Minutes(1);      // for a client to take an answer
};

// Thread-safe.
class Server {
 public:
  // Serves when it returns. FAILED_PRECONDITION if a Unix socket is in use, the data directory is
  // open elsewhere or an address is not allowed; UNAVAILABLE if an address cannot be bound; and
  // what MemoryStore::Open and CreateRenderer say.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  virtual ~Server() = default;  // stops at once if it still serves

  // Where it listens, as Connections::addresses.
  virtual const std::vector<std::string>& addresses() const = 0;
  // The port of metrics_address; 0 without one.
  virtual int metrics_port() const = 0;
  // Reads the tokens file again; on an error the tokens stay as they were.
  virtual absl::Status ReloadTokens() = 0;
  // Opens the audit log's file again, if there is one; on an error it stays as it was.
  virtual absl::Status ReopenAuditLog() = 0;
  virtual void SetQuotas(const QuotaLimits& limits) = 0;
  virtual void SetStorageLimits(const StorageLimits& limits) = 0;
  virtual void SetRetention(const RetentionRule& rule) = 0;
  // Takes no more calls, and returns when those in progress are done, or are cancelled at the end
  // of `patience`.
  virtual void Stop(absl::Duration patience) = 0;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_SERVER_H_
