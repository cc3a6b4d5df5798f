#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/console.h"

int main(int argc, char** argv) {
  fovea::cli::Console console = fovea::cli::TerminalConsole();
  return fovea::cli::RunFovea(std::vector<std::string>(argv + 1, argv + argc), console);
}
