// The connection to a server: one channel, the stubs of its services, and the caller's token.
#ifndef FOVEA_CLI_CLIENT_H_
#define FOVEA_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/status.h"
#include "fovea/v1/admin.grpc.pb.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/page.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"

namespace fovea::cli {

// Thread-safe. Every call may fail with UNAVAILABLE where there is no server.
class Client {
 public:
  struct Options {
    std::string address;  // "unix:PATH" or "HOST:PORT"
    std::string token;    // sent as "authorization: Bearer"; empty: none
  };

  // Does not connect yet: the first call does.
  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options);

  v1::SessionService::Stub& sessions() { return *sessions_; }
  v1::ContextService::Stub& contexts() { return *contexts_; }
  v1::ReaderService::Stub& readers() { return *readers_; }
  v1::PageService::Stub& pages() { return *pages_; }
  v1::AdminService::Stub& admin() { return *admin_; }

  // Makes `context` carry the token.
  void Authorize(grpc::ClientContext& context) const;

  // One call that takes a request and gives a response:
  //   client.Call(client.sessions(), &v1::SessionService::Stub::GetSession, request)
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const {
    grpc::ClientContext context;
    Authorize(context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return Failure(status, context);
    return response;
  }

  // The error of a finished call; names the server where it could not be reached.
  absl::Status Failure(const grpc::Status& status, const grpc::ClientContext& context) const;

 private:
  Client(Options options, const std::shared_ptr<grpc::Channel>& channel);

  const Options options_;
  const std::unique_ptr<v1::SessionService::Stub> sessions_;
  const std::unique_ptr<v1::ContextService::Stub> contexts_;
  const std::unique_ptr<v1::ReaderService::Stub> readers_;
  const std::unique_ptr<v1::PageService::Stub> pages_;
  const std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CLIENT_H_
