// How each agent is pointed at the gateway, without a file of its being changed.
#ifndef FOVEA_GATEWAY_AGENTS_H_
#define FOVEA_GATEWAY_AGENTS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/agent_folder.h"
#include "gateway/claude_settings.h"
#include "gateway/settings_urls.h"

namespace fovea::gateway {

struct AgentLaunch {
  std::vector<std::string> arguments;  // the program first
  std::vector<std::pair<std::string, std::string>> environment;
  std::optional<AgentFolder> folder;  // made for it; to be ended when it has ended
  std::vector<std::string> warnings;  // why its requests may go past the gateway
};

// The names that `fovea wrap` knows.
std::vector<std::string> KnownAgents();

// `agent`: one of KnownAgents, or "" with a `wire`; `arguments`: what the user gave behind it (for
// a wire: the command). `base`: "http://127.0.0.1:PORT/SECRET". `claude`: ClaudeSettings, for
// claude. `own`: SettingsOf, where a base URL that is not the upstream is empty. INVALID_ARGUMENT
// for an agent or a wire that is not known, and for settings of the agent's that cannot be added
// to; UNAVAILABLE if a folder that it needs cannot be made.
absl::StatusOr<AgentLaunch> LaunchOf(const std::string& agent, const std::string& wire,
                                     const std::vector<std::string>& arguments,
                                     const std::string& base,
                                     const std::map<std::string, ClaudeVariable>& claude,
                                     const std::map<std::string, SettingsUrl>& own);

// The agent as it is started without Fovea.
std::vector<std::string> PlainCommand(const std::string& agent,
                                      const std::vector<std::string>& arguments);

// The variable that names a provider's base URL in agents' environments: "ANTHROPIC_BASE_URL".
std::vector<std::string> BaseUrlVariables();

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_AGENTS_H_
