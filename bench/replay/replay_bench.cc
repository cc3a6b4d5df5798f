// Lives through real histories turn by turn and compares ways to keep the context within a budget:
// what is billed, what is shown, and what an agent finds of the strings that it is about to write.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bench/replay/bars.h"
#include "bench/replay/intervals.h"
#include "bench/replay/page_demand.h"
#include "bench/replay/page_reader.h"
#include "bench/replay/recovery.h"
#include "bench/replay/report.h"
#include "core/base/status_macros.h"
#include "render/renderer.h"
#include "replay/experiment.h"
#include "replay/lookups.h"
#include "replay/policy_flag.h"
#include "replay/report.h"
#include "tests/render/tesseract.h"
#include "tests/support/histories.h"

namespace fovea::replay {
namespace {

constexpr int64_t kMinTokens = 50'000;
constexpr size_t kEnoughMoments = 200;
constexpr int kDraws = 200;  // of the sample of pages

struct Flags {
  std::vector<std::string> histories;
  std::vector<std::string> readers = {"claude", "gpt-5.6", "gemini-3", "deepseek-flash",
                                      "deepseek-ocr"};
  std::vector<double> budgets = {0.10, 0.25};
  int64_t min_budget = 16'000;
  size_t sessions = 0;
  size_t moments = 0;
  std::string ocr = "none";
  size_t ocr_pages = 40;
  int ocr_lines = 9;
  std::string ocr_cache;
  int threads = 2;
  std::vector<std::string> policy;
  std::string out;
};

class TesseractReader final : public PictureReader {
 public:
  explicit TesseractReader(std::unique_ptr<render::Tesseract> reader)
      : reader_(std::move(reader)) {}
  std::string Read(const std::string& png, int top, int bottom, float times) override {
    return reader_->ReadRows(png, top, bottom, times);
  }
  double PercentRight(std::string_view text, std::string_view read) const override {
    return render::PercentRight(text, read);
  }

