// The reactors of raw calls: a request is authenticated before it waits, weighed before it is
// parsed, and its answer is weighed before it is held for the client.
#ifndef FOVEA_SERVICE_REACTORS_H_
#define FOVEA_SERVICE_REACTORS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/grpcpp.h"
#include "service/convert_session.h"
#include "service/rpc.h"

namespace fovea::service {

// The one place where the session that a request names is looked at. INVALID_ARGUMENT.
template <class Request>
absl::Status CheckTarget(const Method& method, const Request& request, Call* call) {
  if constexpr (requires { request.session_id(); }) {
    absl::Status status = CheckSessionId("session_id", request.session_id());
    if (status.ok()) call->set_session(request.session_id());
    if (method.names_session) return status;
  }
  if constexpr (requires { request.view().session_id(); }) {
    absl::Status status = CheckSessionId("view.session_id", request.view().session_id());
    if (status.ok()) call->set_session(request.view().session_id());
    return status;
  }
  return absl::OkStatus();
}

// What is called once with a handler's status, on any thread, when the response is filled.
using Done = absl::AnyInvocable<void(const absl::Status&)>;

// Request and answer are one message each. Deletes itself.
template <class Request, class Response>
class UnaryReactor final : public grpc::ServerUnaryReactor {
 public:
  // Runs on a thread of the call's lane; a method's whose calls may begin at once, on gRPC's too.
  // What it is given lives until `done` was called.
  using Handler = std::function<void(const Call&, const Request&, Response*, Done done)>;

  // The buffers are gRPC's and live until OnDone. `handler` outlives the call.
  UnaryReactor(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
               const Method& method, const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
               const Handler& handler)
      : call_(environment, context, method),
        method_(method),
        // It is no constant: gRPC made it for this call alone, and what is parsed is given back.
        request_bytes_(const_cast<grpc::ByteBuffer*>(request)),  // NOLINT
        response_bytes_(response),
        handler_(handler) {
    absl::Status status = call_.Begin();
    if (status.ok() && call_.MayBeginAtOnce(*request_bytes_)) {
      Run();
      return;
    }
    if (status.ok()) status = call_.Post([this] { RunAndWait(); });
    if (!status.ok()) End(status);
  }

  void OnDone() override { delete this; }

 private:
  // The lane's thread is what bounds how many calls are in progress.
  void RunAndWait() {
    absl::Notification answered;
    answered_ = &answered;
    Run();
    answered.WaitForNotification();
  }

  void Run() {
    absl::Status status = call_.StillWanted();
    if (status.ok()) status = call_.Parse(request_bytes_, &request_.emplace());
    if (status.ok()) status = CheckTarget(method_, *request_, &call_);
    status.ok() ? Step() : End(status);
  }

  void Step() {
    handler_(call_, *request_, &response_.emplace(),
             [this](const absl::Status& status) { Answer(status); });
  }

  void Answer(absl::Status status) {
    if (Call::IsGoOn(status)) {
      call_.MoveOn();
      absl::Notification* const answered = std::exchange(answered_, nullptr);
      status = call_.Post([this] {
        const absl::Status wanted = call_.StillWanted();
        wanted.ok() ? Step() : End(wanted);
      });
      if (answered != nullptr) answered->Notify();
      if (status.ok()) return;
    } else if (status.ok()) {
      status = call_.Serialize(*response_, response_bytes_);
    }
    End(status);
  }

  // Nothing of this object is touched after it: OnDone may come at once.
  void End(const absl::Status& status) {
    request_bytes_->Clear();
    // A client may take its time to read the answer.
    request_.reset();
    response_.reset();
    call_.LeaveLane();
    absl::Notification* const answered = answered_;
    Finish(call_.End(status));
    if (answered != nullptr) answered->Notify();
  }

  Call call_;
  const Method& method_;
  grpc::ByteBuffer* const request_bytes_;
  grpc::ByteBuffer* const response_bytes_;
  const Handler& handler_;
  std::optional<Request> request_;
  std::optional<Response> response_;
  absl::Notification* answered_ = nullptr;  // what a thread of the lane waits for
};

// What a step of a stream has given.
enum class Answered : uint8_t {
  kNothing,  // the stream has ended
  kMore,     // an answer; the next step knows whether there is another
  kLast      // an answer, and the end
};

// The answer is a stream. `Next(call, response)` fills one answer at a time; it runs on the call's
// lane, and may say Call::GoOn.
template <class Response>
using NextAnswer = std::function<absl::StatusOr<Answered>(const Call&, Response*)>;

// Deletes itself.
template <class Request, class Response>
class WriteReactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  // What gives the answers to a request. Runs on the call's lane; it, and the first answer of a
  // quick method, on gRPC's thread, too.
  using Open = std::function<absl::StatusOr<NextAnswer<Response>>(const Call&, const Request&)>;

