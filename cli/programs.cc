#include "cli/programs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace fovea::cli {
namespace {

struct Program {
  const char* verb;
  const char* program;
  const char* description;
  const char* first =
      nullptr;  // an argument that comes before the user's, for a program with verbs
};

constexpr Program kPrograms[] = {
    {"replay", "fovea-replay", "what Fovea would have cost and shown on a history of yours"},
    {"wrap", "fovea-gateway",
     "run claude, codex, opencode, pi, gemini, qwen or copilot with its history in a bounded "
     "context",
     "wrap"},
    {"gateway", "fovea-gateway", "carry requests of agents that are pointed at it", "serve"},
    {"doctor", "fovea-gateway", "say what is wrong with all that; exit code 0, 1 or 2", "doctor"},
    {"savings", "fovea-gateway", "what was billed, and what full history would have cost",
     "savings"},
    {"statusline", "fovea-gateway", "one line for Claude Code's status line", "statusline"},
};

}  // namespace

void ListPrograms(CLI::App& app) {
  for (const Program& program : kPrograms) {
    CLI::App* verb = app.add_subcommand(program.verb, program.description);
    verb->prefix_command();
    verb->callback([program] {
      throw CLI::ValidationError(program.verb, "must come first, with its options behind it");
    });
  }
}

std::optional<int> RunProgram(const std::vector<std::string>& arguments, Console& console) {
  if (arguments.empty()) return std::nullopt;
  const auto* program = std::ranges::find(kPrograms, arguments[0], &Program::verb);
  if (program == std::end(kPrograms)) return std::nullopt;
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
  // Where fovea was called by a link, both may be links in the same folder.
  const std::filesystem::path beside = own.parent_path() / program->program;
  std::vector<char*> argv = {const_cast<char*>(program->program)};
  if (program->first != nullptr) argv.push_back(const_cast<char*>(program->first));
  for (auto argument = arguments.begin() + 1; argument != arguments.end(); ++argument) {
    argv.push_back(const_cast<char*>(argument->c_str()));
  }
  argv.push_back(nullptr);
  execv(beside.c_str(), argv.data());
  execvp(program->program, argv.data());
  console.err << "fovea: cannot run " << beside.string() << " nor " << program->program
              << " from PATH: " << std::strerror(errno) << "\n";
  return 1;
}

}  // namespace fovea::cli
