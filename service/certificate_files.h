// Certificates and keys in files that are replaced while the server runs.
#ifndef FOVEA_SERVICE_CERTIFICATE_FILES_H_
#define FOVEA_SERVICE_CERTIFICATE_FILES_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "service/steady_clock.h"
#include "spdlog/logger.h"

namespace fovea::service {

struct TlsFiles {
  std::string certificate;  // a chain, in PEM
  std::string key;          // in PEM
  std::string client_ca;    // in PEM; "" if clients need no certificate
  bool operator==(const TlsFiles&) const = default;
};

// Holds the newest contents that connections can be made with, in memory alone. gRPC's own watcher
// would take up whatever it finds, a key before its certificate too, and nobody could connect until
// both fit. Thread-safe.
class CertificateFiles {
 public:
  // Looks at the files now and then, on a thread of its own, and takes up what two looks in a row
  // have found. INVALID_ARGUMENT or NOT_FOUND, naming the file, if one cannot be read or CheckTls
  // refuses it.
  static absl::StatusOr<std::unique_ptr<CertificateFiles>> Open(
      TlsFiles files, std::shared_ptr<spdlog::logger> log,
      absl::Duration interval = absl::Seconds(5));
  ~CertificateFiles();

  // What Open would find: a line for each thing that is wrong, with the key of the configuration.
  static absl::Status Check(const TlsFiles& files);

  // Where the contents that are held can be read, by this process, as long as this lives.
  TlsFiles held() const;

 private:
  CertificateFiles(TlsFiles files, std::shared_ptr<spdlog::logger> log, absl::Duration interval);
  absl::Status TakeUp();
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);

  const TlsFiles files_;
  const std::shared_ptr<spdlog::logger> log_;
  const absl::Duration interval_;
  TlsFiles texts_;          // what is held; of the thread, once it runs
  TlsFiles seen_;           // what the last look found to be new
  std::string complained_;  // of the last look; "" if all was well
  int certificate_ = -1;    // memfds
  int key_ = -1;
  int client_ca_ = -1;
  Rest rest_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CERTIFICATE_FILES_H_
