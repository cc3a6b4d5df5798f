// Where a server is, and whether others on the way or on this machine could be in its place.
#ifndef FOVEA_CLI_ADDRESS_H_
#define FOVEA_CLI_ADDRESS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fovea::cli {

struct ServerAddress {
  std::string socket;     // the Unix socket's path; empty for HOST:PORT
  bool loopback = false;  // HOST:PORT within this machine
  std::string target;     // what gRPC is told

  // Whether what is sent there stays within this machine.
  bool local() const { return !socket.empty() || loopback; }
};

// Of "unix:PATH" or "HOST:PORT". Looks nothing up: of names, only localhost is this machine.
// INVALID_ARGUMENT for an empty one and for an abstract socket, which has no owner.
absl::StatusOr<ServerAddress> ParseAddress(const std::string& address);

// A socket at `path` that is `user`'s, or root's. NOT_FOUND if nothing is there;
// FAILED_PRECONDITION for what is no socket; PERMISSION_DENIED for another user's.
absl::Status CheckSocketOwner(const std::string& path, uid_t user);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_ADDRESS_H_
