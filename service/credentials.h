// How connections are secured, and who is let in before a message is read.
#ifndef FOVEA_SERVICE_CREDENTIALS_H_
#define FOVEA_SERVICE_CREDENTIALS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"
#include "service/auth.h"

namespace fovea::service {

// Connections as they are. Every call's token is checked when its headers have come, before gRPC
// reads what else it sends. `auth` outlives the server.
std::shared_ptr<grpc::ServerCredentials> PlainCredentials(const Authenticator* auth);

struct TlsFiles {
  std::string certificate;  // a chain, in PEM
  std::string key;          // in PEM
  std::string client_ca;    // in PEM; "" if clients need no certificate
};

// The same over TLS 1.2 or 1.3. Files that change are taken up within a minute, by new connections.
// INVALID_ARGUMENT if one cannot be read or the key is not the certificate's.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const TlsFiles& files,
                                                                        const Authenticator* auth);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_CREDENTIALS_H_
