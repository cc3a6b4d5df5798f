// Requests to a provider, by libcurl.
#ifndef FOVEA_GATEWAY_UPSTREAM_H_
#define FOVEA_GATEWAY_UPSTREAM_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/http_message.h"

namespace fovea::gateway {

struct UpstreamOptions {
  std::string proxy;  // "http://HOST:PORT"; empty: as the environment says (HTTPS_PROXY, NO_PROXY)
  std::string ca_file;  // further trusted certificates, PEM; empty: the system's
  absl::Duration connect_timeout = absl::Seconds(30);
  // Without a byte from the provider. A model may think for long.
  absl::Duration silence_timeout = absl::Hours(1);
  size_t max_header_bytes = 256 << 10;
};

struct UpstreamRequest {
  std::string url;  // with path and query as they are to be sent
  std::string method;
  Headers headers;  // without hop-by-hop fields, Host and Content-Length
  absl::string_view body;
  int client_fd = -1;  // when this connection ends, so does the request to the provider; -1: none
  // Nothing of an answer was written to it, and it may be sent a "100 Continue". Only so can a
  // client that has gone be told from one that has ended its sending side and waits: who is gone,
  // refuses.
  bool may_probe = false;
};

// Gets the answer as it comes. An error from either stops the transfer.
struct UpstreamSink {
  std::function<absl::Status(ResponseHead head)> on_head;
  std::function<absl::Status(absl::string_view bytes)> on_body;
};

// Connections are kept and used again. Thread-safe.
class Upstream {
 public:
  explicit Upstream(UpstreamOptions options);
  ~Upstream();

  // Returns when the answer is at its end. Redirects are not followed: they are the answer.
  // UNAVAILABLE if the provider cannot be reached, or a proxy refuses; ABORTED if it breaks off;
  // CANCELLED if the client went first; INVALID_ARGUMENT for a URL that cannot be sent;
  // DEADLINE_EXCEEDED; whatever the sink returned.
  absl::Status Send(const UpstreamRequest& request, const UpstreamSink& sink);

 private:
  class Line;  // a curl handle with the connections that it keeps
  std::unique_ptr<Line> Take();
  void GiveBack(std::unique_ptr<Line> line);

  const UpstreamOptions options_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Line>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_UPSTREAM_H_
