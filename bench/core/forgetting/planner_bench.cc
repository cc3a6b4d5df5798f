// What a turn costs the planner, in a short session and in a very long one. Every window of turns
// holds the same texts, so that windows differ only by where in the session they are.
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/core/forgetting/endless_history.h"
#include "core/base/status_macros.h"
#include "core/context/context.h"
#include "core/context/summary.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/reader/reader_profile.h"
#include "render/renderer.h"
#include "tests/support/grid_renderer.h"
#include "tests/support/histories.h"

namespace fovea::bench {
namespace {

struct Flags {
  std::vector<std::string> readers = {"claude", "gemini-3", "text-only"};
  int64_t budget = 50'000;
  uint64_t turns = 1'000'000;
  uint64_t window = 1'000;
  size_t windows = 9;
  size_t max_text_bytes = 1'500;
  bool real_layout = false;
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Of this thread, in microseconds: what others do on the machine does not count.
double ProcessorUs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Heap in use, in MiB.
double HeapMib() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<double>(heap.uordblks + heap.hblkhd) / (1 << 20);
}

std::vector<Turn> Cycle(const Flags& flags) {
  std::vector<std::vector<Turn>> histories;
  auto sessions = testing::SharedSessions("trajectories/deepswe.jsonl.gz");
  if (sessions.empty()) {
    sessions =
        testing::SessionsOf(std::string(FOVEA_SOURCE_DIR) + "/examples/long-session.jsonl.gz");
  }
  histories.reserve(sessions.size());
  for (testing::SharedSession& session : sessions) histories.push_back(std::move(session.turns));
  return CycleOf(histories, flags.window, flags.max_text_bytes);
}

// A session that grows; each call appends one window.
class GrowingSession {
 public:
  GrowingSession(const EndlessHistory& history, std::unique_ptr<Planner> planner)
      : history_(history), planner_(std::move(planner)) {}

  // Microseconds a turn. Making the turns is not counted.
  absl::StatusOr<double> AppendWindow(uint64_t turns) {
    std::vector<Turn> made;
    for (uint64_t i = 1; i <= turns; ++i) made.push_back(history_.Make(at() + i));
    const double start = ProcessorUs();
    for (const Turn& turn : made) {
      FOVEA_RETURN_IF_ERROR(planner_->Append(turn));
    }
    return (ProcessorUs() - start) / static_cast<double>(turns);
  }

  // Microseconds for what a context says of itself and for putting it together.
  absl::StatusOr<double> Serve() const {
    const double start = ProcessorUs();
    const ContextSummary summary = SummarizeContext(*planner_);
    FOVEA_ASSIGN_OR_RETURN(auto context, AssembleContext(*planner_, history_));
    if (summary.tokens > planner_->inputs().token_budget) {
      return absl::InternalError("the context is over its budget");
    }
    return ProcessorUs() - start;
  }

  const Plan& plan() const { return planner_->plan(); }
  uint64_t at() const { return plan().last_seq; }

