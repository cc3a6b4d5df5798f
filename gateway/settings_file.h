// Agents' files of settings, as the agents read them.
#ifndef FOVEA_GATEWAY_SETTINGS_FILE_H_
#define FOVEA_GATEWAY_SETTINGS_FILE_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace fovea::gateway {

// "" where there is no such file, or where it is a folder or a device. INVALID_ARGUMENT names a
// file that is there and cannot be read, or has over 1 MiB: what it sets is not known then.
absl::StatusOr<std::string> ReadSettings(const std::string& path);

// JSON with comments, and with commas behind a last item. Null for blanks alone, discarded for what
// is none or has over 200 levels.
nlohmann::ordered_json ParseSettings(absl::string_view text);

// Null where there is none; INVALID_ARGUMENT names what cannot be read or parsed.
absl::StatusOr<nlohmann::ordered_json> ReadSettingsJson(const std::string& path);

// What stands at a path of keys; null if there is nothing, or if it is no string.
const nlohmann::ordered_json* SettingAt(const nlohmann::ordered_json& json,
                                        const std::vector<const char*>& keys);
const std::string* StringAt(const nlohmann::ordered_json& json,
                            const std::vector<const char*>& keys);

// NAME=VALUE in lines, as in a file `.env`, where a string in quotes may have several; of one name
// the last.
std::map<std::string, std::string> ParseDotenv(absl::string_view text);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_SETTINGS_FILE_H_
