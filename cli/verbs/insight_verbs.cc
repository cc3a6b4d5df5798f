// The verbs that say why a context is as it is: why, diff.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "cli/client.h"
#include "cli/formats/message_json.h"
#include "cli/numbers.h"
#include "cli/verb.h"
#include "core/base/status_macros.h"
#include "fovea/v1/context.pb.h"

namespace fovea::cli {
namespace {

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
  FOVEA_ASSIGN_OR_RETURN(
      const v1::ExplainTurnResponse explained,
      environment.client.Call(contexts::kExplainTurn, request, Pace::kUnlimited));
  if (environment.json) {
    environment.PrintJson(MessageToJson(explained));
  } else {
    PrintExplanation(explained, environment.console);
  }
  return absl::OkStatus();
}

struct DiffOptions {
  ViewOptions view;
  uint64_t from = 0;
  uint64_t to = 0;
  std::vector<std::string> at;  // two turns, in place of the epochs
};

// What is said of a context as of a turn.
absl::StatusOr<v1::ContextSummary> SummaryAt(const Environment& environment,
                                             const ViewOptions& view, uint64_t seq) {
  v1::BuildContextRequest request;
  *request.mutable_view() = view.ToView();
  request.mutable_view()->set_as_of_seq(seq);
  FOVEA_ASSIGN_OR_RETURN(
      v1::PlanContextResponse plan,
      environment.client.Call(contexts::kPlanContext, request, Pace::kUnlimited));
  return std::move(*plan.mutable_summary());
}

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

// "verbatim" is the log's word.
std::string RungText(const std::string& rung) {
  return rung == "verbatim" ? "text" : rung == "latent" ? "recall only" : rung;
}

void PrintTurnsDiff(const v1::ContextSummary& before, const v1::ContextSummary& after,
                    const v1::DiffEpochsResponse& diff, Console& console) {
  console.out << absl::StrFormat(
      "from turn %d to turn %d: %s tokens → %s tokens, %d steps of "
      "forgetting\n",
      before.as_of_seq(), after.as_of_seq(), Grouped(before.tokens()), Grouped(after.tokens()),
      after.epoch() - before.epoch());
  if (after.as_of_seq() > before.as_of_seq()) {
    console.out << "  " << RangeText(before.as_of_seq() + 1, after.as_of_seq()) << ": new\n";
  }
  for (const v1::DiffEpochsResponse::Move& move : diff.moves()) {
    console.out << "  " << RangeText(move.range().first(), move.range().last()) << ": "
                << RungText(move.from_rung()) << " → " << RungText(move.to_rung()) << '\n';
  }
  for (const v1::EpochInfo& epoch : diff.epochs()) {
    console.out << "  at turn " << epoch.since_seq() << ": " << epoch.reason() << '\n';
  }
  if (diff.moves().empty()) console.out << "  no older turn moved\n";
}

absl::Status DiffTurns(const Environment& environment, const DiffOptions& options) {
  std::vector<uint64_t> turns(options.at.size());
  for (size_t i = 0; i < turns.size(); ++i) {
    const absl::string_view digits = absl::StripPrefix(options.at[i], "#");
    const auto turn = ParseWhole({digits.data(), digits.size()}, 0, UINT64_MAX);
    if (!turn.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--at ", options.at[i], " is no turn's number"));
    }
    turns[i] = *turn;
  }
  if (turns.size() != 2 || turns[0] > turns[1]) {
    return absl::InvalidArgumentError("--at is given twice, the earlier turn first");
  }
  FOVEA_ASSIGN_OR_RETURN(const v1::ContextSummary before,
                         SummaryAt(environment, options.view, turns[0]));
  FOVEA_ASSIGN_OR_RETURN(const v1::ContextSummary after,
                         SummaryAt(environment, options.view, turns[1]));
  v1::DiffEpochsResponse diff;
  if (after.epoch() > before.epoch()) {
    v1::DiffEpochsRequest request;
    *request.mutable_view() = options.view.ToView();
    request.mutable_view()->set_as_of_seq(turns[1]);
    request.set_from_epoch(before.epoch());
    request.set_to_epoch(after.epoch());
    FOVEA_ASSIGN_OR_RETURN(
        v1::DiffEpochsResponse answer,
        environment.client.Call(contexts::kDiffEpochs, request, Pace::kUnlimited));
    diff = std::move(answer);
  }
  if (environment.json) {
    Json report = MessageToJson(diff);
    report["from"] = MessageToJson(before);
    report["to"] = MessageToJson(after);
    environment.PrintJson(report);
  } else {
    PrintTurnsDiff(before, after, diff, environment.console);
  }
  return absl::OkStatus();
}

absl::Status RunDiff(const Environment& environment, const DiffOptions& options) {
  if (!options.at.empty()) return DiffTurns(environment, options);
  v1::DiffEpochsRequest request;
  *request.mutable_view() = options.view.ToView();
  request.set_from_epoch(options.from);
  request.set_to_epoch(options.to);
  FOVEA_ASSIGN_OR_RETURN(const v1::DiffEpochsResponse diff,
                         environment.client.Call(contexts::kDiffEpochs, request, Pace::kUnlimited));
  if (environment.json) {
    environment.PrintJson(MessageToJson(diff));
  } else {
    PrintDiff(diff, environment.console);
  }
  return absl::OkStatus();
}

}  // namespace

void AddInsightVerbs(Verbs& verbs) {
  verbs.Add<WhyOptions>(
      "why", "explain why a turn is where it is",
      [](CLI::App& verb, WhyOptions& options) {
        DeclareView(verb, options.view);
        DeclareSeq(verb, "seq", options.seq, "the turn's number")->required();
      },
      RunWhy);
  verbs.Add<DiffOptions>(
      "diff", "show what moved between two turns, or two epochs",
      [](CLI::App& verb, DiffOptions& options) {
        DeclareView(verb, options.view, /*with_at=*/false);
        TakeWhole(verb.add_option("from", options.from, "an epoch"), 0, UINT64_MAX);
        TakeWhole(verb.add_option("to", options.to, "a later epoch; 0: the newest"), 0, UINT64_MAX);
        verb.add_option("--at", options.at, "a turn; twice, in place of the epochs")
            ->type_name("TURN")
            ->expected(1)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      },
      RunDiff);
}

}  // namespace fovea::cli
