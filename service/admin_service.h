// The handlers of fovea.v1.AdminService.
#ifndef FOVEA_SERVICE_ADMIN_SERVICE_H_
#define FOVEA_SERVICE_ADMIN_SERVICE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "core/log/log_store.h"
#include "core/page/page_store.h"
#include "fovea/v1/admin.grpc.pb.h"
#include "service/rpc.h"

namespace fovea::service {

// All outlive the service.
struct AdminServiceInputs {
  const RpcEnvironment* environment = nullptr;
  WorkerPool* pool = nullptr;
  LogStore* log = nullptr;
  PageStore* pages = nullptr;
  std::string version;
  std::string renderer_version;
  int64_t started_us = 0;
  std::function<size_t()> views_held;
  // Drops the pages that are in memory.
  std::function<void()> forget_pages;
};

// Thread-safe. Every call answers PERMISSION_DENIED unless the caller is an administrator.
class AdminService final : public v1::AdminService::CallbackService {
 public:
  explicit AdminService(AdminServiceInputs inputs) : in_(std::move(inputs)) {}

  grpc::ServerUnaryReactor* GetServerStats(grpc::CallbackServerContext* context,
                                           const v1::GetServerStatsRequest* request,
                                           v1::ServerStats* response) override;
  grpc::ServerUnaryReactor* GetStoreStats(grpc::CallbackServerContext* context,
                                          const v1::GetStoreStatsRequest* request,
                                          v1::StoreStats* response) override;
  grpc::ServerUnaryReactor* VerifyStore(grpc::CallbackServerContext* context,
                                        const v1::VerifyStoreRequest* request,
                                        v1::VerifyStoreResponse* response) override;
  grpc::ServerUnaryReactor* DropPages(grpc::CallbackServerContext* context,
                                      const v1::DropPagesRequest* request,
                                      v1::DropPagesResponse* response) override;

 private:
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const char* method,
                                  const Request* request, Response* response, Handler handler);

  const AdminServiceInputs in_;
};

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_ADMIN_SERVICE_H_
