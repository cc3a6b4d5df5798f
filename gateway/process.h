// Processes that wrap starts and watches.
#ifndef FOVEA_GATEWAY_PROCESS_H_
#define FOVEA_GATEWAY_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace fovea::gateway {

struct Command {
  std::vector<std::string> arguments;  // the program first; looked for in PATH if it has no slash
  std::vector<std::pair<std::string, std::string>> environment;  // set beside the present one
  int keep_fd = -1;                  // a descriptor that stays open in it
  std::vector<int> default_signals;  // what this process alone ignores
  bool own_group = false;            // the terminal's signals do not reach it
  bool own_session = false;          // it outlives its parent
  bool quiet = false;                // standard input and output are /dev/null
  std::string log;  // standard error goes there, appended; "": as here; lost if it cannot be opened
};

// NOT_FOUND if there is no such program. Unless it is of its own session, it gets SIGTERM when its
// parent is gone, however that came.
absl::StatusOr<pid_t> Spawn(const Command& command);

// The folder of this program, where its sisters are.
std::string OwnFolder();

// `bytes` random bytes in hex.
std::string RandomHex(size_t bytes);

// The exit code that a shell would give for a status of waitpid.
int ShellExitCode(int status);

}  // namespace fovea::gateway

#endif  // FOVEA_GATEWAY_PROCESS_H_
