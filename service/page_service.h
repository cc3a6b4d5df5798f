// The handlers of fovea.v1.PageService.
#ifndef FOVEA_SERVICE_PAGE_SERVICE_H_
#define FOVEA_SERVICE_PAGE_SERVICE_H_

#include "core/page/page.h"
#include "core/reader/reader_profile.h"
#include "fovea/v1/page.grpc.pb.h"
#include "service/drawing_pool.h"
#include "service/raw_service.h"

namespace fovea::service {

// All outlive the service.
struct PageServiceInputs {
  const RpcEnvironment* environment = nullptr;
  const ReaderCatalogue* readers = nullptr;
  const PageRenderer* renderer = nullptr;
  DrawingPool* drawing = nullptr;
};

// Thread-safe.
class PageService final : public RawService<v1::PageService::Service> {
 public:
  explicit PageService(PageServiceInputs inputs);

 private:
  absl::StatusOr<NextAnswer<v1::RenderDocumentResponse>> Render(
      const Call& call, const v1::RenderDocumentRequest& request);

  const PageServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_PAGE_SERVICE_H_
