// One client's connection: requests in, answers out.
#ifndef FOVEA_GATEWAY_HTTP_CONNECTION_H_
#define FOVEA_GATEWAY_HTTP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/http_message.h"
#include "gateway/http_server.h"
#include "gateway/memory_budget.h"

namespace fovea::gateway {

// What is wrong with a request, in HTTP's terms.
struct RequestError {
  int status = 400;
  std::string message;
  Request head;  // as far as it was read
};

// Reads requests off a socket. Thread-compatible.
class RequestReader {
 public:
  RequestReader(int fd, int stop_fd, const HttpServerOptions& options)
      : fd_(fd), stop_fd_(stop_fd), options_(options) {}

  struct Result {
    std::optional<Request> request;  // none: the connection is at its end, or `error`
    std::optional<RequestError> error;
    bool keep_alive = false;
  };
  // `held` counts the body for as long as somebody has it. `on_progress` is called once a request's
  // header is read and let in, and with each piece of its body.
  Result Next(std::unique_ptr<HeldBytes> held, absl::FunctionRef<void()> on_progress);
  // After an error: reads for a moment what still comes, since a client that is cut off while it
  // sends does not see the answer.
  void Drain();

 private:
  // False if nothing more comes.
  absl::StatusOr<bool> Fill(absl::Duration timeout, bool stoppable);

  const int fd_;
  const int stop_fd_;
  const HttpServerOptions& options_;
  bool first_ = true;
  std::string buffer_;  // read and not parsed yet
};

// Writes answers onto a socket.
class SocketResponse final : public ResponseWriter {
 public:
  SocketResponse(int fd, bool http_1_0, bool head_only, bool keep_alive, absl::Duration timeout)
      : fd_(fd),
        http_1_0_(http_1_0),
        head_only_(head_only),
        keep_alive_(keep_alive),
        timeout_(timeout) {}

  absl::Status Start(const ResponseHead& head, std::optional<uint64_t> length) override;
  absl::Status Write(absl::string_view bytes) override;
  absl::Status Finish() override;
  void Abort() override { broken_ = true; }
  bool started() const override { return started_; }
  int client_fd() const override { return fd_; }

  // Whether the connection may take another request.
  bool reusable() const { return started_ && finished_ && !broken_ && keep_alive_; }

 private:
  absl::Status Put(absl::string_view bytes);

  const int fd_;
  const bool http_1_0_;
  const bool head_only_;
  bool keep_alive_;
  const absl::Duration timeout_;
  bool started_ = false;
  bool chunked_ = false;
  bool bodiless_ = false;
  bool finished_ = false;
  bool broken_ = false;
  std::optional<uint64_t> remaining_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_HTTP_CONNECTION_H_
