// How each agent is pointed at the gateway, without a file of its being changed.
#ifndef FOVEA_GATEWAY_AGENTS_H_
#define FOVEA_GATEWAY_AGENTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea::gateway {

struct AgentLaunch {
  std::vector<std::string> arguments;  // the program first
  std::vector<std::pair<std::string, std::string>> environment;
  std::string folder;  // made for it, and to be removed when it has ended; "" if none
};

// The names that `fovea wrap` knows.
std::vector<std::string> KnownAgents();

// `agent`: one of KnownAgents, or "" with a `wire`; `arguments`: what the user gave behind it (for
// a wire: the command). `base`: "http://127.0.0.1:PORT/SECRET". INVALID_ARGUMENT for an agent or a
// wire that is not known.
absl::StatusOr<AgentLaunch> LaunchOf(const std::string& agent, const std::string& wire,
                                     const std::vector<std::string>& arguments,
                                     const std::string& base);

// The variable that names a provider's base URL in agents' environments: "ANTHROPIC_BASE_URL".
std::vector<std::string> BaseUrlVariables();

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_AGENTS_H_
