// What there is around the process: its variables.
#ifndef FOVEA_GATEWAY_ENVIRONMENT_H_
#define FOVEA_GATEWAY_ENVIRONMENT_H_

#include <string>

namespace fovea::gateway {

// "" for a variable that is not set.
std::string Variable(const std::string& name);
bool IsSet(const std::string& name);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_ENVIRONMENT_H_
