// `fovea wrap`: an agent with everything that it needs around it, and nothing left behind.
#ifndef FOVEA_GATEWAY_WRAP_H_
#define FOVEA_GATEWAY_WRAP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea::gateway {

struct WrapOptions {
  std::string agent;  // one of KnownAgents; "" with a wire
  std::string wire;
  std::vector<std::string> arguments;  // of the agent, or the command
  std::string server;                  // fovead's address
  std::string data;                    // fovead's folder, where it must be started; "": its default
  std::vector<std::string> serve;      // flags for `fovea-gateway serve`
};

// Runs the agent to its end and gives its exit code. Starts fovead where none answers; it ends with
// the last wrap. The gateway is started again if it dies: the socket is held here, so that a
// request waits and is not refused. NOT_FOUND if there is no such agent; UNAVAILABLE if fovead does
// not start.
absl::StatusOr<int> Wrap(const WrapOptions& options);

// Runs fovead until no wrap holds the lock any more. For a process of its own.
int KeepFovead(const std::string& server, const std::string& data);

// Whether something takes connections at "unix:PATH" or "HOST:PORT".
bool Answers(const std::string& address);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_WRAP_H_
