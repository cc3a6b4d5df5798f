// Verbs that are programs of their own, installed beside fovea: what they do needs more than the
// public API.
#ifndef FOVEA_CLI_PROGRAMS_H_
#define FOVEA_CLI_PROGRAMS_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/formats/console.h"

namespace fovea::cli {

// Lists them in the help.
void ListPrograms(CLI::App& app);

// If the first argument is such a verb, the process becomes its program, with the arguments behind
// the verb. Returns an exit code if that failed, and nothing if the verb is another.
std::optional<int> RunProgram(const std::vector<std::string>& arguments, Console& console);

}  // namespace fovea::cli

#endif  // FOVEA_CLI_PROGRAMS_H_
