// The verbs that say why a context is as it is: why, diff.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "cli/message_json.h"
#include "cli/verb.h"

namespace fovea::cli {
namespace {

using Contexts = v1::ContextService::Stub;

struct WhyOptions {
  ViewOptions view;
  uint64_t seq = 0;
};

void PrintExplanation(const v1::ExplainTurnResponse& explained, Console& console) {
  console.out << absl::StrFormat("#%d is %s%s: %s\n", explained.seq(), explained.rung(),
                                 explained.pinned() ? " (pinned)" : "", explained.reason());
  if (explained.chunk().first() > 0) {
    console.out << "  moves together with "
                << RangeText(explained.chunk().first(), explained.chunk().last()) << '\n';
  }
  if (explained.group().first() > 0 && explained.group().first() != explained.group().last()) {
    console.out << "  belongs to the group of "
                << RangeText(explained.group().first(), explained.group().last()) << '\n';
  }
  console.out << absl::StrFormat("  %s tokens as text; legibility %.1f %% (%s)\n",
                                 Grouped(explained.text_tokens()), explained.legibility() * 100,
                                 explained.evidence());
  for (const v1::ExplainTurnResponse::Step& step : explained.history()) {
    console.out << absl::StrFormat("  epoch %d, turn %d: %s (%s)\n", step.epoch(), step.since_seq(),
                                   step.rung(), step.reason());
  }
  for (const std::string& page : explained.page_ids()) console.out << "  page " << page << '\n';
}

absl::Status RunWhy(const Environment& environment, const WhyOptions& options) {
  v1::ExplainTurnRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_seq(options.seq);
  const absl::StatusOr<v1::ExplainTurnResponse> explained =
      environment.client.Call(environment.client.contexts(), &Contexts::ExplainTurn, request);
  if (!explained.ok()) return explained.status();
  if (environment.json) {
    environment.PrintJson(MessageToJson(*explained));
  } else {
    PrintExplanation(*explained, environment.console);
  }
  return absl::OkStatus();
}

struct DiffOptions {
  ViewOptions view;
  uint64_t from = 0;
  uint64_t to = 0;
};

void PrintDiff(const v1::DiffEpochsResponse& diff, Console& console) {
  for (const v1::EpochInfo& epoch : diff.epochs()) {
    console.out << absl::StrFormat("epoch %d at turn %d: %s (%s tokens, before %s)\n",
                                   epoch.epoch(), epoch.since_seq(), epoch.reason(),
                                   Grouped(epoch.tokens_after()), Grouped(epoch.tokens_before()));
  }
  for (const v1::DiffEpochsResponse::Move& move : diff.moves()) {
    console.out << "  " << RangeText(move.range().first(), move.range().last()) << ": "
                << move.from_rung() << " → " << move.to_rung() << '\n';
  }
  if (diff.moves().empty()) console.out << "  nothing moved\n";
}

absl::Status RunDiff(const Environment& environment, const DiffOptions& options) {
  v1::DiffEpochsRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_from_epoch(options.from);
  request.set_to_epoch(options.to);
  const absl::StatusOr<v1::DiffEpochsResponse> diff =
      environment.client.Call(environment.client.contexts(), &Contexts::DiffEpochs, request);
  if (!diff.ok()) return diff.status();
  if (environment.json) {
    environment.PrintJson(MessageToJson(*diff));
  } else {
    PrintDiff(*diff, environment.console);
  }
  return absl::OkStatus();
}

}  // namespace

void AddInsightVerbs(Verbs& verbs) {
  verbs.Add<WhyOptions>(
      "why", "explain why a turn is where it is",
      [](CLI::App& verb, WhyOptions& options) {
        DeclareView(verb, options.view);
        verb.add_option("seq", options.seq, "the turn's number")->required();
      },
      RunWhy);
  verbs.Add<DiffOptions>(
      "diff", "show what moved between two epochs",
      [](CLI::App& verb, DiffOptions& options) {
        DeclareView(verb, options.view);
        verb.add_option("from", options.from, "an epoch")->required();
        verb.add_option("to", options.to, "a later epoch; 0: the newest")->required();
      },
      RunDiff);
}

}  // namespace fovea::cli
