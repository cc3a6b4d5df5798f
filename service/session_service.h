// The handlers of fovea.v1.SessionService.
#ifndef FOVEA_SERVICE_SESSION_SERVICE_H_
#define FOVEA_SERVICE_SESSION_SERVICE_H_

#include <cstdint>
#include <functional>

#include "core/log/log_store.h"
#include "core/log/search_index.h"
#include "core/page/page_store.h"
#include "fovea/v1/session.grpc.pb.h"
#include "service/rpc.h"
#include "service/session_states.h"

namespace fovea::service {

// All outlive the service.
struct SessionServiceInputs {
  const RpcEnvironment* environment = nullptr;
  WorkerPool* pool = nullptr;
  LogStore* log = nullptr;
  PageStore* pages = nullptr;
  SearchIndex* search = nullptr;
  SessionStates* states = nullptr;
  // Drops what other services keep in memory of a session.
  std::function<void(const SessionState&)> forget_session;
  std::function<int64_t()> now_us;  // microseconds since the Unix epoch
};

// Thread-safe.
class SessionService final : public v1::SessionService::CallbackService {
 public:
  explicit SessionService(SessionServiceInputs inputs) : in_(std::move(inputs)) {}

  grpc::ServerUnaryReactor* CreateSession(grpc::CallbackServerContext* context,
                                          const v1::CreateSessionRequest* request,
                                          v1::Session* response) override;
  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext* context,
                                       const v1::GetSessionRequest* request,
                                       v1::Session* response) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const v1::ListSessionsRequest* request,
                                         v1::ListSessionsResponse* response) override;
  grpc::ServerUnaryReactor* DeleteSession(grpc::CallbackServerContext* context,
                                          const v1::DeleteSessionRequest* request,
                                          v1::DeleteSessionResponse* response) override;
  grpc::ServerUnaryReactor* ForkSession(grpc::CallbackServerContext* context,
                                        const v1::ForkSessionRequest* request,
                                        v1::Session* response) override;
  grpc::ServerUnaryReactor* AppendTurns(grpc::CallbackServerContext* context,
                                        const v1::AppendTurnsRequest* request,
                                        v1::AppendTurnsResponse* response) override;
  grpc::ServerReadReactor<v1::AppendTurnsRequest>* StreamAppendTurns(
      grpc::CallbackServerContext* context, v1::StreamAppendTurnsResponse* response) override;
  grpc::ServerWriteReactor<v1::ReadTurnsResponse>* ReadTurns(
      grpc::CallbackServerContext* context, const v1::ReadTurnsRequest* request) override;
  grpc::ServerUnaryReactor* ExpandTurn(grpc::CallbackServerContext* context,
                                       const v1::ExpandTurnRequest* request,
                                       v1::ExpandTurnResponse* response) override;
  grpc::ServerUnaryReactor* SearchTurns(grpc::CallbackServerContext* context,
                                        const v1::SearchTurnsRequest* request,
                                        v1::SearchTurnsResponse* response) override;
  grpc::ServerUnaryReactor* PinTurns(grpc::CallbackServerContext* context,
                                     const v1::PinTurnsRequest* request,
                                     v1::PinTurnsResponse* response) override;
  grpc::ServerUnaryReactor* UnpinTurns(grpc::CallbackServerContext* context,
                                       const v1::UnpinTurnsRequest* request,
                                       v1::UnpinTurnsResponse* response) override;
  grpc::ServerUnaryReactor* CompactSession(grpc::CallbackServerContext* context,
                                           const v1::CompactSessionRequest* request,
                                           v1::CompactSessionResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportChunk>* ExportSession(
      grpc::CallbackServerContext* context, const v1::ExportSessionRequest* request) override;
  grpc::ServerReadReactor<v1::ExportChunk>* ImportSession(grpc::CallbackServerContext* context,
                                                          v1::Session* response) override;

 private:
  absl::Status Delete(const Call& call, const std::string& session_id,
                      v1::DeleteSessionResponse* response);
  absl::Status Expand(const Call& call, const v1::ExpandTurnRequest& request,
                      v1::ExpandTurnResponse* response);
  absl::StatusOr<uint64_t> AddEvent(const Call& call, const std::string& session_id,
                                    LogEvent::Kind kind, SeqRange turns);

  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const char* method,
                                  const Request* request, Response* response, Handler handler) {
    return ServeUnary(*in_.environment, *in_.pool, context, method, request, response,
                      std::move(handler));
  }

  const SessionServiceInputs in_;
};

// A new session's id: "s-" and 128 random bits in hex.
std::string MakeSessionId();

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_SESSION_SERVICE_H_
