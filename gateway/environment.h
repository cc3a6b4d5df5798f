// What there is around the process: its variables, and small files of agents.
#ifndef FOVEA_GATEWAY_ENVIRONMENT_H_
#define FOVEA_GATEWAY_ENVIRONMENT_H_

#include <string>

namespace fovea::gateway {

// "" for a variable that is not set.
std::string Variable(const std::string& name);

// A file of settings; "" if it cannot be read or has more than 1 MiB.
std::string SettingsText(const std::string& path);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_ENVIRONMENT_H_
