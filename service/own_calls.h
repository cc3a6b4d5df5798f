// Calls that gRPC answers itself, of its health and reflection services.
#ifndef FOVEA_SERVICE_OWN_CALLS_H_
#define FOVEA_SERVICE_OWN_CALLS_H_

#include <memory>

#include "absl/strings/match.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"
#include "service/connections.h"

namespace fovea::service {

// Tells that a call of theirs was let in; of all others Call::Begin does. Intercepts nothing.
// Thread-safe.
class OwnCalls final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // `connections` outlives the server.
  explicit OwnCalls(Connections* connections) : connections_(*connections) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override {
    if (!absl::StartsWith(call->method(), "/grpc.")) return nullptr;
    const std::shared_ptr<Caller> caller = connections_.CallerAt(call->server_context()->peer());
    if (caller != nullptr) caller->Heard();
    return nullptr;
  }

 private:
  Connections& connections_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_OWN_CALLS_H_
