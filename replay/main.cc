// fovea-replay: what a policy would do to a history, for a reader and a budget. `fovea replay` runs
// it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/forgetting/planner.h"
#include "readers/files/load_readers.h"
#include "render/renderer.h"
#include "replay/experiment.h"
#include "replay/policy_flag.h"
#include "replay/printable.h"
#include "replay/read_histories.h"
#include "replay/report.h"
#include "replay/score.h"
#include "replay/tables.h"
#include "transcripts/transcript.h"

namespace fovea::replay {
namespace {

constexpr int kBrokenPipe = 128 + SIGPIPE;
constexpr int kWrongUsage = 2;

struct Flags {
  std::vector<std::string> files;
  std::string format;
  std::vector<std::string> readers = {"claude"};
  std::vector<std::string> budgets = {"64k"};
  std::vector<std::string> policy;
  std::string readers_folder;
  std::string vocabularies;
  std::string csv;
  std::string html;
  bool json = false;
};

// What is said beside the figures, on one line of standard error.
void Complain(const std::string& what) {
  std::cerr << absl::StrCat("fovea replay: ", Printable(what), "\n");
}

// "64k" is 64,000 and "1m" is 1,000,000.
absl::StatusOr<int64_t> Tokens(std::string text) {
  int64_t unit = 1;
  if (!text.empty() && (text.back() == 'k' || text.back() == 'K')) unit = 1'000;
  if (!text.empty() && (text.back() == 'm' || text.back() == 'M')) unit = 1'000'000;
  std::string digits = text;
  if (unit > 1) digits.pop_back();
  double number = 0;
  const bool is_number = absl::SimpleAtod(digits, &number);
  number *= static_cast<double>(unit);
  // What is no number, "nan", is in no range.
  if (!is_number || !(number >= Planner::kMinBudget && number <= Planner::kMaxBudget)) {
    return absl::InvalidArgumentError(absl::StrCat("--budget ", text, ": must be ",
                                                   Planner::kMinBudget, " to ", Planner::kMaxBudget,
                                                   " tokens, such as 64000 or 64k"));
  }
  return static_cast<int64_t>(number);
}

// A folder that was named and is not there, or holds nothing, is a mistake.
absl::Status CheckFolder(const std::string& flag, const std::string& folder,
                         const std::string& ending) {
  namespace fs = std::filesystem;
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  bool any = false;
  for (auto file = fs::directory_iterator(folder, error);
       !error && file != fs::directory_iterator(); file.increment(error)) {
    any = any || ending.empty() || file->path().extension() == ending;
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat(flag, " ", folder, ": ", error.message()));
  }
  if (any) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(flag, " ", folder, ": holds no *", ending));
}

// The same readers as a server's, so that its planner is lived through and no other.
absl::StatusOr<ReaderCatalogue> Readers(const Flags& flags) {
  FOVEA_RETURN_IF_ERROR(CheckFolder("--readers", flags.readers_folder, ".json"));
  FOVEA_RETURN_IF_ERROR(CheckFolder("--vocabularies", flags.vocabularies, ""));
  return LoadReaders(flags.readers_folder,
                     flags.vocabularies.empty() ? DefaultVocabularyDirectory() : flags.vocabularies,
                     [](const absl::Status& status) {
                       Complain(absl::StrCat("text is estimated, as a vocabulary cannot be used: ",
                                             std::string(status.message())));
                     });
}

