#include "replay/score.h"

#include <algorithm>
#include <limits>

namespace fovea::replay {
namespace {

struct Shares {
  double shown = 0;
  double gist = 0;
};

Shares SharesOf(const ShownCharacters& characters, const PageBook& book,
                const PageReading& reading) {
  if (characters.all == 0) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {none, none};
  }
  Shares shares{characters.text, characters.text};
  for (const auto& [number, on_page] : characters.pages) {
    shares.shown += on_page;
    shares.gist += on_page * reading.Gist(*book.pages()[number]);
  }
  // A grid's pages include the marks of calls, which the history's characters do not.
  return {std::min(1.0, shares.shown / characters.all),
          std::min(1.0, shares.gist / characters.all)};
}

// The chance that the string is missing.
double AddVerdict(const Verdict& verdict, const PageReading& reading, Score& score) {
  double best = 0;
  for (const SeenPage* page : verdict.pages) {
    best = std::max(best, reading.Exact(*page, verdict.string));
  }
  switch (verdict.where) {
    case Verdict::Where::kText:
      score.in_text += 1;
      return 0;
    case Verdict::Where::kSidecar:
      score.in_sidecar += 1;
      return 0;
    case Verdict::Where::kPages:
      score.read_from_page += best;
      score.lost_on_page += 1 - best;
      return 1 - best;
    case Verdict::Where::kNowhere:
      break;
  }
  score.not_shown += 1;
  return 1;
}

}  // namespace

double ExpectedReading::Exact(const SeenPage& page, uint32_t /*string*/) const {
  return page.exact_legibility;
}

double ExpectedReading::Gist(const SeenPage& page) const {
  return page.legibility >= kGistShare ? 1 : 0;
}

Score ScoreOf(const Outcome& outcome, const PageBook& book, const PageReading& reading,
              const Recoveries* recoveries) {
  Score score{.moments = static_cast<double>(outcome.verdicts.size())};
  if (recoveries == nullptr) {
    score.by_recall = score.by_search = std::numeric_limits<double>::quiet_NaN();
  }
  for (const Verdict& verdict : outcome.verdicts) {
    const double missing = AddVerdict(verdict, reading, score);
    if (recoveries != nullptr) {
      const Recovered& recovered = recoveries->at({verdict.seq, verdict.string});
      score.by_recall += recovered.by_recall ? missing : 0;
      score.by_search += recovered.by_search ? missing : 0;
    }
    const ExactString::Kind kind = book.session().uses.strings[verdict.string].kind;
    Score::OfKind& of_kind = score.by_kind[static_cast<size_t>(kind)];
    for (Score::OfKind* sum : {&of_kind, verdict.own ? &score.own : &score.heard}) {
      sum->moments += 1;
      sum->missing += missing;
    }
  }
  score.edit_copies = static_cast<double>(outcome.copies.size());
  for (const CopyVerdict& copy : outcome.copies) {
    double best = 0;
    for (const SeenPage* page : copy.pages) best = std::max(best, reading.Passage(*page));
    score.copies_in_text += copy.in_text ? 1 : 0;
    score.copies_readable += copy.in_text ? 1 : best;
  }
  const Shares late = SharesOf(outcome.late, book, reading);
  score.shown = late.shown;
  score.gist = late.gist;
  score.shown_end = SharesOf(outcome.last, book, reading).shown;
  return score;
}

}  // namespace fovea::replay
