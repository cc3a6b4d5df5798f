// The command line as a function.
#ifndef FOVEA_CLI_APP_H_
#define FOVEA_CLI_APP_H_

#include <string>
#include <vector>

#include "cli/formats/console.h"

namespace fovea::cli {

// Runs one command line (without the program's name) and returns the exit code (cli/status.h):
// results on console.out, errors as one sentence on console.err. Reads FOVEA_SERVER and
// FOVEA_TOKEN.
int RunFovea(std::vector<std::string> arguments, Console& console);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_APP_H_
