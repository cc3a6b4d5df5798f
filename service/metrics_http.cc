#include "service/metrics_http.h"

#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "httplib.h"

namespace fovea::service {
namespace {

constexpr size_t kThreads = 2;
constexpr time_t kSeconds = 5;
constexpr size_t kMaxBodyBytes = 1024;

void Header(const std::string& name, const std::string& help, const char* type, std::string* out) {
  absl::StrAppend(out, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

class Running final : public MetricsHttp {
 public:
  explicit Running(MetricsHttpInputs inputs) : in_(std::move(inputs)) {}
  ~Running() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.set_read_timeout(kSeconds);
    server_.set_write_timeout(kSeconds);
    server_.set_keep_alive_max_count(1);
    server_.set_payload_max_length(kMaxBodyBytes);
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(in_.metrics(), "text/plain; version=0.0.4");
    });
    server_.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    server_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const std::string why = in_.not_ready();
      response.status = why.empty() ? 200 : 503;
      response.set_content(why.empty() ? "ready\n" : why + "\n", "text/plain");
    });
    const size_t colon = in_.address.rfind(':');
    const std::string host = in_.address.substr(0, colon);
    int wanted = 0;
    (void)absl::SimpleAtoi(in_.address.substr(colon + 1), &wanted);
    port_ = wanted;
    const bool bound = wanted == 0 ? (port_ = server_.bind_to_any_port(host.c_str())) > 0
                                   : server_.bind_to_port(host.c_str(), wanted);
    if (!bound) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", in_.address));
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // stop() is heard only by one that runs.
    for (int i = 0; i < 1000 && !server_.is_running(); ++i) absl::SleepFor(absl::Milliseconds(1));
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  const MetricsHttpInputs in_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

std::string MetricsText(const Metrics& metrics, const std::vector<Gauge>& gauges) {
  std::string text;
  const std::vector<MethodSnapshot> methods = metrics.Methods();
  Header("fovea_call_seconds", "How long calls took, by method.", "summary", &text);
  for (const MethodSnapshot& method : methods) {
    const std::string label = absl::StrCat("method=\"", method.name, "\"");
    absl::StrAppend(&text, "fovea_call_seconds{", label, ",quantile=\"0.5\"} ",
                    method.p50_ms / 1000, "\n");
    absl::StrAppend(&text, "fovea_call_seconds{", label, ",quantile=\"0.99\"} ",
                    method.p99_ms / 1000, "\n");
    absl::StrAppend(&text, "fovea_call_seconds_sum{", label, "} ",
                    method.mean_ms / 1000 * static_cast<double>(method.calls), "\n");
    absl::StrAppend(&text, "fovea_call_seconds_count{", label, "} ", method.calls, "\n");
  }
  Header("fovea_call_errors_total", "Calls that failed, by method.", "counter", &text);
  for (const MethodSnapshot& method : methods) {
    absl::StrAppend(&text, "fovea_call_errors_total{method=\"", method.name, "\"} ", method.errors,
                    "\n");
  }
  for (const Gauge& gauge : gauges) {
    Header(gauge.name, gauge.help, gauge.counter ? "counter" : "gauge", &text);
    absl::StrAppend(&text, gauge.name, " ", gauge.value, "\n");
  }
  return text;
}

absl::StatusOr<std::unique_ptr<MetricsHttp>> MetricsHttp::Start(MetricsHttpInputs inputs) {
  auto server = std::make_unique<Running>(std::move(inputs));
  absl::Status status = server->Listen();
  if (!status.ok()) return status;
  return server;
}

}  // namespace fovea::service
