// How full pages are, and how much of a chat a small budget shows: the figures of docs/replay.md.
//
// A long session at 64,000 tokens: the share of its pages that are at least half as high as the
// paper, and what Fovea's own words take. Chats of 30,000 to 45,000 tokens, joined from the shared
// histories, at 5 and 10 % of their tokens: the share of the characters that is shown.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/context/summary.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/tokens/token_counter.h"
#include "render/renderer.h"
#include "tests/support/histories.h"

namespace fovea {
namespace {

constexpr int kHalfHeight = 546;  // of 1092 pixels
constexpr int64_t kMinChatTokens = 30'000;
constexpr int64_t kMaxChatTokens = 45'000;

struct Flags {
  std::vector<std::string> readers = {"claude", "gemini-3"};
  std::vector<std::string> policy = {"balanced"};
  std::string session = std::string(FOVEA_SOURCE_DIR) + "/examples/long-session.jsonl.gz";
  int64_t budget = 64'000;
  bool list = false;
};

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

int64_t TokensOf(const std::vector<Turn>& turns, const TokenCounter& counter) {
  int64_t tokens = 0;
  for (const Turn& turn : turns) tokens += counter.Turn(turn);
  return tokens;
}

// Sessions one after the other, without their system turns.
std::vector<std::vector<Turn>> Chats(const std::string& file, const TokenCounter& counter) {
  std::vector<std::vector<Turn>> chats;
  std::vector<Turn> chat;
  int64_t tokens = 0;
  for (const testing::SharedSession& session : testing::SharedSessions(file)) {
    std::vector<Turn> more;
    for (const Turn& turn : session.turns) {
      if (turn.role != Role::kSystem) more.push_back(turn);
    }
    const int64_t added = TokensOf(more, counter);
    if (tokens + added > kMaxChatTokens) {
      chat.clear();
      tokens = 0;
    }
    for (Turn& turn : more) {
      turn.seq = chat.size() + 1;
      chat.push_back(std::move(turn));
    }
    tokens += added;
    if (tokens < kMinChatTokens) continue;
    chats.push_back(std::move(chat));
    chat.clear();
    tokens = 0;
  }
  return chats;
}

struct Lived {
  std::unique_ptr<VectorTurnSource> source;
  std::unique_ptr<Planner> planner;
};

absl::StatusOr<Lived> Live(const std::vector<Turn>& turns, const ReaderProfile& reader,
                           const Policy& policy, int64_t budget, const PageRenderer& renderer) {
  Lived lived{.source = std::make_unique<VectorTurnSource>(turns)};
  FOVEA_ASSIGN_OR_RETURN(lived.planner, Planner::Create({.reader = reader,
                                                         .policy = policy,
                                                         .token_budget = budget,
                                                         .renderer = &renderer,
                                                         .turns = lived.source.get()}));
  for (const Turn& turn : turns) {
    FOVEA_RETURN_IF_ERROR(lived.planner->Append(turn));
  }
  return lived;
}

void PrintParts(const Planner& planner) {
  for (const SheetPart* part : planner.plan().sheet.prefix()) {
    std::string heights;
    for (const PlannedPage& page : part->drawn.pages) {
      absl::StrAppend(&heights, " ", page.extent.height);
    }
    std::printf(
        "    section %d rung %zu %s #%llu-#%llu chars %llu elided %llu: %lld tokens, %lld of "
        "pages, %lld of sidecar;%s\n",
        static_cast<int>(part->section), part->rung, part->place.is_gist() ? "gist" : "",
        static_cast<unsigned long long>(part->turns.first),
        static_cast<unsigned long long>(part->turns.last),
        static_cast<unsigned long long>(part->characters),
        static_cast<unsigned long long>(part->elided_characters),
        static_cast<long long>(part->tokens), static_cast<long long>(part->drawn.tokens),
        static_cast<long long>(part->sidecar_tokens), heights.c_str());
  }
  for (const SheetPart& turn : planner.plan().sheet.tail()) {
    std::printf("    tail #%llu%s: %lld tokens\n",
                static_cast<unsigned long long>(turn.turns.first), turn.on_pages ? " drawn" : "",
                static_cast<long long>(turn.tokens));
  }
  for (const EpochRecord& epoch : planner.plan().epochs) {
    std::printf("    epoch at #%llu: %lld to %lld tokens, %lld kept: %s\n",
                static_cast<unsigned long long>(epoch.since_seq),
                static_cast<long long>(epoch.tokens_before),
                static_cast<long long>(epoch.tokens_after),
                static_cast<long long>(epoch.kept_tokens), epoch.reason.c_str());
  }
}

// Of Fovea's own words: introductions and the legend, without sidecars.
int64_t WordsOf(const Planner& planner) {
  int64_t tokens = 0;
  for (const SheetPart* part : planner.plan().sheet.prefix()) {
    const bool says = part->section != SheetSection::kHead && part->section != SheetSection::kPins;
    if (says && (part->on_pages || !part->note.empty())) {
      tokens += part->tokens - part->drawn.tokens - part->sidecar_tokens;
    }
  }
  return tokens;
}

absl::Status LongSession(const Flags& flags, const ReaderProfile& reader, const Policy& policy,
                         const PageRenderer& renderer) {
  const std::vector<testing::SharedSession> sessions = testing::SessionsOf(flags.session);
  if (sessions.empty()) return absl::NotFoundError(flags.session);
  FOVEA_ASSIGN_OR_RETURN(auto lived,
                         Live(sessions.front().turns, reader, policy, flags.budget, renderer));
  const ContextSummary summary = SummarizeContext(*lived.planner);
  const auto high = std::ranges::count_if(
      summary.pages, [](const PlannedPage& page) { return page.extent.height >= kHalfHeight; });
  const auto words = static_cast<double>(WordsOf(*lived.planner));
  const Marks& marks = lived.planner->marks();
  std::printf(
      "%s, %lld tokens: %zu pages, %.1f %% of them %d px or more; own words %.2f %% of %lld "
      "tokens; marks %d %d %d %d, %zu epochs\n",
      reader.name.c_str(), static_cast<long long>(flags.budget), summary.pages.size(),
      100.0 * static_cast<double>(high) / std::max(1.0, static_cast<double>(summary.pages.size())),
      kHalfHeight, 100 * words / static_cast<double>(summary.tokens),
      static_cast<long long>(summary.tokens), marks.tail_high_permille, marks.tail_low_permille,
      marks.pressure_low_permille, marks.entry_rung, lived.planner->plan().epochs.size());
  if (flags.list) PrintParts(*lived.planner);
  return absl::OkStatus();
}

absl::Status ShownOfChats(const Flags& flags, const std::string& file, const ReaderProfile& reader,
                          const Policy& policy, const PageRenderer& renderer) {
  const TokenCounter counter(reader);
  const std::vector<std::vector<Turn>> chats = Chats(file, counter);
  for (const double share : {0.05, 0.10}) {
    std::vector<double> shown;
    for (const std::vector<Turn>& chat : chats) {
      const auto budget =
          static_cast<int64_t>(share * static_cast<double>(TokensOf(chat, counter)));
      FOVEA_ASSIGN_OR_RETURN(auto lived, Live(chat, reader, policy, budget, renderer));
      const CharacterCounts& counts = SummarizeContext(*lived.planner).characters;
      const auto seen = static_cast<double>(counts.text + counts.pages);
      shown.push_back(lived.planner->plan().required_tokens > 0
                          ? 0
                          : seen / (seen + static_cast<double>(counts.elided + counts.latent)));
      if (!flags.list) continue;
      std::printf("  budget %lld, used %lld, required %lld: shown %.3f, %zu epochs\n",
                  static_cast<long long>(budget), static_cast<long long>(lived.planner->tokens()),
                  static_cast<long long>(lived.planner->plan().required_tokens), shown.back(),
                  lived.planner->plan().epochs.size());
      PrintParts(*lived.planner);
    }
    std::printf("%s, %zu chats of %s at %.0f %%: shown %.1f %% in the median, %.1f %% at worst\n",
                reader.name.c_str(), chats.size(), file.c_str(), 100 * share, 100 * MedianOf(shown),
                shown.empty() ? 0 : 100 * *std::ranges::min_element(shown));
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags) {
  FOVEA_ASSIGN_OR_RETURN(auto catalogue, BuiltInReaders());
  FOVEA_ASSIGN_OR_RETURN(auto renderer, CreateRenderer({}));
  Policy policy;
  for (const std::string& name : flags.policy) {
    FOVEA_ASSIGN_OR_RETURN(policy.name, PolicyByName(name));
  }
  for (const std::string& name : flags.readers) {
    FOVEA_ASSIGN_OR_RETURN(auto reader, catalogue.Find(name));
    absl::Status status = LongSession(flags, *reader, policy, *renderer);
    for (const char* file : {"trajectories/tau-airline.jsonl.gz", "multilingual/xquad.jsonl.gz"}) {
      if (status.ok()) status = ShownOfChats(flags, file, *reader, policy, *renderer);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace fovea

int main(int argc, char** argv) try {
  CLI::App app("How full pages are, and how much of a chat a small budget shows");
  fovea::Flags flags;
  app.add_option("--readers", flags.readers)->capture_default_str()->delimiter(',');
  app.add_option("--policy", flags.policy, "by name")->capture_default_str();
  app.add_option("--session", flags.session, "JSON Lines, gzip")->capture_default_str();
  app.add_option("--budget", flags.budget, "of that session, tokens")->capture_default_str();
  app.add_flag("--list", flags.list, "every part of every context");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = fovea::Run(flags);
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