 private:
  const EndlessHistory& history_;
  const std::unique_ptr<Planner> planner_;
};

// The median of some windows from where the session is on.
struct Cost {
  double append_us = 0;
  double worst_window_us = 0;
  double serve_us = 0;
};

absl::StatusOr<Cost> Measure(GrowingSession& session, const Flags& flags) {
  std::vector<double> appends;
  std::vector<double> serves;
  for (size_t i = 0; i < flags.windows; ++i) {
    FOVEA_ASSIGN_OR_RETURN(auto append, session.AppendWindow(flags.window));
    FOVEA_ASSIGN_OR_RETURN(auto serve, session.Serve());
    appends.push_back(append);
    serves.push_back(serve);
  }
  return Cost{.append_us = Median(appends),
              .worst_window_us = *std::ranges::max_element(appends),
              .serve_us = Median(serves)};
}

void Print(const char* what, const GrowingSession& session, const Cost& cost, double heap) {
  absl::PrintF(
      "%-22s %9d turns  %8.1f us a turn (worst window %.1f)  context %8.1f us  heap %7.1f MiB  "
      "%d chunks, %d epochs, %d runs\n",
      what, session.at(), cost.append_us, cost.worst_window_us, cost.serve_us, heap,
      session.plan().chunks.size(), session.plan().epochs.size(),
      session.plan().sheet.runs().size());
  std::fflush(stdout);
}

absl::StatusOr<std::unique_ptr<Planner>> NewPlanner(const Flags& flags,
                                                    const EndlessHistory& history,
                                                    const PageRenderer& renderer,
                                                    const std::string& name) {
  FOVEA_ASSIGN_OR_RETURN(auto catalogue, BuiltInReaders());
  FOVEA_ASSIGN_OR_RETURN(auto reader, catalogue.Find(name));
  return Planner::Create(
      {.reader = *reader, .token_budget = flags.budget, .renderer = &renderer, .turns = &history});
}

// Microseconds a turn of sessions of one window: the median.
absl::StatusOr<double> MeasureShort(const Flags& flags, const EndlessHistory& history,
                                    const PageRenderer& renderer, const std::string& name) {
  std::vector<double> appends;
  for (size_t i = 0; i < flags.windows; ++i) {
    FOVEA_ASSIGN_OR_RETURN(auto planner, NewPlanner(flags, history, renderer, name));
    FOVEA_ASSIGN_OR_RETURN(auto append,
                           GrowingSession(history, std::move(planner)).AppendWindow(flags.window));
    appends.push_back(append);
  }
  return Median(std::move(appends));
}

absl::Status Run(const Flags& flags, const EndlessHistory& history, const PageRenderer& renderer,
                 const std::string& name) {
  FOVEA_ASSIGN_OR_RETURN(auto whole, MeasureShort(flags, history, renderer, name));
  absl::PrintF("%-22s %9d turns  %8.1f us a turn\n", absl::StrCat(name, ", short"), flags.window,
               whole);
  const double heap_before = HeapMib();
  FOVEA_ASSIGN_OR_RETURN(auto planner, NewPlanner(flags, history, renderer, name));
  GrowingSession session(history, std::move(planner));
  double sum = 0;
  size_t windows = 0;
  const auto append_up_to = [&](uint64_t turns) -> absl::Status {
    for (; session.at() + flags.window <= turns; ++windows) {
      FOVEA_ASSIGN_OR_RETURN(auto append, session.AppendWindow(flags.window));
      sum += append;
    }
    return absl::OkStatus();
  };
  FOVEA_RETURN_IF_ERROR(append_up_to(flags.window));
  FOVEA_ASSIGN_OR_RETURN(auto early, Measure(session, flags));
  Print(absl::StrCat(name, ", early").c_str(), session, early, HeapMib() - heap_before);
  FOVEA_RETURN_IF_ERROR(
      append_up_to(flags.turns - std::min(flags.turns, flags.windows * flags.window)));
  FOVEA_ASSIGN_OR_RETURN(auto late, Measure(session, flags));
  Print(absl::StrCat(name, ", late").c_str(), session, late, HeapMib() - heap_before);
  absl::PrintF(
      "%-22s append %.2f times a short session's and %.2f times the early one; context %.2f times "
      "the early one; mean of the windows between %.1f us a turn\n",
      absl::StrCat(name, ", late"), late.append_us / whole, late.append_us / early.append_us,
      late.serve_us / early.serve_us, sum / static_cast<double>(windows));
  return absl::OkStatus();
}

absl::Status RunAll(const Flags& flags) {
  const EndlessHistory history(Cycle(flags));
  if (history.cycle() != flags.window) return absl::NotFoundError("there is no history to repeat");
  std::unique_ptr<PageRenderer> renderer = std::make_unique<testing::GridRenderer>();
  if (flags.real_layout) {
    FOVEA_ASSIGN_OR_RETURN(renderer, CreateRenderer({}));
  }
  absl::PrintF("commit %s, %s; processor time; budget %d; windows of %d turns; layout by the %s\n",
               FOVEA_COMMIT, FOVEA_BUILD_TYPE, flags.budget, flags.window,
               flags.real_layout ? "renderer" : "tests' grid");
  for (const std::string& reader : flags.readers) {
    FOVEA_RETURN_IF_ERROR(Run(flags, history, *renderer, reader));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) try {
  CLI::App app("What a turn costs the planner in a short session and in a long one");
  fovea::bench::Flags flags;
  app.add_option("--readers", flags.readers)->capture_default_str()->delimiter(',');
  app.add_option("--budget", flags.budget, "tokens")->capture_default_str();
  app.add_option("--turns", flags.turns, "of the long session")->capture_default_str();
  app.add_option("--window", flags.window, "turns timed together, and after which texts repeat")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--windows", flags.windows, "of which the median is taken")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--max-text-bytes", flags.max_text_bytes, "longer texts are cut")
      ->capture_default_str();
  app.add_flag("--real-layout", flags.real_layout, "by the renderer, which takes far longer");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = fovea::bench::RunAll(flags);
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
