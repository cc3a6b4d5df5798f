#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/app.h"
#include "cli/formats/console.h"
#include "cli/programs.h"

int main(int argc, char** argv) {
  fovea::cli::Console console = fovea::cli::TerminalConsole();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (const std::optional<int> exit_code = fovea::cli::RunProgram(arguments, console)) {
    return *exit_code;
  }
  return fovea::cli::RunFovea(std::move(arguments), console);
}
