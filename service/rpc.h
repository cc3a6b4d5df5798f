// The wrapper around every handler: authentication, deadline, metrics and logging in one place.
#ifndef FOVEA_SERVICE_RPC_H_
#define FOVEA_SERVICE_RPC_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/log/turn.h"
#include "grpcpp/grpcpp.h"
#include "service/auth.h"
#include "service/metrics.h"
#include "service/worker_pool.h"
#include "spdlog/logger.h"

namespace fovea::service {

// What every handler needs. All of it outlives the server.
struct RpcEnvironment {
  const Authenticator* auth = nullptr;
  Metrics* metrics = nullptr;
  spdlog::logger* log = nullptr;
};

// One call in progress. Thread-compatible.
class Call {
 public:
  Call(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
       std::string_view method);

  // Finds out who calls. UNAUTHENTICATED, or DEADLINE_EXCEEDED or CANCELLED if nobody waits for the
  // answer any more.
  absl::Status Begin();
  // Counts and logs the call; to be called once, with the handler's answer.
  grpc::Status End(const absl::Status& status);

  // CANCELLED or DEADLINE_EXCEEDED once nobody waits for the answer.
  absl::Status StillWanted() const;
  const Identity& identity() const { return identity_; }
  SessionKey Key(std::string session_id) const {
    return {.tenant = identity_.tenant, .session_id = std::move(session_id)};
  }

 private:
  const RpcEnvironment& environment_;
  grpc::CallbackServerContext* const context_;
  const std::string method_;
  const absl::Time started_;
  Identity identity_;
};

// What a full pool answers.
absl::Status ServerBusy();

// A unary call: `handler(call, request, response)` runs on the pool.
template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* ServeUnary(const RpcEnvironment& environment, WorkerPool& pool,
                                     grpc::CallbackServerContext* context, std::string_view method,
                                     const Request* request, Response* response, Handler handler) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto call = std::make_shared<Call>(environment, context, method);
  const bool posted = pool.Post([=]() mutable {
    absl::Status status = call->Begin();
    if (status.ok()) status = handler(*call, *request, response);
    reactor->Finish(call->End(status));
  });
  if (!posted) reactor->Finish(call->End(ServerBusy()));
  return reactor;
}

// A call that answers with a stream. `Next(call, response)` fills one answer at a time and returns
// false at the end; it runs on the pool. Deletes itself.
template <class Response>
class WriteStream final : public grpc::ServerWriteReactor<Response> {
 public:
  using Next = std::function<absl::StatusOr<bool>(const Call&, Response*)>;

  WriteStream(const RpcEnvironment& environment, WorkerPool& pool,
              grpc::CallbackServerContext* context, std::string_view method, Next next)
      : pool_(pool), call_(environment, context, method), next_(std::move(next)) {
    Post([this] {
      absl::Status status = call_.Begin();
      if (!status.ok()) return this->Finish(call_.End(status));
      Step();
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return this->Finish(call_.End(absl::CancelledError("the client went away")));
    Post([this] { Step(); });
  }
  void OnDone() override { delete this; }

 private:
  template <class Task>
  void Post(Task task) {
    if (!pool_.Post(task)) this->Finish(call_.End(ServerBusy()));
  }

  void Step() {
    absl::Status wanted = call_.StillWanted();
    if (!wanted.ok()) return this->Finish(call_.End(wanted));
    response_.Clear();
    auto more = next_(call_, &response_);
    if (!more.ok() || !*more) return this->Finish(call_.End(more.status()));
    this->StartWrite(&response_);
  }

  WorkerPool& pool_;
  Call call_;
  const Next next_;
  Response response_;
};

// What takes the requests of a streaming call. Called from one thread at a time.
template <class Request, class Response>
class StreamConsumer {
 public:
  virtual ~StreamConsumer() = default;
  virtual absl::Status Add(const Call& call, const Request& request) = 0;
  // The client has sent everything.
  virtual absl::Status Finish(const Call& call, Response* response) = 0;
  // The call failed, or the client went away: nothing more will come.
  virtual void Abandon(const Call& call) = 0;
};

// A call whose requests come as a stream. Deletes itself.
template <class Request, class Response>
class ReadStream final : public grpc::ServerReadReactor<Request> {
 public:
  using Consumer = StreamConsumer<Request, Response>;

  ReadStream(const RpcEnvironment& environment, WorkerPool& pool,
             grpc::CallbackServerContext* context, std::string_view method, Response* response,
             std::unique_ptr<Consumer> consumer)
      : pool_(pool),
        call_(environment, context, method),
        response_(response),
        consumer_(std::move(consumer)) {
    Post([this] {
      absl::Status status = call_.Begin();
      if (!status.ok()) return this->Finish(call_.End(status));
      begun_ = true;
      this->StartRead(&request_);
    });
  }

  void OnReadDone(bool ok) override {
    Post([this, ok] { ok ? Take() : Close(); });
  }
  void OnDone() override { delete this; }

 private:
  template <class Task>
  void Post(Task task) {
    if (!pool_.Post(task)) End(ServerBusy());
  }

  void Take() {
    absl::Status status = consumer_->Add(call_, request_);
    if (!status.ok()) return End(status);
    this->StartRead(&request_);
  }

  void Close() {
    absl::Status status = call_.StillWanted();
    if (status.ok()) status = consumer_->Finish(call_, response_);
    End(status);
  }

  void End(const absl::Status& status) {
    if (begun_ && !status.ok()) consumer_->Abandon(call_);
    this->Finish(call_.End(status));
  }

  WorkerPool& pool_;
  Call call_;
  Response* const response_;
  const std::unique_ptr<Consumer> consumer_;
  Request request_;
  bool begun_ = false;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_RPC_H_
