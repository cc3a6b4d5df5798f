// Metrics for Prometheus, and health for probes, over HTTP.
#ifndef FOVEA_SERVICE_METRICS_HTTP_H_
#define FOVEA_SERVICE_METRICS_HTTP_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/metrics.h"

namespace fovea::service {

struct Gauge {
  std::string name;  // fovea_..., with its unit
  std::string help;
  double value = 0;
  bool counter = false;  // only grows
};

// Prometheus's text format. Names no tenant, session or text.
std::string MetricsText(const Metrics& metrics, const std::vector<Gauge>& gauges);

struct MetricsHttpInputs {
  // HOST:PORT, where an IPv6 address is in brackets; of a name, the first address that can be
  // bound. Port 0 for one that is free.
  std::string address;
  std::function<std::string()> metrics;    // for GET /metrics
  std::function<std::string()> not_ready;  // for GET /readyz: "" if ready, or why not
  // A connection's, from its arrival to its end.
  absl::Duration connection_time = absl::Seconds(5);
};

// Answers GET and HEAD of /metrics, /healthz (200 while the process lives) and /readyz (200 or
// 503) without tokens, one request a connection. It holds few connections and few bytes, as
// anybody may connect: when there are too many, one that is answered goes, or else the oldest.
// Thread-safe; what the inputs call is called by another thread, one call at a time.
class MetricsHttp {
 public:
  // UNAVAILABLE if the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<MetricsHttp>> Start(MetricsHttpInputs inputs);
  virtual ~MetricsHttp() = default;  // stops
  virtual int port() const = 0;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_METRICS_HTTP_H_
