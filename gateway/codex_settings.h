// Codex's settings, as far as they lead its requests.
#ifndef FOVEA_GATEWAY_CODEX_SETTINGS_H_
#define FOVEA_GATEWAY_CODEX_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/settings_urls.h"

namespace fovea::gateway {

// Of config.toml in CODEX_HOME (or `home`/.codex), of the profile that `arguments` or the file
// chooses, and of `-c` in `arguments`. Appends every base URL to `urls`; the one that is used has
// the vendor "openai", with its provider unless that is Codex's own "openai". Appends to `warnings`
// what leads requests past wrap. INVALID_ARGUMENT for a file that cannot be
// read, or is no TOML.
absl::Status AddCodexUrls(const std::string& home, const std::vector<std::string>& arguments,
                          std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_CODEX_SETTINGS_H_
