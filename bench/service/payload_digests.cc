// Digests of what is served: one line for each history, reader, budget and position, to compare one
// build with another. A refactoring changes none of them.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "core/base/sha256.h"
#include "core/base/status_macros.h"
#include "core/context/context.h"
#include "core/context/diff.h"
#include "core/context/explain.h"
#include "core/context/summary.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/reader/reader_profile.h"
#include "render/renderer.h"
#include "service/convert_context.h"
#include "service/native.h"
#include "service/wire/payload.h"
#include "tests/support/histories.h"

namespace fovea::bench {
namespace {

struct Flags {
  std::vector<std::string> files = {
      "trajectories/swe-agent.jsonl.gz",   "trajectories/swe-smith.jsonl.gz",
      "trajectories/tau-airline.jsonl.gz", "trajectories/aider.jsonl.gz",
      "trajectories/pi.jsonl.gz",          "trajectories/deepswe.jsonl.gz",
      "multilingual/xquad.jsonl.gz"};
  std::vector<std::string> readers = {"claude",         "gpt-5.6",      "gemini-3",
                                      "deepseek-flash", "deepseek-ocr", "text-only"};
  std::vector<int64_t> budgets = {16'000, 64'000};
  size_t every = 1;
  size_t random = 40;
  bool page_ids = false;
};

struct History {
  std::string name;
  std::vector<Turn> turns;
  std::vector<LogEvent> events;  // by after_seq
  Policy policy;
};

// With pins, recalls, compactions and unusual policies, which the shared histories do not have.
History RandomLife(uint64_t seed) {
  History life{.name = absl::StrCat("random-", seed),
               .turns = testing::RandomHistory(seed, {.max_turns = 240, .max_text_bytes = 3000})};
  std::mt19937_64 random(seed * 7 + 1);
  const auto upto = [&](uint64_t most) { return random() % most + 1; };
  if (upto(3) == 1) life.policy.entry_rung = static_cast<int>(upto(4)) - 1;
  if (upto(4) == 1) life.policy.forbid_drawn_results = true;
  if (upto(4) == 1) life.policy.pressure_low_permille = 500;
  if (upto(5) == 1) life.policy.forbid_unmeasured_rungs = true;
  for (Turn& turn : life.turns) {
    if (upto(3) > 1) turn.time_us = static_cast<int64_t>(turn.seq * upto(200) * 1'000'000);
    if (upto(12) > 1) continue;
    const uint64_t first = upto(turn.seq);
    life.events.push_back({.index = life.events.size() + 1,
                           .after_seq = turn.seq,
                           .kind = static_cast<LogEvent::Kind>(upto(4)),
                           .turns = {first, std::min(turn.seq, first + upto(2) - 1)}});
  }
  return life;
}

class Digester {
 public:
  Digester(const Flags& flags, const PageRenderer& renderer) : flags_(flags), renderer_(renderer) {}

