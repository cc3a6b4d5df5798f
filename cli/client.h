// The connection to a server: one channel, the caller's token and patience. What can be called is
// in methods.h.
#ifndef FOVEA_CLI_CLIENT_H_
#define FOVEA_CLI_CLIENT_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/address.h"
#include "cli/methods.h"
#include "cli/tls.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace fovea::cli {

// How long the answer of a call may take where the user says nothing.
enum class Pace {
  kQuick,      // a minute: answers at once
  kSlow,       // ten minutes: carries or deletes much
  kUnlimited,  // builds a view or goes through a whole store, and says nothing meanwhile
};

class SilenceLimit;
class Stream;
template <typename Part>
class Download;
template <typename Part>
class Upload;

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
  ~Client();

  // One call that takes a request and gives a response:
  //   client.Call(sessions::kListSessions, request)
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(const Method<Request, Response>& method, const Request& request,
                                Pace pace = Pace::kQuick) const {
    Response response;
    absl::Status status = Run(method.call, request, &response, pace);
    if (!status.ok()) return status;
    return response;
  }

  // Begins a call whose answer comes in parts; Finish has its errors. The client outlives it.
  template <typename Request, typename Response>
  absl::StatusOr<Download<Response>> Start(const DownloadMethod<Request, Response>& method,
                                           const Request& request, Pace pace) const;

  // Begins a call whose request goes in parts. `response`, which the last answer is written to,
  // outlives the call, and so does the client.
  template <typename Request, typename Response>
  absl::StatusOr<Upload<Request>> Start(const UploadMethod<Request, Response>& method,
                                        Response* response, Pace pace) const;

 private:
  friend class Stream;
  Client(Options options, ServerAddress address, const std::shared_ptr<grpc::Channel>& channel);

  absl::Status Run(UnaryCall call, const google::protobuf::Message& request,
                   google::protobuf::Message* response, Pace pace) const;
  absl::StatusOr<std::unique_ptr<Stream>> Open(DownloadCall call,
                                               const google::protobuf::Message& request,
                                               Pace pace) const;
  absl::StatusOr<std::unique_ptr<Stream>> Open(UploadCall call, google::protobuf::Message* response,
                                               Pace pace) const;
  absl::StatusOr<std::unique_ptr<Stream>> NewStream(Pace pace) const;
  // Looks at the socket, which may have become another since, and makes `context` carry the token.
  absl::Status Prepare(grpc::ClientContext& context) const;
  void SetDeadline(grpc::ClientContext& context, Pace pace) const;
  absl::Duration Patience(Pace pace) const;
  // The error of a finished call; says what to do where the server could not be reached or took
  // too long.
  absl::Status Failure(const grpc::Status& status, const grpc::ClientContext& context) const;
  absl::Status Unreachable(const std::string& why) const;

  const Options options_;
  const ServerAddress address_;
  const std::unique_ptr<Stubs> stubs_;
};

// A call that goes on, and is cancelled when the next part does not come in time. One thread uses
// it.
class Stream {
 public:
  ~Stream();

  bool Read(google::protobuf::Message* part);
  bool Write(const google::protobuf::Message& part);
  void WritesDone();
  void Cancel();
  absl::Status Finish();

 private:
  friend class Client;
  Stream(const Client& client, std::unique_ptr<grpc::ClientContext> context,
         absl::Duration patience);

  const Client& client_;
  const std::unique_ptr<grpc::ClientContext> context_;
  const std::unique_ptr<SilenceLimit> silence_;
  std::unique_ptr<OpenedStream> opened_;  // not null once the caller has the stream
};

// The answer of a call, part by part.
template <typename Part>
class Download {
 public:
  explicit Download(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  // The next part; false if there is none, and Finish says why.
  bool Read(Part* part) { return stream_->Read(part); }
  // No more is wanted.
  void Cancel() { stream_->Cancel(); }
  // How the call ended: after the last Read.
  absl::Status Finish() { return stream_->Finish(); }

 private:
  std::unique_ptr<Stream> stream_;
};

// The request of a call, part by part.
template <typename Part>
class Upload {
 public:
  explicit Upload(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  // False if the server has closed the stream, and Finish says why.
  bool Write(const Part& part) { return stream_->Write(part); }
  // Ends the request, and waits for the answer. `sent`: how sending it went; an error of the
  // sender's own ends the call and is what comes back.
  absl::Status Finish(absl::Status sent) {
    if (sent.ok()) {
      stream_->WritesDone();
      return stream_->Finish();
    }
    stream_->Cancel();
    stream_->Finish().IgnoreError();
    return sent;
  }

 private:
  std::unique_ptr<Stream> stream_;
};

template <typename Request, typename Response>
absl::StatusOr<Download<Response>> Client::Start(const DownloadMethod<Request, Response>& method,
                                                 const Request& request, Pace pace) const {
  absl::StatusOr<std::unique_ptr<Stream>> stream = Open(method.open, request, pace);
  if (!stream.ok()) return stream.status();
  return Download<Response>(*std::move(stream));
}

template <typename Request, typename Response>
absl::StatusOr<Upload<Request>> Client::Start(const UploadMethod<Request, Response>& method,
                                              Response* response, Pace pace) const {
  absl::StatusOr<std::unique_ptr<Stream>> stream = Open(method.open, response, pace);
  if (!stream.ok()) return stream.status();
  return Upload<Request>(*std::move(stream));
}

}  // namespace fovea::cli

#endif  // FOVEA_CLI_CLIENT_H_
