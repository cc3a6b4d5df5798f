// Who may use the gateway: only who was told of it.
#ifndef FOVEA_GATEWAY_GUARD_H_
#define FOVEA_GATEWAY_GUARD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/config.h"
#include "gateway/http_message.h"

namespace fovea::gateway {

// For clients whose base URL others can see, as that on a command line.
inline constexpr char kSecretHeader[] = "x-fovea-secret";

// Thread-safe.
class Guard {
 public:
  Guard(const GatewayConfig& config, int port);

  // Checks Host, Origin and the secret, which is the path's first segment or in the header
  // `x-fovea-secret`, and takes it out of the request. PERMISSION_DENIED if a web page asks, or a
  // name that is not the gateway's (a page's own name that was pointed at this machine); NOT_FOUND
  // without the secret.
  absl::Status Admit(Request& request) const;
  // The same, without a change of the request: its body need not be there.
  absl::Status Check(const Request& request) const;

 private:
  bool IsOwnName(absl::string_view host) const;
  bool InPath(absl::string_view target) const;
  bool InHeader(const Headers& headers) const;

  const std::string prefix_;  // "/SECRET", or empty
  std::vector<std::string> names_;
};

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_GUARD_H_
