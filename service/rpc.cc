#include "service/rpc.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/status.h"

namespace fovea::service {
namespace {

std::string_view HeaderOf(const grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

}  // namespace

Call::Call(const RpcEnvironment& environment, grpc::CallbackServerContext* context,
           std::string_view method)
    : environment_(environment), context_(context), method_(method), started_(absl::Now()) {}

absl::Status Call::Begin() {
  auto identity = environment_.auth->Identify(HeaderOf(*context_, "authorization"));
  if (!identity.ok()) return identity.status();
  identity_ = *std::move(identity);
  return StillWanted();
}

absl::Status Call::StillWanted() const {
  if (std::chrono::system_clock::now() >= context_->deadline()) {
    return absl::DeadlineExceededError("the deadline passed before the answer was there");
  }
  if (context_->IsCancelled()) return absl::CancelledError("the client went away");
  return absl::OkStatus();
}

grpc::Status Call::End(const absl::Status& status) {
  const absl::Duration latency = absl::Now() - started_;
  environment_.metrics->Method(method_).Record(!status.ok(), latency);
  const double ms = absl::ToDoubleMilliseconds(latency);
  if (HasInternalText(status)) {
    environment_.log->error("{} [{}] failed after {:.2f} ms: {}", method_, identity_.tenant, ms,
                            status.ToString());
  } else {
    environment_.log->debug("{} [{}] {} in {:.2f} ms", method_, identity_.tenant,
                            absl::StatusCodeToString(status.code()), ms);
  }
  if (const auto required = RequiredTokensOf(status)) {
    context_->AddTrailingMetadata("fovea-required-tokens", absl::StrCat(*required));
  }
  return ToGrpcStatus(status);
}

absl::Status ServerBusy() { return absl::UnavailableError("too many calls wait for a thread"); }

}  // namespace fovea::service
