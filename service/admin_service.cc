#include "service/admin_service.h"

namespace fovea::service {

template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* AdminService::Unary(grpc::CallbackServerContext* context,
                                              const char* method, const Request* request,
                                              Response* response, Handler handler) {
  return ServeUnary(*in_.environment, *in_.pool, context, method, request, response,
                    [handler](const Call& call, const Request&, Response* out) -> absl::Status {
                      if (!call.identity().admin) {
                        return absl::PermissionDeniedError(
                            "this call reaches over all tenants; the token must be an "
                            "administrator's");
                      }
                      return handler(out);
                    });
}

grpc::ServerUnaryReactor* AdminService::GetServerStats(grpc::CallbackServerContext* context,
                                                       const v1::GetServerStatsRequest* request,
                                                       v1::ServerStats* response) {
  return Unary(context, "GetServerStats", request, response, [this](v1::ServerStats* out) {
    const Metrics& metrics = *in_.environment->metrics;
    out->set_version(in_.version);
    out->set_renderer_version(in_.renderer_version);
    out->set_started_us(in_.started_us);
    for (const MethodSnapshot& method : metrics.Methods()) {
      v1::ServerStats::Method* entry = out->add_methods();
      entry->set_name(method.name);
      entry->set_calls(method.calls);
      entry->set_errors(method.errors);
      entry->set_mean_ms(method.mean_ms);
      entry->set_p50_ms(method.p50_ms);
      entry->set_p99_ms(method.p99_ms);
    }
    out->set_epochs_crossed(metrics.epochs_crossed);
    out->set_pages_drawn(metrics.pages_drawn);
    out->set_pages_from_cache(metrics.pages_from_cache);
    out->set_views_held(in_.views_held());
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::GetStoreStats(grpc::CallbackServerContext* context,
                                                      const v1::GetStoreStatsRequest* request,
                                                      v1::StoreStats* response) {
  return Unary(context, "GetStoreStats", request, response, [this](v1::StoreStats* out) {
    auto log = in_.log->Stats();
    if (!log.ok()) return log.status();
    auto pages = in_.pages->Stats();
    if (!pages.ok()) return pages.status();
    out->set_sessions(log->sessions);
    out->set_turns(log->turns);
    out->set_stored_bytes(log->stored_bytes);
    out->set_log_file_bytes(log->file_bytes);
    out->set_commits(log->commits);
    out->set_appended_turns(log->appended_turns);
    out->set_pages(pages->pages);
    out->set_page_bytes(pages->bytes);
    out->set_page_file_bytes(pages->file_bytes);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::VerifyStore(grpc::CallbackServerContext* context,
                                                    const v1::VerifyStoreRequest* request,
                                                    v1::VerifyStoreResponse* response) {
  return Unary(context, "VerifyStore", request, response, [this](v1::VerifyStoreResponse* out) {
    auto report = in_.log->Verify();
    if (!report.ok()) return report.status();
    out->set_sessions(report->sessions);
    out->set_turns(report->turns);
    for (const std::string& problem : report->problems) out->add_problems(problem);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* AdminService::DropPages(grpc::CallbackServerContext* context,
                                                  const v1::DropPagesRequest* request,
                                                  v1::DropPagesResponse* response) {
  return Unary(context, "DropPages", request, response, [this](v1::DropPagesResponse* out) {
    auto pages = in_.pages->DeleteAll();
    if (!pages.ok()) return pages.status();
    in_.forget_pages();
    out->set_pages(*pages);
    return absl::OkStatus();
  });
}

}  // namespace fovea::service
