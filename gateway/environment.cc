#include "gateway/environment.h"

#include <cstdlib>

namespace fovea::gateway {

std::string Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

bool IsSet(const std::string& name) { return std::getenv(name.c_str()) != nullptr; }

}  // namespace fovea::gateway
