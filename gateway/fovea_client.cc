#include "gateway/fovea_client.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "gateway/server_address.h"

namespace fovea::gateway {
namespace {

constexpr int kMaxMessageBytes = 1 << 30;
constexpr absl::Duration kHanging = absl::Seconds(1);

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

class GrpcClient final : public FoveaClient {
 public:
  GrpcClient(const std::shared_ptr<grpc::Channel>& channel, std::string address, std::string token,
             absl::Duration patience)
      : sessions_(v1::SessionService::NewStub(channel)),
        contexts_(v1::ContextService::NewStub(channel)),
        readers_(v1::ReaderService::NewStub(channel)),
        address_(std::move(address)),
        token_(std::move(token)),
        patience_(patience) {}

  absl::Status CreateSession(const v1::CreateSessionRequest& request) override {
    return Call(*sessions_, &v1::SessionService::Stub::CreateSession, request).status();
  }
  absl::StatusOr<v1::Session> GetSession(const std::string& session) override {
    v1::GetSessionRequest request;
    request.set_session_id(session);
    return Call(*sessions_, &v1::SessionService::Stub::GetSession, request);
  }
  absl::StatusOr<v1::Session> ForkSession(const v1::ForkSessionRequest& request) override {
    return Call(*sessions_, &v1::SessionService::Stub::ForkSession, request);
  }
  absl::StatusOr<v1::AppendTurnsResponse> Append(const v1::AppendTurnsRequest& request) override {
    return Call(*sessions_, &v1::SessionService::Stub::AppendTurns, request);
  }
  absl::StatusOr<std::vector<v1::Turn>> ReadTurns(const std::string& session,
                                                  uint64_t first) override {
    v1::ReadTurnsRequest request;
    request.set_session_id(session);
    request.mutable_range()->set_first(first);
    grpc::ClientContext context;
    absl::Status prepared = Prepare(context, patience_);
    if (!prepared.ok()) return prepared;
    const auto stream = sessions_->ReadTurns(&context, request);
    std::vector<v1::Turn> turns;
    v1::ReadTurnsResponse response;
    while (stream->Read(&response)) {
      for (v1::Turn& turn : *response.mutable_turns()) turns.push_back(std::move(turn));
    }
    const grpc::Status status = stream->Finish();
    NoteAnswer(status, patience_);
    if (!status.ok()) return FromGrpc(status);
    return turns;
  }
  absl::StatusOr<v1::BuildContextResponse> BuildContext(
      const v1::BuildContextRequest& request) override {
    auto context = Call(*contexts_, &v1::ContextService::Stub::BuildContext, request);
    // A long history's first context takes its time, and goes on meanwhile.
    if (absl::IsDeadlineExceeded(context.status())) hangs_ = false;
    return context;
  }
  absl::StatusOr<std::string> RecallTools(v1::WireFormat format) override {
    v1::GetRecallToolsRequest request;
    request.set_format(format);
    auto response = Call(*contexts_, &v1::ContextService::Stub::GetRecallTools, request);
    if (!response.ok()) return response.status();
    return std::move(*response->mutable_tools_json());
  }
  absl::StatusOr<v1::ListReadersResponse> ListReaders() override {
    return Call(*contexts_, &v1::ContextService::Stub::ListReaders, v1::ListReadersRequest());
  }
  absl::StatusOr<v1::ExpandTurnResponse> ExpandTurn(const v1::ExpandTurnRequest& request) override {
    return Call(*sessions_, &v1::SessionService::Stub::ExpandTurn, request);
  }
  absl::StatusOr<v1::SearchTurnsResponse> Search(const v1::SearchTurnsRequest& request) override {
    return Call(*sessions_, &v1::SessionService::Stub::SearchTurns, request);
  }
  absl::StatusOr<int64_t> CountTokens(const std::string& reader, absl::string_view text,
                                      absl::Duration most) override {
    v1::CountTokensRequest request;
    request.set_reader(reader);
    request.set_text(text.data(), text.size());
    const auto counted = Call(*readers_, &v1::ReaderService::Stub::CountTokens, request, most);
    if (!counted.ok()) return counted.status();
    return counted->tokens();
  }
  absl::Status ReportUsage(const v1::ReportUsageRequest& request) override {
    return Call(*readers_, &v1::ReaderService::Stub::ReportUsage, request).status();
  }

 private:
  // Looks at the socket each time: it may have become another's since.
  absl::Status Prepare(grpc::ClientContext& context, absl::Duration most) const {
    absl::Status status = CheckServerOwner(address_, geteuid());
    if (!status.ok()) return status;
    const absl::Duration patience = std::min({most, patience_, hangs_ ? kHanging : patience_});
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
    if (!token_.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token_));
    return absl::OkStatus();
  }

  void NoteAnswer(const grpc::Status& status, absl::Duration most) const {
    if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) {
      hangs_ = false;
    } else if (most >= patience_) {
      hangs_ = true;
    }
  }

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, absl::Duration most = absl::InfiniteDuration()) const {
    grpc::ClientContext context;
    absl::Status prepared = Prepare(context, most);
    if (!prepared.ok()) return prepared;
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    NoteAnswer(status, most);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  const std::unique_ptr<v1::SessionService::Stub> sessions_;
  const std::unique_ptr<v1::ContextService::Stub> contexts_;
  const std::unique_ptr<v1::ReaderService::Stub> readers_;
  const std::string address_;
  const std::string token_;
  const absl::Duration patience_;
  mutable std::atomic<bool> hangs_ = false;
};

}  // namespace

std::unique_ptr<FoveaClient> ConnectFovea(const std::string& address, const std::string& token,
                                          absl::Duration patience) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A proxy of the environment is for the web, not for a local service.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return std::make_unique<GrpcClient>(
      grpc::CreateCustomChannel(ServerTarget(address), grpc::InsecureChannelCredentials(),
                                arguments),
      address, token, patience);
}

}  // namespace fovea::gateway
