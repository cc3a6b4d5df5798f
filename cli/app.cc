#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/client.h"
#include "cli/default_address.h"
#include "cli/formats/console.h"
#include "cli/formats/fitted_output.h"
#include "cli/formats/line_file.h"
#include "cli/formats/suggest.h"
#include "cli/programs.h"
#include "cli/status.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

constexpr char kDescription[] =
    "Optical memory for LLM agents: keeps a conversation losslessly, serves it in a bounded "
    "context.";
constexpr char kFooter[] =
    "Exit codes: 0 fine, 1 the call failed, 2 wrong usage, 3 the budget cannot hold what must be "
    "text.\n"
    "Environment: FOVEA_SERVER, FOVEA_TOKEN, NO_COLOR.";

constexpr size_t kMaxProblem = 2'000;  // characters of a message about wrong usage

struct GlobalOptions {
  std::string server = DefaultServerAddress();
  std::string token_file;
  bool json = false;
};

void DeclareGlobals(CLI::App& app, GlobalOptions& options) {
  app.add_option("--server", options.server, "where fovead listens: unix:PATH or HOST:PORT")
      ->envname("FOVEA_SERVER")
      ->take_last()
      ->capture_default_str();
  app.add_option("--token-file", options.token_file, "a file with the access token");
  app.add_flag("--json", options.json, "print JSON for scripts");
  app.set_version_flag("--version", std::string("fovea " FOVEA_VERSION));
  app.require_subcommand(1);
  app.footer(kFooter);
}

void AddVerbs(Verbs& verbs) {
  AddImportVerb(verbs);
  AddSessionVerbs(verbs);
  AddTiersVerb(verbs);
  AddContextVerb(verbs);
  AddPageVerb(verbs);
  AddTurnVerbs(verbs);
  AddViewsVerb(verbs);
  AddInsightVerbs(verbs);
  AddTransferVerbs(verbs);
  AddReaderVerbs(verbs);
  AddRenderVerb(verbs);
  AddCalibrateVerb(verbs);
  AddExamineVerb(verbs);
  AddToolsVerb(verbs);
  AddLadderVerb(verbs);
  AddAdminVerbs(verbs);
  AddStoreVerbs(verbs);
}

absl::StatusOr<std::string> Token(const GlobalOptions& options) {
  if (!options.token_file.empty()) return ReadTrimmed(options.token_file);
  const char* token = std::getenv("FOVEA_TOKEN");
  return std::string(token != nullptr ? token : "");
}

absl::Status RunVerb(const Work& work, const GlobalOptions& options, Console& console) {
  absl::StatusOr<std::string> token = Token(options);
  if (!token.ok()) return token.status();
  absl::StatusOr<std::unique_ptr<Client>> client =
      Client::Create({.address = options.server, .token = *std::move(token)});
  if (!client.ok()) return client.status();
  return work(Environment{.console = console, .client = **client, .json = options.json});
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

// Of the arguments, the first that is no option and no option's value: it was meant as the verb.
std::string FirstWord(const std::vector<std::string>& arguments) {
  bool value = false;
  for (const std::string& argument : arguments) {
    if (!value && !argument.empty() && argument[0] != '-') return argument;
    value = argument == "--server" || argument == "--token-file";
  }
  return "";
}

// CLI11 throws for wrong usage, and for --help and --version too.
int ReportUsage(const CLI::App& app, const CLI::ParseError& error,
                const std::vector<std::string>& arguments, const GlobalOptions& options,
                Console& console) {
  if (error.get_exit_code() == 0) {
    app.exit(error, console.out, console.err);
    return kFine;
  }
  std::string problem = error.what();
  if (app.get_subcommands().empty()) {
    absl::StrAppend(&problem, DidYouMean(FirstWord(arguments), VerbNames(app)));
  }
  problem = OneLine(problem, kMaxProblem);
  const absl::Status status = absl::InvalidArgumentError(problem);
  if (options.json) console.Exact() << DumpJson(ErrorJson(status)) << '\n';
  console.err << "fovea: " << problem << " (`fovea --help` or `fovea VERB --help` helps)\n";
  return kWrongUsage;
}

}  // namespace

int RunFovea(std::vector<std::string> arguments, Console& console) {
  if (console.terminal && console.exact == nullptr) {
    FittedOutput fitted(console.out, static_cast<size_t>(console.columns));
    Console inner{.out = fitted,
                  .err = console.err,
                  .colour = console.colour,
                  .terminal = true,
                  .live_progress = console.live_progress,
                  .columns = console.columns,
                  .exact = &console.out};
    return RunFovea(std::move(arguments), inner);
  }
  CLI::App app(kDescription, "fovea");
  GlobalOptions options;
  DeclareGlobals(app, options);
  Verbs verbs(app);
  AddVerbs(verbs);
  ListPrograms(app);
  // Known before parsing, so that a script gets its error as JSON whatever comes first.
  options.json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return ReportUsage(app, error, arguments, options, console);
  }
  const absl::Status status = RunVerb(verbs.chosen(), options, console);
  if (!status.ok()) {
    if (options.json && !IsReported(status)) {
      console.Exact() << DumpJson(ErrorJson(status)) << '\n';
    }
    console.err << "fovea: " << Sentence(status) << '\n';
  }
  console.out.flush();
  return ExitCodeOf(status);
}

}  // namespace fovea::cli
