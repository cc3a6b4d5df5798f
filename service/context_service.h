// The handlers of fovea.v1.ContextService.
#ifndef FOVEA_SERVICE_CONTEXT_SERVICE_H_
#define FOVEA_SERVICE_CONTEXT_SERVICE_H_

#include <utility>

#include "core/context/context.h"
#include "core/reader/reader_profile.h"
#include "fovea/v1/context.grpc.pb.h"
#include "service/page_provider.h"
#include "service/rpc.h"
#include "service/session_states.h"
#include "service/usage_ledger.h"
#include "service/view_cache.h"
#include "service/wire/payload.h"

namespace fovea::service {

// All outlive the service.
struct ContextServiceInputs {
  const RpcEnvironment* environment = nullptr;
  WorkerPool* pool = nullptr;
  SessionStates* states = nullptr;
  ViewCache* views = nullptr;
  PageProvider* pages = nullptr;
  wire::PayloadWriter* payloads = nullptr;
  const ReaderCatalogue* readers = nullptr;
  UsageLedger* usage = nullptr;
  const PageRenderer* renderer = nullptr;
};

// Thread-safe.
class ContextService final : public v1::ContextService::CallbackService {
 public:
  explicit ContextService(ContextServiceInputs inputs) : in_(inputs) {}

  grpc::ServerUnaryReactor* BuildContext(grpc::CallbackServerContext* context,
                                         const v1::BuildContextRequest* request,
                                         v1::BuildContextResponse* response) override;
  grpc::ServerUnaryReactor* PlanContext(grpc::CallbackServerContext* context,
                                        const v1::BuildContextRequest* request,
                                        v1::PlanContextResponse* response) override;
  grpc::ServerUnaryReactor* GetPage(grpc::CallbackServerContext* context,
                                    const v1::GetPageRequest* request,
                                    v1::GetPageResponse* response) override;
  grpc::ServerUnaryReactor* ExplainTurn(grpc::CallbackServerContext* context,
                                        const v1::ExplainTurnRequest* request,
                                        v1::ExplainTurnResponse* response) override;
  grpc::ServerUnaryReactor* DiffEpochs(grpc::CallbackServerContext* context,
                                       const v1::DiffEpochsRequest* request,
                                       v1::DiffEpochsResponse* response) override;
  grpc::ServerUnaryReactor* DrawLadder(grpc::CallbackServerContext* context,
                                       const v1::DrawLadderRequest* request,
                                       v1::DrawLadderResponse* response) override;
  grpc::ServerUnaryReactor* ListReaders(grpc::CallbackServerContext* context,
                                        const v1::ListReadersRequest* request,
                                        v1::ListReadersResponse* response) override;
  grpc::ServerUnaryReactor* GetRecallTools(grpc::CallbackServerContext* context,
                                           const v1::GetRecallToolsRequest* request,
                                           v1::GetRecallToolsResponse* response) override;

 private:
  using UsePlanner = std::function<absl::Status(const Planner&, const SessionState&)>;

  absl::Status Build(const Call& call, const v1::BuildContextRequest& request,
                     v1::BuildContextResponse* response);
  absl::Status Plan(const Call& call, const v1::BuildContextRequest& request,
                    v1::PlanContextResponse* response);
  absl::Status Page(const Call& call, const v1::GetPageRequest& request,
                    v1::GetPageResponse* response);
  absl::Status Explain(const Planner& planner, const SessionState& state, uint64_t seq,
                       v1::ExplainTurnResponse* response) const;
  absl::Status Ladder(const Call& call, const v1::DrawLadderRequest& request,
                      v1::DrawLadderResponse* response);

  absl::Status WriteNativeAnswer(const SessionLease& lease, const Context& context,
                                 const v1::BuildContextRequest& request,
                                 v1::BuildContextResponse* response);
  absl::Status WriteJsonAnswer(const SessionLease& lease, const Context& context,
                               const ReaderProfile& reader, wire::PayloadFormat format,
                               const v1::BuildContextRequest& request,
                               v1::BuildContextResponse* response);
  // Runs `use` with the view's planner, under a lease of its own.
  absl::Status WithView(const Call& call, const v1::View& view, const UsePlanner& use);

  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const char* method,
                                  const Request* request, Response* response, Handler handler) {
    return ServeUnary(*in_.environment, *in_.pool, context, method, request, response,
                      std::move(handler));
  }

  const ContextServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONTEXT_SERVICE_H_
