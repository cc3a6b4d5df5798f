#include "service/page_service.h"

#include <memory>

#include "service/document.h"

namespace fovea::service {

grpc::ServerWriteReactor<v1::RenderDocumentResponse>* PageService::RenderDocument(
    grpc::CallbackServerContext* context, const v1::RenderDocumentRequest* request) {
  const auto document =
      std::make_shared<Document>(DocumentInputs{.readers = in_.readers,
                                                .renderer = in_.renderer,
                                                .drawing = in_.drawing,
                                                .metrics = in_.environment->metrics},
                                 *request);
  return new WriteStream<v1::RenderDocumentResponse>(
      *in_.environment, *in_.pool, context, "RenderDocument",
      [document](const Call&, auto* response) { return document->Next(response); });
}

}  // namespace fovea::service