// Before hours of work: what is written is a file of its own, in a folder that can be written to.
absl::Status CheckOutput(const Flags& flags, const std::string& flag, const std::string& path,
                         const std::vector<std::string>& others) {
  namespace fs = std::filesystem;
  if (path.empty()) return absl::OkStatus();
  const auto refused = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", path, ": ", why));
  };
  std::error_code error;
  if (path == "-") {
    // The table, or another's rows, would stand between.
    const bool alone = !flags.json && (flags.csv == "-") != (flags.html == "-");
    return alone ? absl::OkStatus() : refused("standard output takes one of --csv, --html, --json");
  }
  if (fs::is_directory(path, error)) return refused("is a folder");
  const fs::path folder = fs::absolute(path, error).parent_path();
  const bool writable =
      fs::exists(path, error) ? access(path.c_str(), W_OK) == 0 : access(folder.c_str(), W_OK) == 0;
  if (!writable) return refused("cannot be written");
  for (const std::string& other : others) {
    if (fs::equivalent(path, other, error) || fs::absolute(path, error).lexically_normal() ==
                                                  fs::absolute(other, error).lexically_normal()) {
      return refused(absl::StrCat("is ", other, ", too"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOutputs(const Flags& flags, std::vector<std::string> inputs) {
  FOVEA_RETURN_IF_ERROR(CheckOutput(flags, "--csv", flags.csv, inputs));
  if (!flags.csv.empty()) inputs.push_back(flags.csv);
  return CheckOutput(flags, "--html", flags.html, inputs);
}

// What is given twice, if by another name, counts once.
absl::StatusOr<ExperimentOptions> OptionsOf(const Flags& flags) {
  if (!flags.format.empty()) {
    FOVEA_RETURN_IF_ERROR(transcripts::FormatByName(flags.format).status());
  }
  FOVEA_ASSIGN_OR_RETURN(const ReaderCatalogue catalogue, Readers(flags));
  FOVEA_ASSIGN_OR_RETURN(const Policy policy, PolicyOf(flags.policy));
  ExperimentOptions options{
      .strategies = {kFullHistory, kTruncation, kMasking, kFovea},
      .policy = policy,
      .threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))};
  for (const std::string& text : flags.budgets) {
    FOVEA_ASSIGN_OR_RETURN(const int64_t budget, Tokens(text));
    if (std::ranges::count(options.budgets, budget) == 0) options.budgets.push_back(budget);
  }
  for (const std::string& name : flags.readers) {
    FOVEA_ASSIGN_OR_RETURN(const ReaderProfile* reader, catalogue.Find(name));
    if (std::ranges::count(options.readers, reader->name, &ReaderProfile::name) == 0) {
      options.readers.push_back(*reader);
    }
  }
  return options;
}

absl::Status Print(const std::string& text) {
  errno = 0;
  std::cout << text << std::flush;
  if (std::cout) return absl::OkStatus();
  // Who read it is gone, as behind `| head`: ended as the signal would, without a word.
  if (errno == EPIPE) std::_Exit(kBrokenPipe);
  return absl::UnavailableError(
      absl::StrCat("standard output: ", errno == 0 ? "cannot be written" : std::strerror(errno)));
}

absl::Status Write(const std::string& path, const std::string& text) {
  if (path.empty()) return absl::OkStatus();
  if (path == "-") return Print(text);
  // In place: a device, a FIFO or a link stays what it is.
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(path, ": ", errno == 0 ? "cannot be written" : std::strerror(errno)));
}

absl::Status Run(const Flags& flags, const Histories& histories, const ExperimentOptions& options) {
  FOVEA_ASSIGN_OR_RETURN(auto renderer, CreateRenderer({}));
  FOVEA_ASSIGN_OR_RETURN(const Experiment experiment, Live(histories.sessions, *renderer, options));
  const std::vector<Row> rows = Rows(experiment, ExpectedReading());
  FOVEA_RETURN_IF_ERROR(Write(flags.csv, Csv(rows)));
  FOVEA_RETURN_IF_ERROR(Write(flags.html, HtmlPage(rows)));
  if (flags.csv == "-" || flags.html == "-") return absl::OkStatus();
  if (flags.json) return Print(JsonRows(rows));
  std::string text;
  for (const auto& session : histories.sessions) {
    absl::StrAppend(&text, session->name, ": ", session->turns.size(), " turns, about ",
                    session->tokens, " tokens\n");
  }
  return Print(absl::StrCat(text, "\n", TextTable(rows)));
}

int Report(const absl::Status& status, int failed) {
  if (status.ok()) return 0;
  Complain(std::string(status.message()));
  return failed;
}

// The files that were named, and those of the folders of readers and vocabularies.
std::vector<std::string> InputsOf(const Flags& flags) {
  std::vector<std::string> inputs = flags.files;
  for (const std::string& folder : {flags.readers_folder, flags.vocabularies}) {
    std::error_code error;
    for (auto file = std::filesystem::directory_iterator(folder, error);
         !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
      inputs.push_back(file->path().string());
    }
  }
  return inputs;
}

// 2: what was asked for cannot be; 1: it could not be done, or not with all that was named.
int ReplayAll(const Flags& flags) {
  const auto options = OptionsOf(flags);
  if (!options.ok()) return Report(options.status(), kWrongUsage);
  absl::Status outputs = CheckOutputs(flags, InputsOf(flags));
  if (!outputs.ok()) return Report(outputs, kWrongUsage);
  const auto histories = ReadHistories(flags.files, flags.format);
  if (!histories.ok()) return Report(histories.status(), 1);
  // Again, before hours of work: now it is known which files of the folders are histories.
  outputs = CheckOutputs(flags, histories->files);
  if (!outputs.ok()) return Report(outputs, kWrongUsage);
  for (const std::string& left_out : histories->left_out) {
    Complain(absl::StrCat("not read whole: ", left_out));
  }
  const int ran = Report(Run(flags, *histories, *options), 1);
  return ran == 0 && !histories->left_out.empty() ? 1 : ran;
}

}  // namespace
}  // namespace fovea::replay

int main(int argc, char** argv) try {
  CLI::App app(
      "Lives through histories turn by turn and says what each way to keep the context would have "
      "cost and shown: the full history, truncation in half-budget steps, masking of old tool "
      "results, and Fovea.",
      "fovea replay");
  fovea::replay::Flags flags;
  app.add_option("FILE", flags.files,
                 "sessions as agents and frameworks leave them, plain or gzip, or folders of them; "
                 "- is standard input")
      ->required();
  app.add_option("--format", flags.format, "of the files; found out if it is not given");
  app.add_option("--reader", flags.readers, "a model of `fovea readers`; may be given again")
      ->capture_default_str();
  app.add_option("--readers", flags.readers_folder,
                 "a folder of profiles of one's own, *.json as in readers/");
  app.add_option("--vocabularies", flags.vocabularies,
                 "a folder of vocabularies that count text exactly, as fovead's; where there is "
                 "none, text is estimated [$FOVEA_VOCABULARIES or "
                 "~/.local/share/fovea/vocabularies]");
  app.add_option("--budget", flags.budgets, "tokens, 64000 or 64k; may be given again")
      ->capture_default_str();
  app.add_option("--policy", flags.policy,
                 "frugal, balanced or exact, or FIELD=VALUE; may be given again");
  app.add_option("--csv", flags.csv, "write every row as CSV; - is standard output");
  app.add_option("--html", flags.html, "write a page with tables and plots; - is standard output");
  app.add_flag("--json", flags.json, "print the rows as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int exit_code = app.exit(error);
    const absl::Status printed = fovea::replay::Print("");
    return exit_code == 0 ? fovea::replay::Report(printed, 1) : fovea::replay::kWrongUsage;
  }
  return fovea::replay::ReplayAll(flags);
} catch (const std::exception& error) {
  fovea::replay::Complain(error.what());
  return 1;
}
