#include "replay/replay.h"

#include <algorithm>
#include <optional>

#include "core/base/status_macros.h"

namespace fovea::replay {
namespace {

bool IsRequest(const Turn& turn) { return turn.role == Role::kAssistant && turn.seq > 1; }

void CountShown(const Session& session, const Served& served, uint64_t turns,
                ShownCharacters& shown) {
  double text = 0;
  for (uint64_t i = 0; i < turns; ++i) {
    const auto all = static_cast<double>(session.characters[i]);
    shown.all += all;
    const TurnView view = served.refused ? TurnView::kHidden : served.turns[i];
    if (view == TurnView::kText) text += all;
    if (view == TurnView::kTextWithoutResults) {
      text += all - static_cast<double>(session.result_characters[i]);
    }
  }
  double on_pages = 0;
  for (const SeenPage* page : served.pages) on_pages += static_cast<double>(page->characters);
  // A page's own count includes the marks of calls, which the history's does not.
  double share = 1;
  if (served.characters.has_value()) {
    text = static_cast<double>(served.characters->text);
    if (on_pages > 0) share = static_cast<double>(served.characters->pages) / on_pages;
  }
  shown.text += text;
  for (const SeenPage* page : served.pages) {
    shown.pages[page->number] += share * static_cast<double>(page->characters);
  }
}

int64_t TokensOf(const std::vector<Segment>& prompt) {
  int64_t tokens = 0;
  for (const Segment& segment : prompt) tokens += segment.tokens;
  return tokens;
}

}  // namespace

bool HasWritten(const Session& session, const UsedString& used, uint64_t seq) {
  return std::ranges::any_of(used.occurrences, [&](const Occurrence& occurrence) {
    return occurrence.seq < seq && !occurrence.in_results &&
           session.turns[occurrence.seq - 1].role == Role::kAssistant;
  });
}

CopyVerdict LocateCopy(const Session& session, size_t index, const Served& served) {
  CopyVerdict verdict;
  for (const Occurrence& source : session.edit_copies[index].sources) {
    if (source.seq > served.turns.size()) break;
    const TurnView view = served.turns[source.seq - 1];
    if (view == TurnView::kText || (view == TurnView::kTextWithoutResults && !source.in_results)) {
      verdict.in_text = true;
      return verdict;
    }
  }
  for (const SeenPage* page : served.pages) {
    if (std::ranges::binary_search(page->edit_copies, index)) verdict.pages.push_back(page);
  }
  return verdict;
}

Verdict Locate(const UsedString& used, uint32_t string, const Served& served) {
  Verdict verdict{.string = string};
  for (const Occurrence& occurrence : used.occurrences) {
    if (occurrence.seq > served.turns.size()) break;
    const TurnView view = served.turns[occurrence.seq - 1];
    if (view == TurnView::kText ||
        (view == TurnView::kTextWithoutResults && !occurrence.in_results)) {
      verdict.where = Verdict::Where::kText;
      return verdict;
    }
  }
  for (const SeenNote* note : served.sidecars) {
    if (!note->Holds(string)) continue;
    verdict.where = Verdict::Where::kSidecar;
    return verdict;
  }
  for (const SeenPage* page : served.pages) {
    if (page->Holds(string)) verdict.pages.push_back(page);
  }
  if (!verdict.pages.empty()) verdict.where = Verdict::Where::kPages;
  return verdict;
}

absl::StatusOr<Outcome> Replay(const Session& session, const std::vector<Moment>& moments,
                               Strategy& strategy, const CacheRule& cache, int64_t budget) {
  Outcome outcome;
  PrefixCache billed(cache.lifetime_seconds);
  const int64_t requests = std::ranges::count_if(session.turns, IsRequest);
  std::optional<int64_t> epoch;
  auto moment = moments.begin();
  const std::vector<EditCopy>& copies = session.edit_copies;
  for (const Turn& turn : session.turns) {
    if (IsRequest(turn)) {
      FOVEA_ASSIGN_OR_RETURN(auto served, strategy.Serve());
      ++outcome.requests;
      if (served.refused) {
        ++outcome.refused;
      } else {
        billed.Send(served.prompt, turn.time_us);
        if (TokensOf(served.prompt) > budget) ++outcome.over_budget;
        if (epoch.has_value() && *epoch != served.epoch) ++outcome.epochs;
        epoch = served.epoch;
        outcome.claims += served.claims;
      }
      if (4 * outcome.requests > 3 * requests) {
        CountShown(session, served, turn.seq - 1, outcome.late);
      }
      if (outcome.requests == requests) CountShown(session, served, turn.seq - 1, outcome.last);
      for (; moment != moments.end() && moment->seq <= turn.seq; ++moment) {
        const UsedString& used = session.uses.strings[moment->string];
        outcome.verdicts.push_back(Locate(used, moment->string, served));
        outcome.verdicts.back().seq = moment->seq;
        outcome.verdicts.back().own = HasWritten(session, used, moment->seq);
      }
      while (outcome.copies.size() < copies.size() &&
             copies[outcome.copies.size()].seq <= turn.seq) {
        outcome.copies.push_back(LocateCopy(session, outcome.copies.size(), served));
      }
    }
    FOVEA_RETURN_IF_ERROR(strategy.Append(turn));
  }
  outcome.usage = billed.usage();
  return outcome;
}

}  // namespace fovea::replay
