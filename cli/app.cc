#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/client.h"
#include "cli/default_address.h"
#include "cli/formats/console.h"
#include "cli/formats/fitted_output.h"
#include "cli/formats/json.h"
#include "cli/formats/line_file.h"
#include "cli/formats/output_file.h"
#include "cli/formats/suggest.h"
#include "cli/numbers.h"
#include "cli/programs.h"
#include "cli/status.h"
#include "cli/tls.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"

namespace fovea::cli {
namespace {

constexpr char kDescription[] =
    "Optical memory for LLM agents: keeps a conversation losslessly, serves it in a bounded "
    "context.";
constexpr char kFooter[] =
    "Exit codes: 0 fine, 1 the call failed, 2 wrong usage, 3 the budget cannot hold what must be "
    "text.\n"
    "Time: without --timeout an answer may take 60 seconds; 600 for import, export, render, turn, "
    "fork, delete, drop-pages; no limit for what builds a view (context, tiers, why, diff, page, "
    "ladder, examine) or goes through a store (backup, restore, restore-store, verify, repair, "
    "retain).\n"
    "Environment: FOVEA_SERVER, FOVEA_TOKEN, NO_COLOR.";

constexpr size_t kMaxProblem = 2'000;  // characters of a message about wrong usage

struct GlobalOptions {
  std::string server = DefaultServerAddress();
  std::string token_file;
  TlsOptions tls;
  bool insecure = false;
  std::optional<absl::Duration> timeout;
  bool json = false;
};

void DeclareTls(CLI::App& app, TlsOptions& tls) {
  app.add_flag("--tls", tls.system,
               "encrypt, and check the server by the system's authorities; so do the next four");
  app.add_option("--tls-ca", tls.authorities, "authorities in PEM instead of the system's")
      ->type_name("FILE");
  app.add_option("--tls-cert", tls.certificate, "a certificate to show the server, in PEM")
      ->type_name("FILE");
  app.add_option("--tls-key", tls.key, "the certificate's key")->type_name("FILE");
  app.add_option("--tls-name", tls.name,
                 "the name in the server's certificate, where a tunnel's address is another")
      ->type_name("NAME");
}

// "90" or "0.5"; nothing for what is no number of seconds that a clock could wait.
std::optional<absl::Duration> ParseSeconds(const std::string& text) {
  constexpr double kMax = 1e7;
  const std::optional<double> seconds = ParseDecimal(text, 0, kMax);
  if (!seconds.has_value() || *seconds == 0) return std::nullopt;
  return absl::Seconds(*seconds);
}

void DeclareTimeout(CLI::App& app, std::optional<absl::Duration>& timeout) {
  app.add_option_function<std::string>(
         "--timeout",
         [&timeout](const std::string& text) {
           timeout = ParseSeconds(text);
           if (timeout.has_value()) return;
           throw CLI::ValidationError("--timeout",
                                      text + " is no number of seconds up to 10000000, such as 90");
         },
         "for an answer, or the next part of a stream (calibrate, examine: before the verb)")
      ->default_str("60")
      ->type_name("SECONDS");
}

void DeclareGlobals(CLI::App& app, GlobalOptions& options) {
  app.add_option("--server", options.server, "where fovead listens: unix:PATH or HOST:PORT")
      ->envname("FOVEA_SERVER")
      ->take_last()
      ->capture_default_str();
  app.add_option("--token-file", options.token_file, "a file with the access token");
  DeclareTls(app, options.tls);
  app.add_flag("--insecure", options.insecure,
               "send the token without TLS, too, and trust a socket that is another user's");
  DeclareTimeout(app, options.timeout);
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
  if (!options.token_file.empty()) {
    absl::StatusOr<std::string> token = ReadTrimmed(options.token_file);
    if (token.ok() && token->empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--token-file: ", options.token_file, " holds no token"));
    }
    return token;
  }
  const char* token = std::getenv("FOVEA_TOKEN");
  return std::string(token != nullptr ? token : "");
}

absl::Status RunVerb(const Work& work, const GlobalOptions& options, Console& console) {
  FOVEA_ASSIGN_OR_RETURN(std::string token, Token(options));
  FOVEA_ASSIGN_OR_RETURN(std::unique_ptr<Client> client,
                         Client::Create({.address = options.server,
                                         .token = std::move(token),
                                         .tls = options.tls,
                                         .insecure = options.insecure,
                                         .timeout = options.timeout}));
  return work(Environment{.console = console, .client = *client, .json = options.json});
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

// Of the arguments, the first that is no option and no option's value: it was meant as the verb.
std::string FirstWord(const CLI::App& app, const std::vector<std::string>& arguments) {
  bool value = false;
  for (const std::string& argument : arguments) {
    if (!value && !argument.empty() && argument[0] != '-') return argument;
    const CLI::Option* option = app.get_option_no_throw(argument);
    value = option != nullptr && option->get_items_expected_max() > 0;
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
    absl::StrAppend(&problem, DidYouMean(FirstWord(app, arguments), VerbNames(app)));
  }
  problem = OneLine(problem, kMaxProblem);
  const absl::Status status = absl::InvalidArgumentError(problem);
  if (options.json) console.Exact() << DumpJson(ErrorJson(status)) << '\n';
  console.err << "fovea: " << problem << " (`fovea --help` or `fovea VERB --help` helps)\n";
  return kWrongUsage;
}

// Without the check that what was printed came out.
int Run(std::vector<std::string> arguments, Console& console) {
  if (console.terminal && console.exact == nullptr) {
    FittedOutput fitted(console.out, static_cast<size_t>(console.columns));
    Console inner{.out = fitted,
                  .err = console.err,
                  .colour = console.colour,
                  .terminal = true,
                  .live_progress = console.live_progress,
                  .columns = console.columns,
                  .exact = &console.out};
    return Run(std::move(arguments), inner);
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
  console.out.flush();
  // What is printed cannot come out any more: RunFovea says why, once.
  if (!console.Exact()) return kFailed;
  if (!status.ok()) {
    if (options.json && !IsReported(status)) {
      console.Exact() << DumpJson(ErrorJson(status)) << '\n';
    }
    console.err << "fovea: " << Sentence(status) << '\n';
  }
  return ExitCodeOf(status);
}

}  // namespace

int RunFovea(std::vector<std::string> arguments, Console& console) {
  const int exit_code = Run(std::move(arguments), console);
  const absl::Status written = OutputStatus(console.out, "standard output");
  if (written.ok()) return exit_code;
  // As a program that the signal ended: `fovea sessions | head` is no error to speak of.
  if (IsBrokenPipe(console.out)) return kBrokenPipe;
  console.err << "fovea: " << Sentence(written) << '\n';
  return kFailed;
}

}  // namespace fovea::cli
