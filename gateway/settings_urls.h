// Base URLs in the settings of agents that have a file for them: what a stale one breaks.
#ifndef FOVEA_GATEWAY_SETTINGS_URLS_H_
#define FOVEA_GATEWAY_SETTINGS_URLS_H_

#include <string>
#include <vector>

namespace fovea::gateway {

struct SettingsUrl {
  std::string where;  // "base_url of model_providers.x in /home/u/.codex/config.toml"
  std::string url;
  bool used = false;  // by an agent that is started without more ado
};

// Of Codex, opencode and pi in `home`, and of opencode in `folder`. Files that are not there, or
// not readable, have none.
std::vector<SettingsUrl> SettingsUrls(const std::string& home, const std::string& folder);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SETTINGS_URLS_H_
