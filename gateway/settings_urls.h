// Base URLs in the settings of agents that have a file for them: what a stale one breaks.
#ifndef FOVEA_GATEWAY_SETTINGS_URLS_H_
#define FOVEA_GATEWAY_SETTINGS_URLS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea::gateway {

struct SettingsUrl {
  std::string where;  // "base_url of model_providers.x in /home/u/.codex/config.toml"
  std::string url;    // "": only what is below is set
  bool used = false;  // by an agent that is started without more ado
  // "anthropic", "openai" or "gemini", whose upstream it is in a wrap; "": wrap lets it be.
  std::string vendor;
  std::string problem;   // why the vendor's requests cannot be led through wrap; "": they can
  std::string provider;  // Codex's, if it is one of the user's
};

struct AgentSettings {
  std::map<std::string, SettingsUrl> urls;  // by vendor
  std::vector<std::string> warnings;        // why requests may go past wrap
};

// Of Codex, opencode, pi, qwen and gemini in `home`, and of those in `folder` (absolute), in what
// is around it, and in the environment. Appends to `broken` what cannot be read.
std::vector<SettingsUrl> SettingsUrls(const std::string& home, const std::string& folder,
                                      std::vector<std::string>& broken);

// What the agent, started in `folder` with `arguments`, would use of its settings, and what wrap
// sets over. INVALID_ARGUMENT names a file that cannot be read: its requests, and the key in them,
// must not go elsewhere than it says. Empty for an agent that is none of the above.
absl::StatusOr<AgentSettings> SettingsOf(const std::string& agent, const std::string& folder,
                                         const std::vector<std::string>& arguments);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SETTINGS_URLS_H_
