// `fovea wrap`: an agent with everything that it needs around it, and nothing left behind.
#ifndef FOVEA_GATEWAY_WRAP_H_
#define FOVEA_GATEWAY_WRAP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/upstreams.h"

namespace fovea::gateway {

struct WrapOptions {
  std::string agent;  // one of KnownAgents; "" with a wire
  std::string wire;
  std::vector<std::string> arguments;  // of the agent, or the command
  std::string server;                  // fovead's address
  std::string data;                    // fovead's folder, where it must be started; "": its default
  GivenUpstreams upstreams;
  std::string proxy;               // towards the providers; "": as the environment says
  std::vector<std::string> serve;  // further flags for `fovea-gateway serve`
};

// Runs the agent to its end and gives its exit code. Starts fovead where none answers; it ends with
// the last wrap. The gateway is started again if it dies: the socket is held here, so that a
// request waits and is not refused; once it is given up, requests are refused. Without fovead
// everything passes; where no gateway can be had at all, the agent runs as without wrap. Both are
// said on standard error. INVALID_ARGUMENT, before anything is started, for an agent that is not
// known and for an upstream or settings that cannot be used.
absl::StatusOr<int> Wrap(const WrapOptions& options);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_WRAP_H_