  // `open` outlives the call.
  WriteReactor(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
               const Method& method, const grpc::ByteBuffer* request, const Open& open)
      : call_(environment, context, method),
        method_(method),
        request_bytes_(const_cast<grpc::ByteBuffer*>(request)),  // NOLINT: as above
        open_(open) {
    absl::Status status = call_.Begin();
    if (status.ok() && call_.MayBeginAtOnce(*request)) {
      Run();
      return;
    }
    if (status.ok()) status = call_.Post([this] { Run(); });
    if (!status.ok()) Finish(call_.End(status));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(call_.End(absl::CancelledError("the client went away")));
    call_.Sent();
    absl::Status status = call_.Post([this] {
      absl::Status allowed = call_.StillAllowed();
      allowed.ok() ? Step() : Finish(call_.End(allowed));
    });
    if (!status.ok()) Finish(call_.End(status));
  }
  void OnDone() override { delete this; }

 private:
  void Run() {
    absl::Status status = Begin();
    status.ok() ? Step() : Finish(call_.End(status));
  }

  absl::Status Begin() {
    Request request;
    absl::Status status = call_.Parse(request_bytes_, &request);
    if (status.ok()) status = CheckTarget(method_, request, &call_);
    if (!status.ok()) return status;
    auto next = open_(call_, request);
    if (!next.ok()) return next.status();
    next_ = *std::move(next);
    return absl::OkStatus();
  }

  void Step() {
    absl::Status status = call_.StillWanted();
    if (!status.ok()) return Finish(call_.End(status));
    Response response;
    const auto answered = next_(call_, &response);
    if (Call::IsGoOn(answered.status())) {
      call_.MoveOn();
      status = call_.Post([this] { Step(); });
      if (!status.ok()) Finish(call_.End(status));
      return;
    }
    if (!answered.ok() || *answered == Answered::kNothing) {
      return Finish(call_.End(answered.status()));
    }
    bytes_.Clear();
    status = call_.Serialize(response, &bytes_);
    if (!status.ok()) return Finish(call_.End(status));
    // The client may take its time to read it.
    call_.LeaveLane();
    if (*answered == Answered::kMore) return StartWrite(&bytes_);
    StartWriteAndFinish(&bytes_, grpc::WriteOptions(), call_.End(status));
  }

  Call call_;
  const Method& method_;
  grpc::ByteBuffer* const request_bytes_;
  const Open& open_;
  NextAnswer<Response> next_;
  grpc::ByteBuffer bytes_;
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
  // The id of the session that the requests name; "" if there is none, or none yet.
  virtual std::string session() const { return ""; }
};

// The requests are a stream. Deletes itself.
template <class Request, class Response>
class ReadReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  using Consumer = StreamConsumer<Request, Response>;

  // `response` is gRPC's and lives until OnDone.
  ReadReactor(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
              const Method& method, grpc::ByteBuffer* response, std::unique_ptr<Consumer> consumer)
      : call_(environment, context, method), response_(response), consumer_(std::move(consumer)) {
    absl::Status status = call_.Begin();
    if (status.ok()) {
      begun_ = true;
      StartRead(&bytes_);
    } else {
      this->Finish(call_.End(status));
    }
  }

  void OnReadDone(bool ok) override {
    absl::Status status = call_.Post([this, ok] { ok ? Take() : Close(); });
    if (!status.ok()) End(status);
  }
  void OnDone() override { delete this; }

 private:
  void Take() {
    absl::Status status = TakeRequest();
    status.ok() ? Next() : End(status);
  }

  // No thread waits while the tenant is over a quota, and the client feels it as a slow server.
  void Next() {
    const absl::Duration wait = call_.QuotaWait();
    if (wait == absl::ZeroDuration()) return StartRead(&bytes_);
    // It may go off, and be replaced, before Set has returned.
    const absl::MutexLock lock(&alarm_mutex_);
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(absl::ToChronoTime(absl::Now() + wait), [this](bool /*fired*/) { Resume(); });
  }

  // On a thread of gRPC's.
  void Resume() {
    { const absl::MutexLock set(&alarm_mutex_); }
    const absl::Status wanted = call_.StillWanted();
    if (wanted.ok()) return Next();
    absl::Status posted = call_.Post([this, wanted] { End(wanted); });
    if (!posted.ok()) End(wanted);
  }

  absl::Status TakeRequest() {
    absl::Status status = call_.StillAllowed();
    Request request;
    if (status.ok()) status = call_.Parse(&bytes_, &request);
    bytes_.Clear();
    if (status.ok()) status = consumer_->Add(call_, request);
    call_.DoneWithRequest();
    return status;
  }

  void Close() {
    absl::Status status = call_.StillWanted();
    if (status.ok()) status = call_.StillAllowed();
    Response response;
    if (status.ok()) status = consumer_->Finish(call_, &response);
    if (status.ok()) status = call_.Serialize(response, response_);
    End(status);
  }

  void End(const absl::Status& status) {
    call_.set_session(consumer_->session());
    if (begun_ && !status.ok()) consumer_->Abandon(call_);
    this->Finish(call_.End(status));
  }

  Call call_;
  grpc::ByteBuffer* const response_;
  const std::unique_ptr<Consumer> consumer_;
  grpc::ByteBuffer bytes_;
  absl::Mutex alarm_mutex_;
  std::unique_ptr<grpc::Alarm> alarm_;
  bool begun_ = false;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_REACTORS_H_
