#include "gateway/fovea_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.grpc.pb.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "fovea/v1/session.grpc.pb.h"
#include "gateway/server_address.h"

namespace fovea::gateway {
namespace {

constexpr int kMaxMessageBytes = 1 << 30;
// A call that takes longer is looked into: whether the server works, or stands still.
constexpr absl::Duration kSuspicious = absl::Seconds(2);
constexpr absl::Duration kPulsePatience = absl::Seconds(1);
constexpr absl::Duration kTick = absl::Milliseconds(250);
constexpr char kStandsStill[] = "fovead does not answer";

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// Tells a server that stands still from one that is at work: gRPC's own health service is answered
// beside all work. Calls of one that stands still are given up, and later ones are not made until
// it answers again. Thread-safe.
class Watch {
 public:
  explicit Watch(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(channel), thread_([this] { Run(); }) {}
  ~Watch() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // False: it stands still, and no call is to be made. Else End follows.
  bool Begin(grpc::ClientContext& context) {
    absl::MutexLock lock(&mutex_);
    if (still_) return false;
    calls_.emplace(&context, absl::Now());
    return true;
  }
  // False: the call was given up.
  bool End(grpc::ClientContext& context) {
    absl::MutexLock lock(&mutex_);
    return calls_.erase(&context) > 0;
  }

 private:
  void Run() {
    absl::Time alive = absl::InfinitePast();  // at the last look
    absl::MutexLock lock(&mutex_);
    const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || still_ || !calls_.empty();
    };
    while (true) {
      mutex_.Await(absl::Condition(&wanted));
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), kTick);
      if (stopping_) return;
      if (!still_ && absl::Now() - std::max(Oldest(), alive) < kSuspicious) continue;
      mutex_.Unlock();
      const bool answers = Answers();
      mutex_.Lock();
      alive = absl::Now();
      still_ = !answers;
      if (answers) continue;
      for (const auto& call : calls_) call.first->TryCancel();
      calls_.clear();
    }
  }
  absl::Time Oldest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::Time oldest = absl::InfiniteFuture();
    for (const auto& call : calls_) oldest = std::min(oldest, call.second);
    return oldest;
  }
  // Any answer is one, a refusal, too; and of a server that is gone, calls tell at once.
  bool Answers() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         absl::ToChronoMilliseconds(kPulsePatience));
    const grpc::Slice nothing;
    const grpc::ByteBuffer request(&nothing, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    absl::Notification done;
    stub_.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request,
                    &response, [&](grpc::Status came) {
                      status = std::move(came);
                      done.Notify();
                    });
    done.WaitForNotification();
    return status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED;
  }

  grpc::GenericStub stub_;
  absl::Mutex mutex_;
  // Those under way, by when they began.
  absl::flat_hash_map<grpc::ClientContext*, absl::Time> calls_ ABSL_GUARDED_BY(mutex_);
  bool still_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the rest
};

class GrpcClient final : public FoveaClient {
 public:
  GrpcClient(const std::shared_ptr<grpc::Channel>& channel, std::string address, std::string token,
             absl::Duration patience)
      : watch_(channel),
        sessions_(v1::SessionService::NewStub(channel)),
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
    FOVEA_RETURN_IF_ERROR(Prepare(context, patience_));
    const auto stream = sessions_->ReadTurns(&context, request);
    std::vector<v1::Turn> turns;
    v1::ReadTurnsResponse response;
    while (stream->Read(&response)) {
      for (v1::Turn& turn : *response.mutable_turns()) turns.push_back(std::move(turn));
    }
    const grpc::Status status = stream->Finish();
    if (!watch_.End(context)) return absl::DeadlineExceededError(kStandsStill);
    if (!status.ok()) return FromGrpc(status);
    return turns;
  }
  absl::StatusOr<v1::BuildContextResponse> BuildContext(
      const v1::BuildContextRequest& request) override {
    return Call(*contexts_, &v1::ContextService::Stub::BuildContext, request);
  }
  absl::StatusOr<std::string> RecallTools(v1::WireFormat format) override {
    v1::GetRecallToolsRequest request;
    request.set_format(format);
    FOVEA_ASSIGN_OR_RETURN(auto response,
                           Call(*contexts_, &v1::ContextService::Stub::GetRecallTools, request));
    return std::move(*response.mutable_tools_json());
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
    FOVEA_ASSIGN_OR_RETURN(const auto counted,
                           Call(*readers_, &v1::ReaderService::Stub::CountTokens, request, most));
    return counted.tokens();
  }
  absl::Status ReportUsage(const v1::ReportUsageRequest& request) override {
    return Call(*readers_, &v1::ReaderService::Stub::ReportUsage, request).status();
  }

 private:
  // Looks at the socket each time: it may have become another's since. Where it succeeds, the watch
  // is told of the call's end.
  absl::Status Prepare(grpc::ClientContext& context, absl::Duration most) const {
    FOVEA_RETURN_IF_ERROR(CheckServerOwner(address_, geteuid()));
    context.set_deadline(std::chrono::system_clock::now() +
                         absl::ToChronoMilliseconds(std::min(most, patience_)));
    if (!token_.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token_));
    return watch_.Begin(context) ? absl::OkStatus() : absl::DeadlineExceededError(kStandsStill);
  }

  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, absl::Duration most = absl::InfiniteDuration()) const {
    grpc::ClientContext context;
    FOVEA_RETURN_IF_ERROR(Prepare(context, most));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!watch_.End(context)) return absl::DeadlineExceededError(kStandsStill);
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  mutable Watch watch_;
  const std::unique_ptr<v1::SessionService::Stub> sessions_;
  const std::unique_ptr<v1::ContextService::Stub> contexts_;
  const std::unique_ptr<v1::ReaderService::Stub> readers_;
  const std::string address_;
  const std::string token_;
  const absl::Duration patience_;
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
