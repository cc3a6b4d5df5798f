// TLS to a server, from files that the user names.
#ifndef FOVEA_CLI_TLS_H_
#define FOVEA_CLI_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace grpc {
class ChannelCredentials;
}  // namespace grpc

namespace fovea::cli {

struct TlsOptions {
  bool system = false;      // with the system's authorities
  std::string authorities;  // a file of PEM instead of them; "" for none
  std::string certificate;  // the client's chain in PEM; "" for none
  std::string key;          // and its key
  std::string name;         // in the server's certificate, where it is not the address's

  // Any of them asks for it.
  bool on() const {
    return system || !authorities.empty() || !certificate.empty() || !key.empty() || !name.empty();
  }
};

// INVALID_ARGUMENT if a file does not hold what it should, or the key is not the certificate's;
// NOT_FOUND or PERMISSION_DENIED if one cannot be read.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(const TlsOptions& options);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_TLS_H_