 private:
  const std::unique_ptr<render::Tesseract> reader_;
};

// Those of the given files that are long enough; without files, the shared histories', and where
// they are absent, the example's.
std::vector<std::unique_ptr<Session>> ReadSessions(const Flags& flags) {
  std::vector<testing::SharedSession> found;
  const auto add = [&](std::vector<testing::SharedSession> more) {
    for (testing::SharedSession& session : more) found.push_back(std::move(session));
  };
  for (const std::string& file : flags.histories) add(testing::SessionsOf(file));
  if (flags.histories.empty()) {
    for (const char* file : {"deepswe", "pi", "swe-smith", "swe-agent", "tau-airline", "aider"}) {
      add(testing::SharedSessions(absl::StrCat("trajectories/", file, ".jsonl.gz")));
    }
    if (found.empty()) {
      add(testing::SessionsOf(std::string(FOVEA_SOURCE_DIR) + "/examples/long-session.jsonl.gz"));
    }
  }
  std::vector<std::unique_ptr<Session>> sessions;
  for (testing::SharedSession& session : found) {
    uint64_t bytes = 0;
    for (const Turn& turn : session.turns) bytes += TurnCharacters(turn);
    if (bytes < kMinTokens) continue;  // no token is shorter than a character
    auto read = std::make_unique<Session>(session.name, std::move(session.turns));
    if (read->tokens > kMinTokens) sessions.push_back(std::move(read));
    if (flags.sessions > 0 && sessions.size() == flags.sessions) break;
  }
  return sessions;
}

absl::StatusOr<ReadBack> Read(const Experiment& experiment, const PageRenderer& renderer,
                              const Flags& flags) {
  std::filesystem::create_directories(flags.ocr_cache);
  const std::vector<PageDemand> demands = DemandsOf(experiment);
  const std::vector<const PageDemand*> pages =
      PagesToRead(demands, flags.ocr == "sample" ? flags.ocr_pages : 0);
  return ReadPages(demands, pages, renderer,
                   {.lines = flags.ocr == "all" ? 0 : flags.ocr_lines,
                    .cache_directory = flags.ocr_cache,
                    .cached_only = flags.ocr == "cached",
                    .make_reader = []() -> std::unique_ptr<PictureReader> {
                      auto tesseract = render::Tesseract::Create("eng");
                      if (tesseract == nullptr) return nullptr;
                      return std::make_unique<TesseractReader>(std::move(tesseract));
                    },
                    .threads = flags.threads,
                    .progress =
                        [&](size_t read) {
                          if (read % 10 != 0 && read != pages.size()) return;
                          std::fprintf(stderr, "read %zu of %zu pages\n", read, pages.size());
                        }});
}

// The sessions with too few moments for the bar, each with how many it has.
std::string WithFewMoments(const std::vector<std::unique_ptr<Session>>& sessions) {
  std::vector<std::string> few;
  for (const auto& session : sessions) {
    const size_t moments = session->uses.moments.size();
    if (moments < kEnoughMoments) few.push_back(absl::StrCat(session->name, " ", moments));
  }
  return few.empty() ? "none" : absl::StrJoin(few, ", ");
}

std::vector<std::string> Notes(const Flags& flags,
                               const std::vector<std::unique_ptr<Session>>& sessions,
                               const ReadBack* read_back) {
  std::vector<std::string> notes = {
      absl::StrCat("Commit ", FOVEA_COMMIT, ", ", FOVEA_BUILD_TYPE, ", compiler ", __VERSION__),
      absl::StrFormat("%d sessions of more than %d text tokens (estimated), %s moments a session",
                      sessions.size(), kMinTokens,
                      flags.moments == 0 ? "all" : absl::StrCat(flags.moments)),
      absl::StrFormat("Budgets are shares of the history's tokens by the reader's count, at least "
                      "%d; requests that are refused count as showing nothing",
                      flags.min_budget),
      absl::StrFormat("Sessions with fewer than %d moments: %s", kEnoughMoments,
                      WithFewMoments(sessions)),
      Describe(LookupsOf(sessions))};
  notes.emplace_back(
      "Each string was asked of a store that held the turns before: recall of the first turn with "
      "it, compared with the log byte for byte, and at most three searches by its label, its "
      "file's "
      "name or the words before it");
  if (!flags.policy.empty()) {
    notes.push_back(
        absl::StrCat("Fovea's policy is not the default: ", absl::StrJoin(flags.policy, ", ")));
  }
  if (read_back == nullptr) {
    notes.emplace_back(
        "Pages were not read: a string on a page counts by the rung's exact_legibility, a page for "
        "its gist if the rung's legibility is 0.85 or more. Both are expectations");
    return notes;
  }
  notes.emplace_back(
      flags.ocr == "all"
          ? "Every page was read by Tesseract"
          : absl::StrFormat(
                "Pages were sampled, and %d lines of each read by Tesseract, around a string that "
                "a moment looks for; the other strings and pages of the same line pitch and grey "
                "levels count by what was measured on these. The intervals are those of drawing "
                "the sample again",
                flags.ocr_lines));
  for (const auto& [typography, rate] : read_back->rates()) {
    notes.push_back(absl::StrFormat(
        "Line pitch %d px, %d bits: %d pages read, %.1f ± %.1f %% of their characters (95 %%); "
        "%.0f %% of the characters are where 85 %% or more come back; %.0f of %.0f moments that "
        "look for a string there find it",
        typography.first, typography.second, rate.pages,
        rate.percent_sum / static_cast<double>(rate.pages), rate.PercentError(),
        100 * rate.gist / rate.characters, rate.moments_read, rate.moments));
  }
  return notes;
}

void Write(const std::string& directory, const std::string& name, const std::string& text) {
  std::ofstream(directory + "/" + name, std::ios::binary) << text;
}

absl::StatusOr<ExperimentOptions> OptionsOf(const Flags& flags) {
  FOVEA_ASSIGN_OR_RETURN(auto catalogue, BuiltInReaders());
  FOVEA_ASSIGN_OR_RETURN(auto policy, PolicyOf(flags.policy));
  ExperimentOptions options{.budget_shares = flags.budgets,
                            .min_budget = flags.min_budget,
                            .policy = policy,
                            .max_moments = flags.moments,
                            .threads = flags.threads};
  for (const std::string& name : flags.readers) {
    FOVEA_ASSIGN_OR_RETURN(auto reader, catalogue.Find(name));
    options.readers.push_back(*reader);
  }
  return options;
}

absl::Status Run(const Flags& flags) {
  FOVEA_ASSIGN_OR_RETURN(auto options, OptionsOf(flags));
  FOVEA_ASSIGN_OR_RETURN(auto renderer, CreateRenderer({}));
  const std::vector<std::unique_ptr<Session>> sessions = ReadSessions(flags);
  if (sessions.empty()) return absl::NotFoundError("no session is long enough");
  FOVEA_ASSIGN_OR_RETURN(auto experiment, Live(sessions, *renderer, options));
  FOVEA_RETURN_IF_ERROR(
      Recover(sessions, absl::StrCat(flags.out, "/stores-", getpid()), options, experiment));
  ReadBack read_back;
  const bool reads = flags.ocr != "none";
  if (reads) {
    FOVEA_ASSIGN_OR_RETURN(read_back, Read(experiment, *renderer, flags));
  }
  const ExpectedReading expected;
  const PageReading& reading = reads ? static_cast<const PageReading&>(read_back) : expected;
  const std::vector<Row> rows = Rows(experiment, reading);
  std::vector<Bar> bars = CompareWithBars(rows);
  if (reads) AddIntervals(experiment, read_back, kDraws, flags.threads, bars);
  Write(flags.out, "rows.csv", Csv(rows));
  Write(flags.out, "replay.md",
        Markdown(rows, bars, Notes(flags, sessions, reads ? &read_back : nullptr)));
  for (const auto& [name, svg] : Plots(rows)) Write(flags.out, name, svg);
  for (const Bar& bar : bars) {
    absl::PrintF("%-3s %s: wanted %s; %s%s\n", bar.met ? "yes" : "no", bar.name, bar.wanted,
                 bar.measured, bar.interval.empty() ? "" : "; 95 %: " + bar.interval);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace fovea::replay

int main(int argc, char** argv) try {
  // OpenMP reads this before main does: Tesseract's own threads only get in each other's way.
  if (std::getenv("OMP_THREAD_LIMIT") == nullptr) {
    setenv("OMP_THREAD_LIMIT", "1", 1);
    execv("/proc/self/exe", argv);
  }
  CLI::App app("Compares ways to keep an agent's context within a budget, on real histories");
  fovea::replay::Flags flags;
  app.add_option("histories", flags.histories,
                 "JSON Lines, gzip; the shared histories, or else the example, if none is given");
  app.add_option("--out", flags.out, "directory for tables and plots")->required();
  app.add_option("--readers", flags.readers)->capture_default_str()->delimiter(',');
  app.add_option("--budgets", flags.budgets, "shares of the history")
      ->capture_default_str()
      ->delimiter(',');
  app.add_option("--min-budget", flags.min_budget, "tokens")->capture_default_str();
  app.add_option("--sessions", flags.sessions, "only the first; 0: all")->capture_default_str();
  app.add_option("--moments", flags.moments, "sampled a session; 0: all")->capture_default_str();
  app.add_option("--ocr", flags.ocr,
                 "which pages Tesseract reads; cached: those that it has read before")
      ->check(CLI::IsMember({"none", "sample", "cached", "all"}))
      ->capture_default_str();
  app.add_option("--ocr-pages", flags.ocr_pages, "of each typography, if sampled")
      ->capture_default_str();
  app.add_option("--ocr-lines", flags.ocr_lines,
                 "of each page that is not read with all, around a string that a moment looks for; "
                 "0: all of its lines")
      ->capture_default_str();
  app.add_option("--ocr-cache", flags.ocr_cache, "directory; OUT/pages-read if none is given");
  app.add_option("--policy", flags.policy,
                 "Fovea's, where it is not the default: tail_high=300,entry_rung=0; see "
                 "core/forgetting/policy.h")
      ->delimiter(',');
  app.add_option("--threads", flags.threads)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (flags.ocr_cache.empty()) flags.ocr_cache = flags.out + "/pages-read";
  const absl::Status status = fovea::replay::Run(flags);
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
