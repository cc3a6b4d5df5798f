// Where the gateway keeps what it keeps.
#ifndef FOVEA_GATEWAY_PATHS_H_
#define FOVEA_GATEWAY_PATHS_H_

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace fovea::gateway {

// "$XDG_DATA_HOME/fovea", or "$HOME/.local/share/fovea": Fovea's data directory.
inline std::string DataFolder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return std::string(data) + "/fovea";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "/tmp") + "/.local/share/fovea";
}

inline std::string DefaultDatabase() { return DataFolder() + "/gateway.db"; }
inline std::string DefaultLog() { return DataFolder() + "/gateway.log"; }

// What the user's files begin with in the folder for sockets, where others may have theirs.
inline std::string RuntimePrefix() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = runtime != nullptr && *runtime != '\0' ? runtime : "/tmp";
  return folder + "/fovea-" + std::to_string(getuid());
}

// Where fovead listens when nobody says otherwise.
inline std::string DefaultServer() { return "unix:" + RuntimePrefix() + ".sock"; }

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_PATHS_H_
