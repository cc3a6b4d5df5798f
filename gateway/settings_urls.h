// Base URLs in the settings of agents that have a file for them: what a stale one breaks.
#ifndef FOVEA_GATEWAY_SETTINGS_URLS_H_
#define FOVEA_GATEWAY_SETTINGS_URLS_H_

#include <map>
#include <string>
#include <vector>

namespace fovea::gateway {

struct SettingsUrl {
  std::string where;  // "base_url of model_providers.x in /home/u/.codex/config.toml"
  std::string url;
  bool used = false;  // by an agent that is started without more ado
  // "anthropic", "openai" or "gemini", whose upstream it is in a wrap; "": wrap lets it be.
  std::string vendor;
  std::string foreign;  // what the provider is set to where that is another vendor's wire
};

// Of Codex, opencode and pi in `home`, and of opencode in `folder` (absolute), in what is around it
// up to its repository, and in the environment; of an agent's, a later one wins. Files that are not
// there, not readable, or of over 1 MiB have none.
std::vector<SettingsUrl> SettingsUrls(const std::string& home, const std::string& folder);

// By vendor: what opencode or pi, started in `folder`, would use, and what wrap writes over. Of
// other agents none.
std::map<std::string, SettingsUrl> OwnBaseUrls(const std::string& agent, const std::string& folder);

// The folder of pi's own files.
std::string PiFolder(const std::string& home);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SETTINGS_URLS_H_
