// The handlers of fovea.v1.AdminService.
#ifndef FOVEA_SERVICE_ADMIN_SERVICE_H_
#define FOVEA_SERVICE_ADMIN_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "fovea/v1/admin.grpc.pb.h"
#include "memory_store/memory_store.h"
#include "service/housekeeping.h"
#include "service/raw_service.h"

namespace fovea::service {

// All outlive the service.
struct AdminServiceInputs {
  const RpcEnvironment* environment = nullptr;
  MemoryStore* store = nullptr;
  Housekeeping* housekeeping = nullptr;
  std::string version;
  std::string renderer_version;
  int64_t started_us = 0;
  std::function<size_t()> views_held;
  // Drops the pages that are in memory.
  std::function<void()> forget_pages;
};

// Thread-safe. Every call answers PERMISSION_DENIED unless the caller is an administrator.
class AdminService final : public RawService<v1::AdminService::Service> {
 public:
  explicit AdminService(AdminServiceInputs inputs);

 private:
  absl::Status ServerStats(const Call& call, const v1::GetServerStatsRequest& request,
                           v1::ServerStats* response);
  absl::Status StoreStats(const Call& call, const v1::GetStoreStatsRequest& request,
                          v1::StoreStats* response);
  absl::Status Verify(const Call& call, const v1::VerifyStoreRequest& request,
                      v1::VerifyStoreResponse* response);
  absl::Status Drop(const Call& call, const v1::DropPagesRequest& request,
                    v1::DropPagesResponse* response);
  absl::Status Repair(const Call& call, const v1::RepairStoreRequest& request,
                      v1::RepairStoreResponse* response);
  absl::Status Retain(const Call& call, const v1::ApplyRetentionRequest& request,
                      v1::ApplyRetentionResponse* response);
  absl::StatusOr<NextAnswer<v1::BackupChunk>> Backup(const Call& call,
                                                     const v1::BackupStoreRequest& request);
  std::unique_ptr<StreamConsumer<v1::BackupChunk, v1::RestoreStoreResponse>> Restore();

  const AdminServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_ADMIN_SERVICE_H_
