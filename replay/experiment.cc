#include "replay/experiment.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <thread>
#include <utility>

#include "core/base/status_macros.h"
#include "replay/printable.h"

namespace fovea::replay {
namespace {

// One session with one reader.
struct Job {
  const Session* session = nullptr;
  const ReaderProfile* reader = nullptr;
  std::unique_ptr<PageBook> book;
  std::vector<Lived> lived;
  absl::Status status;
};

absl::StatusOr<std::unique_ptr<Strategy>> Make(std::string_view name, const Setting& setting) {
  if (name == kFullHistory) return FullHistory(setting);
  if (name == kTruncation) return Truncation(setting);
  if (name == kMasking) {
    return Masking(setting, MaskedResultsWithin(setting.session, setting.costs, setting.budget));
  }
  if (name == kGrid) return TextOrImageGrid(setting);
  return Fovea(setting);
}

Row RowOf(const Outcome& outcome, const CacheRule& cache) {
  const Usage& usage = outcome.usage;
  Row row;
  const double none = std::numeric_limits<double>::quiet_NaN();
  row.cost = usage.Cost(cache.read_price, cache.write_price);
  row.cost_at_01 = usage.Cost(0.1, cache.write_price);
  row.cost_reads = static_cast<double>(usage.cached) * cache.read_price;
  row.cost_text = static_cast<double>(usage.new_text) * cache.write_price;
  row.cost_pages = static_cast<double>(usage.new_pages) * cache.write_price;
  row.cost_again = static_cast<double>(usage.sent_again) * cache.write_price;
  if (outcome.refused > 0) {
    for (double Row::*const cost : {&Row::cost, &Row::cost_at_01, &Row::cost_reads, &Row::cost_text,
                                    &Row::cost_pages, &Row::cost_again}) {
      row.*cost = none;
    }
  }
  row.requests = outcome.requests;
  row.refused = outcome.refused;
  row.over_budget = outcome.over_budget;
  row.peak_tokens = usage.requests > 0 ? static_cast<double>(usage.peak) : none;
  row.mean_tokens = Ratio(static_cast<double>(usage.total()), static_cast<double>(usage.requests));
  row.prefix_breaks = usage.prefix_breaks;
  row.epochs = outcome.epochs;
  row.sidecar_strings = outcome.claims.strings;
  row.wrong_strings = outcome.claims.wrong_strings;
  row.text_turns = outcome.claims.texts;
  row.wrong_texts = outcome.claims.wrong_texts;
  row.first_wrong = outcome.claims.first_wrong;
  return row;
}

absl::Status LiveOne(Job& job, const TurnCosts& costs, const std::vector<Moment>& moments,
                     const PageRenderer& renderer, double share, int64_t budget,
                     const ExperimentOptions& options) {
  const Setting setting{.session = *job.session,
                        .costs = costs,
                        .reader = *job.reader,
                        .renderer = renderer,
                        .book = *job.book,
                        .budget = budget,
                        .policy = options.policy};
  for (const std::string_view name : options.strategies) {
    FOVEA_ASSIGN_OR_RETURN(auto strategy, Make(name, setting));
    FOVEA_ASSIGN_OR_RETURN(
        auto outcome, Replay(*job.session, moments, *strategy, job.reader->cache, setting.budget));
    Row row = RowOf(outcome, job.reader->cache);
    row.session = job.session->name;
    row.session_tokens = job.session->tokens;
    row.reader = Printable(job.reader->name);
    row.tokens_exact = job.reader->text_tokens_exact();
    row.budget_share = share;
    row.budget = setting.budget;
    row.strategy = name;
    job.lived.push_back({std::move(row), std::move(outcome), job.book.get()});
  }
  return absl::OkStatus();
}

void Run(Job& job, const PageRenderer& renderer, const ExperimentOptions& options) {
  const TurnCosts costs(*job.session, *job.reader);
  const std::vector<Moment> moments = Sampled(job.session->uses.moments, options.max_moments);
  job.book = std::make_unique<PageBook>(*job.session);
  for (const double share : options.budget_shares) {
    const auto wanted = static_cast<int64_t>(share * static_cast<double>(costs.total));
    job.status = LiveOne(job, costs, moments, renderer, share, std::max(options.min_budget, wanted),
                         options);
    if (!job.status.ok()) return;
  }
  for (const int64_t budget : options.budgets) {
    job.status = LiveOne(job, costs, moments, renderer, 0, budget, options);
    if (!job.status.ok()) return;
  }
}

void AddScore(const Score& score, Row& row) {
  row.shown = score.shown;
  row.shown_end = score.shown_end;
  row.gist = score.gist;
  row.moments = score.moments;
  row.survival = score.Survival();
  row.in_text = score.in_text / score.moments;
  row.in_sidecar = score.in_sidecar / score.moments;
  row.read_from_page = score.read_from_page / score.moments;
  row.lost_on_page = score.lost_on_page / score.moments;
  row.not_shown = score.not_shown / score.moments;
  row.edit_copies = score.edit_copies;
  row.copies_in_text = score.copies_in_text / score.edit_copies;
  row.copies_readable = score.copies_readable / score.edit_copies;
  row.recalls = score.Recalls();
  row.by_recall = score.by_recall;
  row.by_search = score.by_search;
  for (size_t kind = 1; kind < score.by_kind.size(); ++kind) {
    row.missing.emplace_back(score.by_kind[kind].moments, score.by_kind[kind].missing);
  }
  row.missing.emplace_back(score.own.moments, score.own.missing);
  row.missing.emplace_back(score.heard.moments, score.heard.missing);
}

}  // namespace

void ForEach(size_t count, int threads, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  const auto take = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(take);
  take();
}

absl::StatusOr<Experiment> Live(const std::vector<std::unique_ptr<Session>>& sessions,
                                const PageRenderer& renderer, const ExperimentOptions& options) {
  std::vector<Job> jobs;
  for (const auto& session : sessions) {
    for (const ReaderProfile& reader : options.readers) {
      jobs.push_back({.session = session.get(), .reader = &reader});
    }
  }
  ForEach(jobs.size(), options.threads, [&](size_t i) { Run(jobs[i], renderer, options); });
  Experiment experiment;
  for (Job& job : jobs) {
    if (!job.status.ok()) return job.status;
    std::ranges::move(job.lived, std::back_inserter(experiment.lived));
    experiment.books.push_back(std::move(job.book));
  }
  return experiment;
}

std::vector<Row> Rows(const Experiment& experiment, const PageReading& reading) {
  std::vector<Row> rows;
  for (const Lived& lived : experiment.lived) {
    Row row = lived.row;
    const auto recoveries = experiment.recoveries.find(&lived.book->session());
    AddScore(ScoreOf(lived.outcome, *lived.book, reading,
                     recoveries == experiment.recoveries.end() ? nullptr : &recoveries->second),
             row);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace fovea::replay
