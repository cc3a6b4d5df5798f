#include "service/metrics_http.h"

// ThreadSanitizer knows no fences, and GCC warns of them. Nothing here needs Asio's: what threads
// hand over is under its locks.
#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#endif

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status_macros.h"
#include "service/listen.h"

namespace fovea::service {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;

constexpr size_t kMaxHeaderBytes = 8 << 10;
constexpr size_t kMaxBodyBytes = 1 << 10;
constexpr size_t kMaxConnections = 32;
// What is read behind a request, only to be dropped.
constexpr size_t kMaxDroppedBytes = 64 << 10;
constexpr std::chrono::milliseconds kAcceptPause(100);

void Header(const std::string& name, const std::string& help, const char* type, std::string* out) {
  absl::StrAppend(out, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

struct Answer {
  unsigned status = 200;
  std::string body;
  absl::string_view type = "text/plain";
};

Answer ReadyAnswer(const std::string& why_not) {
  if (why_not.empty()) return {.body = "ready\n"};
  return {.status = 503, .body = why_not + "\n"};
}

Answer AnswerTo(const MetricsHttpInputs& in, http::verb method, const std::string& target) {
  const std::string path = target.substr(0, target.find('?'));
  if (path != "/metrics" && path != "/healthz" && path != "/readyz") {
    return {.status = 404, .body = "there are /metrics, /healthz and /readyz\n"};
  }
  if (method != http::verb::get && method != http::verb::head) {
    return {.status = 405, .body = "only GET and HEAD\n"};
  }
  if (path == "/healthz") return {.body = "ok\n"};
  if (path == "/readyz") return ReadyAnswer(in.not_ready());
  return {.body = in.metrics(), .type = "text/plain; version=0.0.4"};
}

// To what is no request; status 0 if nobody waits for an answer.
Answer AnswerTo(const error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) {
    return {.status = 0};
  }
  if (error == http::error::body_limit) return {.status = 413, .body = "the body is too long\n"};
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {.status = 431, .body = "the header is too long\n"};
  }
  const bool unreadable = error.category() == make_error_code(http::error::bad_method).category();
  if (unreadable) return {.status = 400, .body = "that is not HTTP/1.1\n"};
  return {.status = 0};
}

std::string ResponseText(const Answer& answer, bool with_body) {
  const std::string reason(http::obsolete_reason(http::int_to_status(answer.status)));
  return absl::StrCat("HTTP/1.1 ", answer.status, " ", reason, "\r\nContent-Type: ", answer.type,
                      "\r\nContent-Length: ", answer.body.size(),
                      answer.status == 405 ? "\r\nAllow: GET, HEAD" : "",
                      "\r\nConnection: close\r\n\r\n", with_body ? answer.body : "");
}

// One request and its answer. Lives while something of it is under way, and closes at its end.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class Stage { kReading, kWriting, kAnswered };

  Connection(tcp::socket socket, const MetricsHttpInputs& in)
      : in_(in), stream_(std::move(socket)) {
    parser_.header_limit(kMaxHeaderBytes);
    parser_.body_limit(kMaxBodyBytes);
  }

  Stage stage() const { return stage_; }

  void Start() {
    stream_.expires_after(absl::ToChronoNanoseconds(in_.connection_time));  // for all that follows
    // The header alone: no answer depends on a body.
    http::async_read_header(
        stream_, buffer_, parser_,
        [self = shared_from_this()](error_code error, size_t) { self->Respond(error); });
  }

  // What is under way fails, and so the connection ends.
  void Close() { stream_.close(); }

 private:
  void Respond(const error_code& error) {
    const Answer answer =
        error ? AnswerTo(error)
              : AnswerTo(in_, parser_.get().method(), std::string(parser_.get().target()));
    if (answer.status == 0) return;
    stage_ = Stage::kWriting;
    response_ = ResponseText(answer, error || parser_.get().method() != http::verb::head);
    asio::async_write(
        stream_, asio::buffer(response_),
        [self = shared_from_this()](error_code failure, size_t) { self->AfterAnswer(failure); });
  }

