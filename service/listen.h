// Addresses: what fovead may listen on.
#ifndef FOVEA_SERVICE_LISTEN_H_
#define FOVEA_SERVICE_LISTEN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace fovea::service {

// "unix:$XDG_RUNTIME_DIR/fovea-UID.sock", in /tmp where XDG_RUNTIME_DIR is unset or empty; the
// command line looks there too.
std::string DefaultListenAddress();
// "$XDG_DATA_HOME/fovea", or "$HOME/.local/share/fovea".
std::string DefaultDataDirectory();

// True if only this machine reaches the HOST:PORT.
bool IsLoopback(absl::string_view address);

struct HostAndPort {
  std::string host;  // without the brackets of an IPv6 address
  uint32_t port = 0;
};
// Of HOST:PORT; INVALID_ARGUMENT if it is none.
absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view address);

// INVALID_ARGUMENT unless `address` is unix:PATH or HOST:PORT; unless `open_to_all`,
// FAILED_PRECONDITION for anything that other machines can reach.
absl::Status CheckAddress(absl::string_view address, bool open_to_all);

// Makes a place for a Unix socket: removes one that nobody answers on. FAILED_PRECONDITION if
// somebody does, or the path is something else. Does nothing for other addresses.
absl::Status ClearStaleSocket(const std::string& address);

}  // namespace fovea::service

#endif  // FOVEA_SERVICE_LISTEN_H_
