// The handlers of fovea.v1.ContextService.
#ifndef FOVEA_SERVICE_CONTEXT_SERVICE_H_
#define FOVEA_SERVICE_CONTEXT_SERVICE_H_

#include <utility>

#include "core/context/context.h"
#include "core/reader/reader_profile.h"
#include "fovea/v1/context.grpc.pb.h"
#include "service/page_provider.h"
#include "service/raw_service.h"
#include "service/session_states.h"
#include "service/usage_ledger.h"
#include "service/view_cache.h"
#include "service/wire/payload.h"

namespace fovea::service {

// All outlive the service.
struct ContextServiceInputs {
  const RpcEnvironment* environment = nullptr;
  SessionStates* states = nullptr;
  ViewCache* views = nullptr;
  PageProvider* pages = nullptr;
  wire::PayloadWriter* payloads = nullptr;
  const ReaderCatalogue* readers = nullptr;
  UsageLedger* usage = nullptr;
  const PageRenderer* renderer = nullptr;
};

// Thread-safe.
class ContextService final : public RawService<v1::ContextService::Service> {
 public:
  explicit ContextService(ContextServiceInputs inputs);

 private:
  using UsePlanner = std::function<absl::Status(const Planner&, const SessionState&)>;

  absl::Status Build(const Call& call, const v1::BuildContextRequest& request,
                     v1::BuildContextResponse* response);
  absl::StatusOr<NextAnswer<v1::ContextChunk>> Stream(const Call& call,
                                                      const v1::BuildContextRequest& request);
  absl::Status Plan(const Call& call, const v1::BuildContextRequest& request,
                    v1::PlanContextResponse* response);
  absl::Status Page(const Call& call, const v1::GetPageRequest& request,
                    v1::GetPageResponse* response);
  absl::Status Explain(const Call& call, const v1::ExplainTurnRequest& request,
                       v1::ExplainTurnResponse* response);
  absl::Status Diff(const Call& call, const v1::DiffEpochsRequest& request,
                    v1::DiffEpochsResponse* response);
  absl::Status Ladder(const Call& call, const v1::DrawLadderRequest& request,
                      v1::DrawLadderResponse* response);
  absl::Status Views(const Call& call, const v1::ListViewsRequest& request,
                     v1::ListViewsResponse* response);
  absl::Status Readers(const Call& call, const v1::ListReadersRequest& request,
                       v1::ListReadersResponse* response);
  absl::Status Tools(const Call& call, const v1::GetRecallToolsRequest& request,
                     v1::GetRecallToolsResponse* response);

  absl::Status WriteNativeAnswer(const SessionLease& lease, const Patience& patience,
                                 const Context& context, const v1::BuildContextRequest& request,
                                 v1::BuildContextResponse* response);
  absl::Status WriteJsonAnswer(const SessionLease& lease, const Patience& patience,
                               const Context& context, const ReaderProfile& reader,
                               wire::PayloadFormat format, const v1::BuildContextRequest& request,
                               v1::BuildContextResponse* response);
  // Until the call is not wanted any more, or its session is being deleted. Both outlive it.
  static Patience PatienceOf(const Call& call, const SessionLease& lease);
  // Runs `use` with the view's planner, under a lease of its own.
  absl::Status WithView(const Call& call, const v1::View& view, const UsePlanner& use);

  const ContextServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CONTEXT_SERVICE_H_
