// Where fovead listens, and where fovea looks for it, when nobody says otherwise.
#ifndef FOVEA_CLI_DEFAULT_ADDRESS_H_
#define FOVEA_CLI_DEFAULT_ADDRESS_H_

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace fovea {

// "unix:$XDG_RUNTIME_DIR/fovea-UID.sock", in /tmp where XDG_RUNTIME_DIR is unset or empty: one
// server for each user of the machine. Thread-safe as long as nobody changes the environment.
inline std::string DefaultServerAddress() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = runtime != nullptr && *runtime != '\0' ? runtime : "/tmp";
  return "unix:" + folder + "/fovea-" + std::to_string(getuid()) + ".sock";
}

}  // namespace fovea

#endif  // FOVEA_CLI_DEFAULT_ADDRESS_H_
