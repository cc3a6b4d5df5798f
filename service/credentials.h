// How connections are secured, and who is let in before a message is read.
#ifndef FOVEA_SERVICE_CREDENTIALS_H_
#define FOVEA_SERVICE_CREDENTIALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "service/auth.h"
#include "service/certificate_files.h"

namespace fovea::service {

// Connections as they are. Every call's token is checked when its headers have come, before gRPC
// reads what else it sends. `auth` outlives the server.
std::shared_ptr<grpc::ServerCredentials> PlainCredentials(const Authenticator* auth);

// The same over TLS 1.2 or 1.3. What `files` takes up serves new connections a second later. Both
// outlive the server. INVALID_ARGUMENT if gRPC does not take it.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(
    const CertificateFiles& files, const Authenticator* auth);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CREDENTIALS_H_
