#include "cli/client.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/silence.h"
#include "cli/status.h"
#include "cli/stubs.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

// gRPC's own words for a channel without a connection; a server's UNAVAILABLE has the server's
// words.
bool HasNoConnection(const grpc::Status& status) {
  const std::string& message = status.error_message();
  return status.error_code() == grpc::StatusCode::UNAVAILABLE &&
         (absl::StartsWith(message, "failed to connect to all addresses") ||
          absl::StartsWith(message, "connections to all backends failing") ||
          absl::StartsWith(message, "DNS resolution failed"));
}

absl::Status CheckToken(const Client::Options& options, const ServerAddress& address) {
  if (options.token.empty() || options.insecure || options.tls.on() || address.local()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the token would be sent in the clear to ", options.address,
      ": say --tls, or --tls-ca FILE with the server's authority; --insecure sends it as it is"));
}

grpc::ChannelArguments Arguments(const Client::Options& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  // A proxy of the environment is for the web, not for a local service.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A call without a limit still ends when the server's machine is gone, or fovead is stopped. gRPC
  // servers put up with one ping in five minutes.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 6 * 60 * 1000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 60 * 1000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  if (!options.tls.name.empty()) arguments.SetSslTargetNameOverride(options.tls.name);
  return arguments;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options) {
  absl::StatusOr<ServerAddress> address = ParseAddress(options.address);
  if (!address.ok()) return WrongUsage(address.status());
  if (absl::Status status = CheckToken(options, *address); !status.ok()) return WrongUsage(status);
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (options.tls.on()) {
    auto tls = TlsCredentials(options.tls);
    if (!tls.ok()) return WrongUsage(tls.status());
    credentials = *std::move(tls);
  }
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address->target, credentials, Arguments(options));
  return absl::WrapUnique(new Client(std::move(options), *std::move(address), channel));
}

Client::Client(Options options, ServerAddress address,
               const std::shared_ptr<grpc::Channel>& channel)
    : options_(std::move(options)),
      address_(std::move(address)),
      stubs_(std::make_unique<Stubs>(channel)) {}

Client::~Client() = default;

absl::Status Client::Run(UnaryCall call, const google::protobuf::Message& request,
                         google::protobuf::Message* response, Pace pace) const {
  grpc::ClientContext context;
  FOVEA_RETURN_IF_ERROR(Prepare(context));
  SetDeadline(context, pace);
  const grpc::Status status = call(*stubs_, &context, request, response);
  return status.ok() ? absl::OkStatus() : Failure(status, context);
}

absl::Status Client::Prepare(grpc::ClientContext& context) const {
  if (!address_.socket.empty() && !options_.insecure) {
    absl::Status status = CheckSocketOwner(address_.socket, geteuid());
    if (absl::IsNotFound(status)) return Unreachable("");
    if (!status.ok()) return status;
  }
  if (!options_.token.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", options_.token));
  }
  return absl::OkStatus();
}

absl::Duration Client::Patience(Pace pace) const {
  if (options_.timeout.has_value()) return *options_.timeout;
  switch (pace) {
    case Pace::kQuick:
      return absl::Minutes(1);
    case Pace::kSlow:
      return absl::Minutes(10);
    case Pace::kUnlimited:
      break;
  }
  return absl::InfiniteDuration();
}

void Client::SetDeadline(grpc::ClientContext& context, Pace pace) const {
  const absl::Duration patience = Patience(pace);
  if (patience == absl::InfiniteDuration()) return;
  context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
}

absl::StatusOr<std::unique_ptr<Stream>> Client::NewStream(Pace pace) const {
  auto context = std::make_unique<grpc::ClientContext>();
  FOVEA_RETURN_IF_ERROR(Prepare(*context));
  return absl::WrapUnique(new Stream(*this, std::move(context), Patience(pace)));
}

absl::StatusOr<std::unique_ptr<Stream>> Client::Open(DownloadCall call,
                                                     const google::protobuf::Message& request,
                                                     Pace pace) const {
  absl::StatusOr<std::unique_ptr<Stream>> stream = NewStream(pace);
  if (stream.ok()) (*stream)->opened_ = call(*stubs_, (*stream)->context_.get(), request);
  return stream;
}

absl::StatusOr<std::unique_ptr<Stream>> Client::Open(UploadCall call,
                                                     google::protobuf::Message* response,
                                                     Pace pace) const {
  absl::StatusOr<std::unique_ptr<Stream>> stream = NewStream(pace);
  if (stream.ok()) (*stream)->opened_ = call(*stubs_, (*stream)->context_.get(), response);
  return stream;
}

absl::Status Client::Unreachable(const std::string& why) const {
  return absl::UnavailableError(
      absl::StrCat("no fovead answers ", options_.tls.on() ? "by TLS " : "", "at ",
                   options_.address, "; start one, or name another with --server",
                   why.empty() ? "" : " (", why, why.empty() ? "" : ")"));
}

absl::Status Client::Failure(const grpc::Status& status, const grpc::ClientContext& context) const {
  if (HasNoConnection(status)) {
    // Why a handshake failed is gRPC's to say. One that wants TLS hangs up on whoever has none.
    if (options_.tls.on()) return Unreachable(status.error_message());
    const bool hung_up = absl::StrContains(status.error_message(), "Socket closed") ||
                         absl::StrContains(status.error_message(), "Connection reset");
    return Unreachable(hung_up ? "something hung up there: does it want --tls?" : "");
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(absl::StrCat(
        "fovead at ", options_.address,
        " did not answer in time: --timeout SECONDS waits longer; what it was asked to do may "
        "still be done, and a context goes on where it was when it is asked for again"));
  }
  return FromGrpc(status, context);
}

Stream::Stream(const Client& client, std::unique_ptr<grpc::ClientContext> context,
               absl::Duration patience)
    : client_(client),
      context_(std::move(context)),
      silence_(std::make_unique<SilenceLimit>(*context_, patience)) {}

Stream::~Stream() = default;

bool Stream::Read(google::protobuf::Message* part) {
  return silence_->Wait([&] { return opened_->Read(part); });
}

bool Stream::Write(const google::protobuf::Message& part) {
  return silence_->Wait([&] { return opened_->Write(part); });
}

void Stream::WritesDone() { opened_->WritesDone(); }

void Stream::Cancel() { context_->TryCancel(); }

absl::Status Stream::Finish() {
  const grpc::Status status = silence_->Wait([&] { return opened_->Finish(); });
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::CANCELLED && silence_->Passed()) {
    return client_.Failure({grpc::StatusCode::DEADLINE_EXCEEDED, ""}, *context_);
  }
  return client_.Failure(status, *context_);
}

}  // namespace fovea::cli
