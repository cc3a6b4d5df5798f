// The gateway: an agent's requests to its provider and back, with the history replaced where that
// pays.
#ifndef FOVEA_GATEWAY_GATEWAY_H_
#define FOVEA_GATEWAY_GATEWAY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/config.h"
#include "gateway/guard.h"
#include "gateway/http_message.h"
#include "gateway/http_server.h"
#include "gateway/route.h"
#include "gateway/upstream.h"
#include "spdlog/logger.h"

namespace fovea::gateway {

// How a request went out.
struct Outcome {
  enum class Action : uint8_t { kPassed, kCompressed, kBypassed, kFallback };
  Action action = Action::kPassed;
  std::string reason;   // a few words, plain ASCII
  std::string session;  // of fovead; "" if none
};

// "passed", "compressed", "bypassed" or "fallback".
const char* ActionName(Outcome::Action action);

// Thread-safe.
class Gateway {
 public:
  struct Options {
    GatewayConfig config;
    UpstreamOptions upstream;
    int port = 0;  // that clients call it by
    std::shared_ptr<spdlog::logger> log;
  };

  // INVALID_ARGUMENT names the option that is wrong.
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(Options options);

  // Answers one request. For HttpServer.
  void Handle(Request& request, ResponseWriter& response);

 private:
  explicit Gateway(Options options);
  void Forward(const Route& route, Request& request, const Outcome& outcome,
               ResponseWriter& response);
  void Refuse(ResponseWriter& response, int status, Wire wire, absl::string_view message);

  const Options options_;
  const Guard guard_;
  Upstream upstream_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_GATEWAY_H_