  void AfterAnswer(error_code error) {
    if (error) return;
    stage_ = Stage::kAnswered;
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    if (!error) Drop();
  }

  // Until the client closes: a socket that is closed with bytes unread resets the connection, and
  // the client may lose its answer.
  void Drop() {
    stream_.async_read_some(asio::buffer(dropped_),
                            [self = shared_from_this()](error_code error, size_t count) {
                              self->dropped_bytes_ += count;
                              if (!error && self->dropped_bytes_ < kMaxDroppedBytes) self->Drop();
                            });
  }

  const MetricsHttpInputs& in_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kMaxHeaderBytes};
  http::request_parser<http::empty_body> parser_;
  std::string response_;
  Stage stage_ = Stage::kReading;
  std::array<char, 4096> dropped_;
  size_t dropped_bytes_ = 0;
};

// All but the constructor, Listen and the destructor is on its one thread.
class Running final : public MetricsHttp {
 public:
  explicit Running(MetricsHttpInputs inputs) : in_(std::move(inputs)) {}
  ~Running() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Listen() {
    const absl::StatusOr<HostAndPort> at = ParseHostAndPort(in_.address);
    if (!at.ok()) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", at.status().message()));
    }
    error_code error;
    const auto found =
        tcp::resolver(io_).resolve(at->host, absl::StrCat(at->port),
                                   tcp::resolver::passive | tcp::resolver::numeric_service, error);
    for (const auto& entry : found) {
      error = ListenOn(entry.endpoint());
      if (!error) break;
    }
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", in_.address, ": ", error.message()));
    }
    Accept();
    thread_ = std::thread([this] { io_.run(); });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

 private:
  error_code ListenOn(const tcp::endpoint& endpoint) {
    error_code error;
    if (acceptor_.is_open()) acceptor_.close(error);
    acceptor_.open(endpoint.protocol(), error);
    // For a restart, while connections of the last process are in TIME_WAIT.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    // [::] is IPv4 too, whatever the system's default is.
    if (!error && endpoint.protocol() == tcp::v6()) {
      acceptor_.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    return error;
  }

  void Accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error) return AcceptLater();
      MakeRoom();
      auto connection = std::make_shared<Connection>(std::move(socket), in_);
      open_.push_back(connection);
      connection->Start();
      Accept();
    });
  }

  // Out of descriptors, above all: whoever waits goes on waiting, and asking at once would spin.
  void AcceptLater() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code&) { Accept(); });
  }

  // The answered ones go first, as the kernel sends what they have not got yet; then those that
  // may never ask; then those that may never read.
  void MakeRoom() {
    std::erase_if(open_, [](const auto& connection) { return connection.expired(); });
    if (open_.size() < kMaxConnections) return;
    using Stage = Connection::Stage;
    for (const Stage stage : {Stage::kAnswered, Stage::kReading, Stage::kWriting}) {
      if (CloseOldest(stage)) return;
    }
  }

  bool CloseOldest(Connection::Stage stage) {
    const auto oldest = std::find_if(open_.begin(), open_.end(), [stage](const auto& connection) {
      return connection.lock()->stage() == stage;
    });
    if (oldest == open_.end()) return false;
    oldest->lock()->Close();
    open_.erase(oldest);
    return true;
  }

  const MetricsHttpInputs in_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::vector<std::weak_ptr<Connection>> open_;  // oldest first; what is under way owns them
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
  // Making Asio's objects and the thread throws where the system gives no descriptors or memory.
  try {
    auto server = std::make_unique<Running>(std::move(inputs));
    FOVEA_RETURN_IF_ERROR(server->Listen());
    return server;
  } catch (const std::exception& error) {
    return absl::UnavailableError(absl::StrCat("cannot serve metrics: ", error.what()));
  }
}

}  // namespace fovea::service
