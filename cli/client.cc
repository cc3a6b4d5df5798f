#include "cli/client.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fovea::cli {

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options) {
  if (options.address.empty()) return absl::InvalidArgumentError("the server's address is empty");
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  // A proxy of the environment is for the web, not for a local service.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(options.address, grpc::InsecureChannelCredentials(), arguments);
  return absl::WrapUnique(new Client(std::move(options), channel));
}

Client::Client(Options options, const std::shared_ptr<grpc::Channel>& channel)
    : options_(std::move(options)),
      sessions_(v1::SessionService::NewStub(channel)),
      contexts_(v1::ContextService::NewStub(channel)),
      readers_(v1::ReaderService::NewStub(channel)),
      pages_(v1::PageService::NewStub(channel)),
      admin_(v1::AdminService::NewStub(channel)) {}

void Client::Authorize(grpc::ClientContext& context) const {
  if (!options_.token.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", options_.token));
  }
}

absl::Status Client::Failure(const grpc::Status& status, const grpc::ClientContext& context) const {
  // gRPC's own words for a channel without a connection; a server's UNAVAILABLE has the server's
  // words.
  const std::string& message = status.error_message();
  const bool unreachable = absl::StartsWith(message, "failed to connect to all addresses") ||
                           absl::StartsWith(message, "connections to all backends failing") ||
                           absl::StartsWith(message, "DNS resolution failed");
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE && unreachable) {
    return absl::UnavailableError(absl::StrCat("no fovead answers at ", options_.address,
                                               "; start one, or name another with --server"));
  }
  return FromGrpc(status, context);
}

}  // namespace fovea::cli
