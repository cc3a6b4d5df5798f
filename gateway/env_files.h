// The files `.env` that qwen and gemini read, as far as they lead requests.
#ifndef FOVEA_GATEWAY_ENV_FILES_H_
#define FOVEA_GATEWAY_ENV_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/settings_urls.h"

namespace fovea::gateway {

// Each appends the base URL that the agent would take, when it is started in `folder`, unless its
// environment has one. A file of the project's is one that the agent may not trust, which is not
// known here: it comes with a problem. Appends to `warnings` what may lead requests past wrap.
// INVALID_ARGUMENT for a file that cannot be read.
absl::Status AddQwenUrls(const std::string& home, const std::string& folder,
                         std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings);
absl::Status AddGeminiUrls(const std::string& home, const std::string& folder,
                           std::vector<SettingsUrl>& urls, std::vector<std::string>& warnings);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_ENV_FILES_H_
