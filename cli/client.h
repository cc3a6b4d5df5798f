// The connection to a server: one channel, the stubs of its services, the caller's token and
// patience.
#ifndef FOVEA_CLI_CLIENT_H_
#define FOVEA_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/address.h"
#include "cli/silence.h"
#include "cli/status.h"
#include "cli/tls.h"
#include "fovea/v1/admin.grpc.pb.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/page.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"

namespace fovea::cli {

// How long the answer of a call may take where the user says nothing.
enum class Pace {
  kQuick,      // a minute: answers at once
  kSlow,       // ten minutes: carries or deletes much
  kUnlimited,  // builds a view or goes through a whole store, and says nothing meanwhile
};

class Stream;

// Thread-safe. Every call may fail with UNAVAILABLE where there is no server, and with
// DEADLINE_EXCEEDED.
class Client {
 public:
  struct Options {
    std::string address;    // "unix:PATH" or "HOST:PORT"
    std::string token;      // sent as "authorization: Bearer"; empty: none
    TlsOptions tls;         // none: not encrypted
    bool insecure = false;  // trusts any socket, and sends the token without TLS
    // For an answer, or the next part of a stream; none: the call's pace says it.
    std::optional<absl::Duration> timeout;
  };

  // Does not connect yet: the first call does. WRONG USAGE (see status.h) for an address that is
  // none, for files of TLS that are none, and for a token that others could read on its way.
  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options);

  v1::SessionService::Stub& sessions() { return *sessions_; }
  v1::ContextService::Stub& contexts() { return *contexts_; }
  v1::ReaderService::Stub& readers() { return *readers_; }
  v1::PageService::Stub& pages() { return *pages_; }
  v1::AdminService::Stub& admin() { return *admin_; }

  // One call that takes a request and gives a response:
  //   client.Call(client.sessions(), &v1::SessionService::Stub::GetSession, request)
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, Pace pace = Pace::kQuick) const {
    grpc::ClientContext context;
    if (absl::Status status = Prepare(context); !status.ok()) return status;
    SetDeadline(context, pace);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return Failure(status, context);
    return response;
  }

  // What a stream's call begins with.
  absl::StatusOr<std::unique_ptr<Stream>> NewStream(Pace pace) const;

  // The error of a finished call; says what to do where the server could not be reached or took
  // too long.
  absl::Status Failure(const grpc::Status& status, const grpc::ClientContext& context) const;

 private:
  Client(Options options, ServerAddress address, const std::shared_ptr<grpc::Channel>& channel);

  // Looks at the socket, which may have become another since, and makes `context` carry the token.
  absl::Status Prepare(grpc::ClientContext& context) const;
  void SetDeadline(grpc::ClientContext& context, Pace pace) const;
  absl::Duration Patience(Pace pace) const;
  absl::Status Unreachable(const std::string& why) const;

  const Options options_;
  const ServerAddress address_;
  const std::unique_ptr<v1::SessionService::Stub> sessions_;
  const std::unique_ptr<v1::ContextService::Stub> contexts_;
  const std::unique_ptr<v1::ReaderService::Stub> readers_;
  const std::unique_ptr<v1::PageService::Stub> pages_;
  const std::unique_ptr<v1::AdminService::Stub> admin_;
};

// The context of a stream's call, which is cancelled when the next part does not come in time.
// Every read, write and finish goes through Wait. One thread uses it; the client outlives it.
class Stream {
 public:
  Stream(const Client& client, std::unique_ptr<grpc::ClientContext> context,
         absl::Duration patience);

  grpc::ClientContext* context() { return context_.get(); }

  template <typename Step>
  auto Wait(Step step) {
    return silence_.Wait(std::move(step));
  }

  absl::Status Failure(const grpc::Status& status);

  // Ends a stream of requests, and waits for its answer. `sent`: how sending them went; an error of
  // the sender's own ends the call and is what comes back.
  template <typename Writer>
  absl::Status EndUpload(Writer& stream, absl::Status sent) {
    if (!sent.ok()) {
      context_->TryCancel();
      stream.Finish();
      return sent;
    }
    stream.WritesDone();
    const grpc::Status status = Wait([&] { return stream.Finish(); });
    return status.ok() ? absl::OkStatus() : Failure(status);
  }

 private:
  const Client& client_;
  const std::unique_ptr<grpc::ClientContext> context_;
  SilenceLimit silence_;
};

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CLIENT_H_
