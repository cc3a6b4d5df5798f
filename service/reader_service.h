// The handlers of fovea.v1.ReaderService.
#ifndef FOVEA_SERVICE_READER_SERVICE_H_
#define FOVEA_SERVICE_READER_SERVICE_H_

#include "core/reader/reader_profile.h"
#include "fovea/v1/reader.grpc.pb.h"
#include "service/rpc.h"
#include "service/usage_ledger.h"

namespace fovea::service {

// All outlive the service.
struct ReaderServiceInputs {
  const RpcEnvironment* environment = nullptr;
  WorkerPool* pool = nullptr;
  const ReaderCatalogue* readers = nullptr;
  UsageLedger* usage = nullptr;
};

// Thread-safe.
class ReaderService final : public v1::ReaderService::CallbackService {
 public:
  explicit ReaderService(ReaderServiceInputs inputs) : in_(inputs) {}

  grpc::ServerUnaryReactor* CountTokens(grpc::CallbackServerContext* context,
                                        const v1::CountTokensRequest* request,
                                        v1::CountTokensResponse* response) override;

  grpc::ServerUnaryReactor* GetReaderProfile(grpc::CallbackServerContext* context,
                                             const v1::GetReaderProfileRequest* request,
                                             v1::GetReaderProfileResponse* response) override;

  grpc::ServerUnaryReactor* ReportUsage(grpc::CallbackServerContext* context,
                                        const v1::ReportUsageRequest* request,
                                        v1::ReportUsageResponse* response) override;

 private:
  absl::Status Count(const v1::CountTokensRequest& request,
                     v1::CountTokensResponse* response) const;

  const ReaderServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_READER_SERVICE_H_
