#include "service/page_service.h"

#include <memory>

#include "service/document.h"

namespace fovea::service {
namespace {

constexpr Method kRenderDocument{.name = "RenderDocument",
                                 .lane = Lane::kCold,
                                 .cost = Cost::kBuild,
                                 .max_request_bytes = kTextRequest,
                                 .audited = false};

}  // namespace

PageService::PageService(PageServiceInputs inputs)
    : RawService(inputs.environment, v1::PageService::service_full_name()), in_(inputs) {
  Writes(kRenderDocument, &PageService::Render);
}

absl::StatusOr<NextAnswer<v1::RenderDocumentResponse>> PageService::Render(
    const Call& call, const v1::RenderDocumentRequest& request) {
  const auto document =
      std::make_shared<Document>(DocumentInputs{.readers = in_.readers,
                                                .renderer = in_.renderer,
                                                .drawing = in_.drawing,
                                                .metrics = in_.environment->metrics},
                                 call.identity().tenant, request);
  return [document](const Call& asking, v1::RenderDocumentResponse* response) {
    return document->Next([&asking] { return asking.StillWanted(); }, response);
  };
}

}  // namespace fovea::service
