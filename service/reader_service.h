// The handlers of fovea.v1.ReaderService.
#ifndef FOVEA_SERVICE_READER_SERVICE_H_
#define FOVEA_SERVICE_READER_SERVICE_H_

#include "core/reader/reader_profile.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "service/raw_service.h"
#include "service/usage_ledger.h"

namespace fovea::service {

// All outlive the service.
struct ReaderServiceInputs {
  const RpcEnvironment* environment = nullptr;
  const ReaderCatalogue* readers = nullptr;
  UsageLedger* usage = nullptr;
};

// Thread-safe.
class ReaderService final : public RawService<v1::ReaderService::Service> {
 public:
  explicit ReaderService(ReaderServiceInputs inputs);

 private:
  absl::Status Count(const Call& call, const v1::CountTokensRequest& request,
                     v1::CountTokensResponse* response);
  absl::Status Profile(const Call& call, const v1::GetReaderProfileRequest& request,
                       v1::GetReaderProfileResponse* response);
  absl::Status Report(const Call& call, const v1::ReportUsageRequest& request,
                      v1::ReportUsageResponse* response);

  const ReaderServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_READER_SERVICE_H_
