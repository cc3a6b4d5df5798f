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
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/forgetting/planner.h"
#include "core/reader/reader_family.h"
#include "render/renderer.h"
#include "replay/experiment.h"
#include "replay/policy_flag.h"
#include "replay/read_histories.h"
#include "replay/report.h"
#include "replay/score.h"
#include "replay/tables.h"

namespace fovea::replay {
namespace {

constexpr int kBrokenPipe = 128 + SIGPIPE;

struct Flags {
  std::vector<std::string> files;
  std::string format;
  std::vector<std::string> readers = {"claude"};
  std::vector<std::string> budgets = {"64k"};
  std::vector<std::string> policy;
  std::string readers_folder;
  std::string csv;
  std::string html;
  bool json = false;
};

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

absl::StatusOr<std::string> ReadText(const std::filesystem::path& path) {
  constexpr uintmax_t kMostBytes = uintmax_t{1} << 20;
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return absl::NotFoundError(absl::StrCat(path.string(), ": ", error.message()));
  if (size > kMostBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), ": a profile of ", size,
                                                   " bytes; ", kMostBytes, " are allowed"));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return absl::UnavailableError(absl::StrCat(path.string(), ": cannot be read"));
  return text;
}

// The profiles of the folder's *.json join the built-in ones, or take the places of their names.
absl::Status AddReaders(const std::string& folder, ReaderCatalogue& catalogue) {
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto file = std::filesystem::directory_iterator(folder, error);
       !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
    if (file->path().extension() == ".json") files.push_back(file->path());
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat("--readers ", folder, ": ", error.message()));
  }
  if (files.empty()) {
    return absl::NotFoundError(absl::StrCat("--readers ", folder, ": holds no *.json"));
  }
  std::ranges::sort(files);
  for (const std::filesystem::path& file : files) {
    auto text = ReadText(file);
    if (!text.ok()) return text.status();
    auto profiles = ParseReaderFile(file.string(), *text);
    if (!profiles.ok()) return profiles.status();
    for (ReaderProfile& profile : *profiles) catalogue.Add(std::move(profile));
  }
  return absl::OkStatus();
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

absl::Status CheckOutputs(const Flags& flags) {
  absl::Status status = CheckOutput(flags, "--csv", flags.csv, flags.files);
  std::vector<std::string> others = flags.files;
  if (!flags.csv.empty()) others.push_back(flags.csv);
  return status.ok() ? CheckOutput(flags, "--html", flags.html, others) : status;
}

absl::StatusOr<ExperimentOptions> OptionsOf(const Flags& flags) {
  auto catalogue = BuiltInReaders();
  if (!catalogue.ok()) return catalogue.status();
  if (absl::Status status = AddReaders(flags.readers_folder, *catalogue); !status.ok()) {
    return status;
  }
  auto policy = PolicyOf(flags.policy);
  if (!policy.ok()) return policy.status();
  ExperimentOptions options{
      .strategies = {kFullHistory, kTruncation, kMasking, kFovea},
      .policy = *policy,
      .threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))};
  for (const std::string& text : flags.budgets) {
    auto budget = Tokens(text);
    if (!budget.ok()) return budget.status();
    options.budgets.push_back(*budget);
  }
  for (const std::string& name : flags.readers) {
    auto reader = catalogue->Find(name);
    if (!reader.ok()) return reader.status();
    options.readers.push_back(**reader);
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

absl::Status Run(const Flags& flags, const ExperimentOptions& options) {
  auto histories = ReadHistories(flags.files, flags.format);
  if (!histories.ok()) return histories.status();
  for (const std::string& left_out : histories->left_out) {
    std::cerr << "fovea replay: left out: " << left_out << "\n";
  }
  auto renderer = CreateRenderer({});
  if (!renderer.ok()) return renderer.status();
  auto experiment = Live(histories->sessions, **renderer, options);
  if (!experiment.ok()) return experiment.status();
  const std::vector<Row> rows = Rows(*experiment, ExpectedReading());
  if (absl::Status status = Write(flags.csv, Csv(rows)); !status.ok()) return status;
  if (absl::Status status = Write(flags.html, HtmlPage(rows)); !status.ok()) return status;
  if (flags.csv == "-" || flags.html == "-") return absl::OkStatus();
  if (flags.json) return Print(JsonRows(rows));
  std::string text;
  for (const auto& session : histories->sessions) {
    absl::StrAppend(&text, session->name, ": ", session->turns.size(), " turns, about ",
                    session->tokens, " tokens\n");
  }
  return Print(absl::StrCat(text, "\n", TextTable(rows)));
}

int Report(const absl::Status& status, int failed) {
  if (status.ok()) return 0;
  std::cerr << "fovea replay: " << status.message() << "\n";
  return failed;
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
                 "sessions as agents and frameworks leave them, plain or gzip, or folders of them")
      ->required();
  app.add_option("--format", flags.format, "of the files; found out if it is not given");
  app.add_option("--reader", flags.readers, "a model of `fovea readers`; may be given again")
      ->capture_default_str();
  app.add_option("--readers", flags.readers_folder,
                 "a folder of profiles of one's own, *.json as in readers/");
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
    return exit_code == 0 ? fovea::replay::Report(printed, 1) : exit_code;
  }
  // 2: what was asked for cannot be; 1: it could not be done.
  auto options = fovea::replay::OptionsOf(flags);
  if (!options.ok()) return fovea::replay::Report(options.status(), 2);
  const absl::Status outputs = fovea::replay::CheckOutputs(flags);
  if (!outputs.ok()) return fovea::replay::Report(outputs, 2);
  return fovea::replay::Report(fovea::replay::Run(flags, *options), 1);
} catch (const std::exception& error) {
  std::cerr << "fovea replay: " << error.what() << "\n";
  return 1;
}
