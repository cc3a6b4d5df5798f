#include "service/credentials.h"

#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "grpc/grpc.h"
#include "grpc/grpc_security.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "service/status.h"

namespace fovea::service {
namespace {

constexpr unsigned int kWatchSeconds = 1;

std::string_view View(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

grpc::Status CheckToken(const Authenticator& auth, std::string_view authorization) {
  return ToGrpcStatus(auth.Identify(authorization).status());
}

// Runs on gRPC's threads, for each call.
void CheckHeaders(void* state, grpc_auth_context* /*context*/, const grpc_metadata* headers,
                  size_t count, grpc_process_auth_metadata_done_cb done, void* user_data) {
  std::string_view authorization;
  for (size_t i = 0; i < count; ++i) {
    if (View(headers[i].key) == "authorization") authorization = View(headers[i].value);
  }
  const grpc::Status status = CheckToken(*static_cast<const Authenticator*>(state), authorization);
  done(user_data, nullptr, 0, nullptr, 0, static_cast<grpc_status_code>(status.error_code()),
       status.ok() ? nullptr : status.error_message().c_str());
}

// The same for credentials that take a processor in C++.
class TokenProcessor final : public grpc::AuthMetadataProcessor {
 public:
  explicit TokenProcessor(const Authenticator* auth) : auth_(auth) {}

  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& headers, grpc::AuthContext* /*context*/,
                       OutputMetadata* /*consumed*/, OutputMetadata* /*response*/) override {
    const auto found = headers.find("authorization");
    if (found == headers.end()) return CheckToken(*auth_, "");
    return CheckToken(*auth_, {found->second.data(), found->second.size()});
  }

 private:
  const Authenticator* const auth_;
};

void SetChecks(grpc_server_credentials* credentials, const Authenticator* auth) {
  grpc_server_credentials_set_auth_metadata_processor(
      credentials, {.process = CheckHeaders,
                    .destroy = nullptr,
                    // C has no other way to hand it through; it is only read.
                    .state = const_cast<Authenticator*>(auth)});  // NOLINT
}

// grpc::InsecureServerCredentials takes no checks, though what lies below it does.
class Plain final : public grpc::ServerCredentials {
 public:
  explicit Plain(const Authenticator* auth) : auth_(auth) {}

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    grpc_server_credentials* credentials = grpc_insecure_server_credentials_create();
    SetChecks(credentials, auth_);
    const int port = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return port;
  }

  const Authenticator* const auth_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> PlainCredentials(const Authenticator* auth) {
  return std::make_shared<Plain>(auth);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(
    const CertificateFiles& files, const Authenticator* auth) {
  const TlsFiles held = files.held();
  const auto watcher = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      held.key, held.certificate, held.client_ca, kWatchSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(watcher);
  options.watch_identity_key_cert_pairs();
  if (!held.client_ca.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  auto credentials = grpc::experimental::TlsServerCredentials(options);
  if (credentials == nullptr) return absl::InvalidArgumentError("TLS: gRPC takes no such files");
  credentials->SetAuthMetadataProcessor(std::make_shared<TokenProcessor>(auth));
  return credentials;
}

}  // namespace fovea::service
