#include "gateway/environment.h"

#include <cstddef>
#include <cstdlib>
#include <fstream>

namespace fovea::gateway {

std::string Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::string SettingsText(const std::string& path) {
  constexpr size_t kMaxBytes = size_t{1} << 20;
  std::ifstream file(path);
  if (!file) return "";
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text.size() > kMaxBytes ? "" : text;
}

}  // namespace fovea::gateway
