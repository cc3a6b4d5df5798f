// The handlers of fovea.v1.PageService.
#ifndef FOVEA_SERVICE_PAGE_SERVICE_H_
#define FOVEA_SERVICE_PAGE_SERVICE_H_

#include "core/page/page.h"
#include "core/reader/reader_profile.h"
#include "fovea/v1/page.grpc.pb.h"
#include "service/rpc.h"

namespace fovea::service {

// All outlive the service.
struct PageServiceInputs {
  const RpcEnvironment* environment = nullptr;
  WorkerPool* pool = nullptr;
  const ReaderCatalogue* readers = nullptr;
  const PageRenderer* renderer = nullptr;
  WorkerPool* drawing = nullptr;
};

// Thread-safe.
class PageService final : public v1::PageService::CallbackService {
 public:
  explicit PageService(PageServiceInputs inputs) : in_(inputs) {}

  grpc::ServerWriteReactor<v1::RenderDocumentResponse>* RenderDocument(
      grpc::CallbackServerContext* context, const v1::RenderDocumentRequest* request) override;

 private:
  const PageServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_PAGE_SERVICE_H_