  absl::Status Run(const History& history, const ReaderProfile& reader, int64_t budget) {
    const testing::VectorTurnSource source(history.turns);
    FOVEA_ASSIGN_OR_RETURN(auto planner, Planner::Create({.reader = reader,
                                                          .policy = history.policy,
                                                          .token_budget = budget,
                                                          .renderer = &renderer_,
                                                          .turns = &source}));
    const uint64_t turns = history.turns.size();
    const std::array<uint64_t, 3> stops = {turns / 3, turns * 2 / 3, turns};
    size_t event = 0;
    for (const Turn& turn : history.turns) {
      absl::Status status = planner->Append(turn);
      for (; status.ok() && event < history.events.size() &&
             history.events[event].after_seq == turn.seq;
           ++event) {
        status = planner->Apply(history.events[event]);
      }
      if (!status.ok()) return status;
      if (std::ranges::find(stops, turn.seq) == stops.end()) continue;
      status = Print(absl::StrCat(history.name, " ", reader.name, " ", budget, " @", turn.seq),
                     *planner, source);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void ForgetPages() { pages_.clear(); }

 private:
  absl::Status Print(const std::string& where, const Planner& planner, const TurnSource& source) {
    std::printf("%s says %s\n", where.c_str(), Sayings(planner).c_str());
    if (planner.plan().required_tokens > 0) {
      std::printf("%s needs %ld\n", where.c_str(), planner.plan().required_tokens);
      return absl::OkStatus();
    }
    FOVEA_ASSIGN_OR_RETURN(auto context, AssembleContext(planner, source));
    google::protobuf::RepeatedPtrField<v1::ContextBlock> blocks;
    const service::NativeDigests native = service::WriteNative(context, &blocks);
    Print(where, "native", native.prefix_sha256, native.sha256);
    for (const auto& [name, format] :
         {std::pair{"anthropic", wire::PayloadFormat::kAnthropic},
          std::pair{"openai-responses", wire::PayloadFormat::kOpenAiResponses}}) {
      wire::PayloadWriter writer(0);
      FOVEA_ASSIGN_OR_RETURN(
          auto payload,
          writer.Write(context, {.format = format,
                                 .reader = wire::TraitsOf(planner.inputs().reader),
                                 .load = [&](const auto& pages) { return Load(pages, source); }}));
      Print(where, name, payload.prefix_sha256, payload.sha256);
    }
    return absl::OkStatus();
  }

  static void Print(const std::string& where, const char* format, const std::string& prefix,
                    const std::string& whole) {
    std::printf("%s %s prefix %s payload %s\n", where.c_str(), format, prefix.c_str(),
                whole.c_str());
  }

  // The summary, what is said of each turn, and all moves between epochs.
  static std::string Sayings(const Planner& planner) {
    Sha256 hash;
    v1::ContextSummary summary;
    service::SummaryToProto(SummarizeContext(planner), &summary);
    hash.UpdateField(summary.SerializeAsString());
    for (uint64_t seq = 1; seq <= planner.plan().last_seq; ++seq) {
      auto explanation = ExplainTurn(planner, seq);
      if (!explanation.ok()) continue;
      v1::ExplainTurnResponse said;
      service::ExplanationToProto(*explanation, &said);
      hash.UpdateField(said.SerializeAsString());
    }
    const uint64_t last = planner.plan().epoch();
    for (const auto& [from, to] : {std::pair{uint64_t{0}, last}, std::pair{last / 2, last}}) {
      auto diff = DiffEpochs(planner, from, to);
      if (!diff.ok()) continue;
      v1::DiffEpochsResponse moves;
      service::DiffToProto(*diff, &moves);
      hash.UpdateField(moves.SerializeAsString());
    }
    return hash.HexDigest();
  }

  absl::StatusOr<wire::PageBytes> Load(const std::vector<const PlannedPage*>& wanted,
                                       const TurnSource& source) {
    wire::PageBytes bytes;
    for (const PlannedPage* page : wanted) {
      auto& kept = pages_[page->page_id];
      if (kept == nullptr && flags_.page_ids) {
        kept = std::make_shared<const std::string>(page->page_id);
      } else if (kept == nullptr) {
        FOVEA_ASSIGN_OR_RETURN(auto content, StripContent(page->strip, source));
        FOVEA_ASSIGN_OR_RETURN(auto drawn, DrawPlannedPage(*page, content, renderer_));
        kept = std::make_shared<const std::string>(std::move(drawn.png));
      }
      bytes[page->page_id] = kept;
    }
    return bytes;
  }

  const Flags& flags_;
  const PageRenderer& renderer_;
  std::map<std::string, std::shared_ptr<const std::string>> pages_;
};

absl::Status RunAll(const Flags& flags) {
  FOVEA_ASSIGN_OR_RETURN(auto catalogue, BuiltInReaders());
  FOVEA_ASSIGN_OR_RETURN(auto renderer, CreateRenderer({}));
  std::vector<History> histories;
  for (const std::string& file : flags.files) {
    std::vector<testing::SharedSession> sessions = testing::SharedSessions(file);
    if (sessions.empty()) return absl::NotFoundError(absl::StrCat("no shared history ", file));
    for (size_t i = 0; i < sessions.size(); i += flags.every) {
      histories.push_back(
          {.name = absl::StrCat(file, ":", i), .turns = std::move(sessions[i].turns)});
    }
  }
  for (uint64_t seed = 1; seed <= flags.random; ++seed) histories.push_back(RandomLife(seed));
  Digester digester(flags, *renderer);
  for (const History& history : histories) {
    digester.ForgetPages();
    for (const std::string& name : flags.readers) {
      FOVEA_ASSIGN_OR_RETURN(auto reader, catalogue.Find(name));
      for (const int64_t budget : flags.budgets) {
        FOVEA_RETURN_IF_ERROR(digester.Run(history, *reader, budget));
      }
    }
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace fovea::bench

int main(int argc, char** argv) try {
  CLI::App app("Digests of what is served, to compare one build with another");
  fovea::bench::Flags flags;
  app.add_option("--files", flags.files, "of the shared histories")->delimiter(',');
  app.add_option("--readers", flags.readers)->capture_default_str()->delimiter(',');
  app.add_option("--budgets", flags.budgets, "tokens")->capture_default_str()->delimiter(',');
  app.add_option("--every", flags.every, "of a file's sessions, only every so many-th")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--random", flags.random, "random histories, with pins and recalls")
      ->capture_default_str();
  app.add_flag("--page-ids", flags.page_ids,
               "draw nothing: a page's id, from which its bytes follow, stands for them");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = fovea::bench::RunAll(flags);
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
