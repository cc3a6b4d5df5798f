// Where fovead listens, and whose that place is.
#ifndef FOVEA_GATEWAY_SERVER_ADDRESS_H_
#define FOVEA_GATEWAY_SERVER_ADDRESS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace fovea::gateway {

// Whether the server at "unix:PATH" or "HOST:PORT" may be told a conversation: a socket must be
// `user`'s, or root's, since the default place may be one where everybody can make files. OK for
// HOST:PORT, and where nothing is there: that leaks nothing. PERMISSION_DENIED names the owner, and
// refuses an abstract socket, which has none. Thread-safe.
absl::Status CheckServerOwner(const std::string& address, uid_t user);

// The path of "unix:PATH"; "" for another address.
std::string SocketPath(const std::string& address);

// What gRPC connects to for `address`: the very path that CheckServerOwner looks at.
std::string ServerTarget(const std::string& address);

// Whether something takes connections at "unix:PATH" or "HOST:PORT". Does not ask whose it is.
bool Answers(const std::string& address);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SERVER_ADDRESS_H_
