// The gateway: an agent's requests to its provider and back, with the history replaced where that
// pays.
#ifndef FOVEA_GATEWAY_GATEWAY_H_
#define FOVEA_GATEWAY_GATEWAY_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/books/database.h"
#include "gateway/compaction.h"
#include "gateway/compressor.h"
#include "gateway/config.h"
#include "gateway/fovea_client.h"
#include "gateway/guard.h"
#include "gateway/http_message.h"
#include "gateway/http_server.h"
#include "gateway/memory_budget.h"
#include "gateway/model_call.h"
#include "gateway/outcome.h"
#include "gateway/pictures.h"
#include "gateway/route.h"
#include "gateway/upstream.h"
#include "spdlog/logger.h"

namespace fovea::gateway {

// Thread-safe.
class Gateway {
 public:
  struct Options {
    GatewayConfig config;
    UpstreamOptions upstream;
    int port = 0;  // that clients call it by
    std::shared_ptr<spdlog::logger> log;
  };

  // INVALID_ARGUMENT names the option that is wrong. A database that cannot be used is done
  // without, as the log says.
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(Options options);

  // Answers one request, which is moved from. For HttpServer.
  void Handle(Request& request, ResponseWriter& response);
  // For HttpServerOptions.
  const std::shared_ptr<MemoryBudget>& memory() const { return memory_; }
  absl::Status Admit(const Request& head) const;
  void Refuse(const Request& head, int status, absl::string_view message, ResponseWriter& response);

 private:
  Gateway(Options options, std::unique_ptr<FoveaClient> fovea, std::unique_ptr<Database> database);
  using SharedRequest = std::shared_ptr<const Request>;
  // `admitted`: by the guard.
  void HandleAdmitted(const SharedRequest& shared, const absl::Status& admitted,
                      ResponseWriter& response);
  void Forward(const Route& route, const SharedRequest& request, Plan plan,
               ResponseWriter& response);
  void Record(const Route& route, const Request& request, const ModelCall& call);
  // `entry` with what every entry has.
  void Record(const Route& route, const Request& request, const Outcome& outcome, BookEntry entry);
  // LiteLLM's two calls; false if the request is neither.
  bool AnswerLiteLlm(const Request& request, ResponseWriter& response);
  // The request's text: its body, without its coding, and with a conversation in its handle's
  // place. A reason, if it cannot be read. UNAVAILABLE where there is no room for a conversation
  // that a handle in it stands for.
  absl::StatusOr<Plan> Read(const Route& route, const Request& request);
  // Room for what a text is read into. Where there is none, the plan gets a reason.
  void TakeRoomToRead(HeldBytes& room, const Request& request, Plan& plan);
  // The plan for what was read.
  Plan Prepare(const Route& route, const Request& request, const Plan& read);
  // Answers a request for a compaction, of what `asked` holds, with a handle; false if that is for
  // the provider to do.
  bool Compact(const Route& route, const Request& request, const std::string& asked, Plan& plan,
               ResponseWriter& response);
  // An error of the gateway's own.
  void Refuse(ResponseWriter& response, int status, Wire wire, absl::string_view message,
              const Outcome& outcome = {.reason = "refused by the gateway"});
  // Set where nothing is to be compressed: by the request's header, or the switch.
  std::optional<Outcome> BypassOf(const Request& request) const;

  const Options options_;
  const Guard guard_;
  Upstream upstream_;
  const std::unique_ptr<FoveaClient> fovea_;
  const std::unique_ptr<Database> database_;
  Compressor compressor_;
  Compactions compactions_;
  PictureScaler pictures_;
  const std::shared_ptr<MemoryBudget> memory_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_GATEWAY_H_
