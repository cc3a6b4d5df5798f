#include "core/forgetting/cost_model.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "core/forgetting/fade.h"
#include "core/forgetting/look_back.h"

namespace fovea {
namespace {

// A passage that is not there, or is copied wrongly, is noticed: the edit fails, or the file is
// looked at again.
constexpr double kCallsPerPassageMiss = 2;
// Assumed: of the passages that the whole would give, those that are whole in its gist.
constexpr double kGistPassages = 0.2;
// Below this, a rung is not one to copy from.
constexpr double kCopiedFrom = 0.5;
// Assumed: a string that is misread or missed sends the agent astray, and what that takes, the
// wrong step, its error and the way back, is as dear as so many calls. Recalls alone are cheaper,
// errors that nobody notices are dearer.
constexpr double kCallsPerMiss = 8;
constexpr double kAnswerTokens = 60;
// A session is followed until its history is so many budgets long.
constexpr double kBudgetsOfHistory = 10;
// Marks that lie closer together than this part of the budget are followed as if they did not.
constexpr double kMaxSteps = 50;
// Of a run's characters its gist shows about so many, and of the look-ups that the whole would
// answer so many: most are of what the agent itself wrote, which is short.
constexpr double kGistCharacters = 0.2;
constexpr double kGistAnswers = 0.8;
constexpr double kUsualOutputPrice = 5;  // where a provider states none

constexpr std::array<int, 5> kTailHighs = {150, 200, 250, 300, 400};
// A balanced policy keeps more text for a reader that copies from pages: from 250 on at least as
// many passages can be copied as after truncation, at two thirds of its cost (docs/replay.md).
constexpr std::array<int, 2> kBalancedHighs = {250, 400};
constexpr std::array<int, 2> kTailLowOfHigh = {100, 330};
constexpr std::array<int, 3> kPressureLows = {600, 750, 850};
// Where the tail may fill the budget. Higher lows cost more than truncation from 64,000 tokens on
// and bring few passages more (docs/replay.md).
constexpr std::array<int, 1> kFullTailLows = {250};
// What an exact policy keeps as text after a step, and what it fills of the budget then.
constexpr int kExactLow = 500;
constexpr int kExactPressure = 700;

// A passage is exact strings, and more.
double PassagesOf(const Rung& rung) {
  return std::min(rung.passage_legibility, rung.exact_legibility);
}

double AnswersOf(const Rung& rung) {
  const double gist = rung.legibility >= kGistLegibility ? rung.legibility : 0;
  return (rung.exact_legibility + gist) / 2;
}

template <size_t N>
std::vector<int> Choices(const std::optional<int>& set, const std::array<int, N>& usual) {
  if (set.has_value()) return {*set};
  return {usual.begin(), usual.end()};
}

}  // namespace

size_t GistRung(const std::vector<Rung>& ladder) {
  size_t deepest = 0;
  for (size_t i = 0; i < ladder.size(); ++i) {
    if (ladder[i].legibility >= kGistLegibility) deepest = i;
  }
  return deepest;
}

CostModel::CostModel(const ReaderProfile& reader, const std::vector<Rung>& ladder,
                     std::vector<double> page_tokens, int64_t budget, PolicyName policy)
    : gist_rung_(GistRung(ladder)),
      read_price_(reader.cache.read_price),
      write_price_(reader.cache.write_price),
      output_price_(reader.prices.input > 0 && reader.prices.output > 0
                        ? reader.prices.output / reader.prices.input
                        : kUsualOutputPrice),
      budget_(static_cast<double>(budget)),
      page_tokens_(std::move(page_tokens)),
      policy_(policy) {
  for (const Rung& rung : ladder) {
    kept_.push_back(AnswersOf(rung));
    if (policy_ != PolicyName::kFrugal) passages_.push_back(PassagesOf(rung));
  }
}

// The session at a moment: text tokens by position, the newest text in the tail.
struct CostModel::Session {
  const CostModel& model;
  std::vector<double> text;  // by position
  double latent = 0;         // text tokens

  double PageTokens() const {
    double tokens = 0;
    for (size_t i = 0; i < text.size(); ++i) tokens += TokensAt(i);
    return tokens;
  }
  double TokensAt(size_t position) const { return text[position] * model.page_tokens_[position]; }

  // Moves the oldest `most` tokens of a position one further.
  void Fade(size_t position, double most) {
    const double moved = std::min(most, text[position]);
    text[position] -= moved;
    (position + 1 < text.size() ? text[position + 1] : latent) += moved;
  }

  // Fades as the planner does, but keeps no reserve on a rung.
  void Press(double goal, double step) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    std::vector<double> tokens(text.size());
    while (PageTokens() > goal) {
      for (size_t i = 0; i < text.size(); ++i) tokens[i] = TokensAt(i);
      const std::optional<size_t> next =
          NextToFade(tokens, kNone, [&](size_t position) -> std::optional<double> {
            if (text[position] <= 0) return std::nullopt;
            return tokens[position];
          });
      if (!next.has_value()) return;
      Fade(*next, step);
    }
  }

  // Of what goes back as far as `distances` say and is answered by position as `kept` says.
  double MissesOf(const LookBack& distances, const std::vector<double>& kept, double tail) const {
    double misses = 0;
    double age = tail;
    for (size_t i = 0; i < text.size(); ++i) {
      const double further = age + text[i];
      misses += (Beyond(distances, age) - Beyond(distances, further)) * (1 - kept[i]);
      age = further;
    }
    return latent > 0 ? misses + Beyond(distances, age) : misses;
  }
};

CostForecast CostModel::Forecast(const Marks& marks) const {
  const auto entry = static_cast<size_t>(marks.entry_rung);
  const double high = budget_ * marks.tail_high_permille / 1000;
  const double low = budget_ * marks.tail_low_permille / 1000;
  const double goal = budget_ * marks.pressure_low_permille / 1000;
  CostModel with_gist = *this;
  const size_t gist = std::max(entry, gist_rung_);
  with_gist.page_tokens_.push_back(page_tokens_[gist] * kGistCharacters);
  with_gist.kept_.push_back(kept_[gist] * kGistAnswers);
  if (!passages_.empty()) with_gist.passages_.push_back(passages_[gist] * kGistPassages);
  Session session{.model = with_gist,
                  .text = std::vector<double>(with_gist.page_tokens_.size(), 0.0)};
  CostForecast sums;
  double calls = 0;
  double history = 0;
  while (history <= kBudgetsOfHistory * budget_) {
    // Where the tail may fill what pages leave, it does.
    const double full = marks.tail_fills() ? std::max(low, budget_ - session.PageTokens()) : high;
    const double step = std::max(budget_ / kMaxSteps, full - low);
    history += step;
    const double tail = (low + full) / 2;
    const double context = session.PageTokens() + tail;
    const double of_step = step / kTextPerCall;
    const double call =
        read_price_ * context + write_price_ * kTextPerCall + kAnswerTokens * output_price_;
    const double misses = kLookupsPerCall * session.MissesOf(kDistances, with_gist.kept_, tail);
    sums.billed += of_step * read_price_ * context + write_price_ * step;
    sums.misses += of_step * misses;
    sums.lost += of_step * misses * kCallsPerMiss * call;
    if (!passages_.empty()) {
      const double passages =
          kPassagesPerCall * session.MissesOf(kPassageDistances, with_gist.passages_, tail);
      sums.passage_misses += of_step * passages;
      sums.lost += of_step * passages * kCallsPerPassageMiss * call;
    }
    calls += of_step;
    // The step: new pages, and what is left of the tail again behind them.
    session.text[entry] += step;
    sums.billed += write_price_ * step * page_tokens_[entry] + (write_price_ - read_price_) * low;
    if (marks.tail_fills()) {
      if (session.PageTokens() + low <= (goal + budget_) / 2) continue;
    } else if (session.PageTokens() + high <= budget_) {
      continue;
    }
    session.Press(goal - low, step);
    sums.billed += (write_price_ - read_price_) * session.PageTokens();
  }
  return {.billed = sums.billed / calls,
          .lost = sums.lost / calls,
          .misses = sums.misses / calls,
          .passage_misses = sums.passage_misses / calls};
}

std::vector<CostModel::TailMarks> CostModel::Tails(const Policy& policy) const {
  std::vector<TailMarks> tails;
  const auto add = [&](int high, int low) {
    low = policy.tail_low_permille.value_or(low);
    tails.push_back({std::max(high, low), low});
  };
  const bool copies = !passages_.empty() && std::ranges::max(passages_) >= kCopiedFrom;
  if (policy_ == PolicyName::kExact && !policy.tail_high_permille.has_value()) {
    add(Marks::kFull, kExactLow);
  } else if (policy_ == PolicyName::kBalanced && !copies &&
             !policy.tail_high_permille.has_value()) {
    for (const int low : kFullTailLows) add(Marks::kFull, low);
  } else {
    const std::vector<int> highs = policy_ == PolicyName::kFrugal
                                       ? Choices(policy.tail_high_permille, kTailHighs)
                                       : Choices(policy.tail_high_permille, kBalancedHighs);
    for (const int high : highs) {
      for (const int of_high : kTailLowOfHigh) add(high, high * of_high / 1000);
    }
  }
  return tails;
}

std::vector<int> CostModel::PressureLows(const Policy& policy) const {
  if (policy_ == PolicyName::kExact) return {policy.pressure_low_permille.value_or(kExactPressure)};
  return Choices(policy.pressure_low_permille, kPressureLows);
}

Marks CostModel::Cheapest(const Policy& policy) const {
  const int last_rung = static_cast<int>(page_tokens_.size()) - 1;
  Marks best;
  double least = 0;
  bool any = false;
  for (const TailMarks& tail : Tails(policy)) {
    for (const int pressure : PressureLows(policy)) {
      for (int rung = 0; rung <= last_rung; ++rung) {
        if (policy.entry_rung.has_value() && rung != std::min(*policy.entry_rung, last_rung)) {
          continue;
        }
        const Marks marks = {.tail_high_permille = tail.high,
                             .tail_low_permille = tail.low,
                             .pressure_low_permille = pressure,
                             .entry_rung = rung};
        const double total = Forecast(marks).total();
        if (any && total >= least) continue;
        any = true;
        least = total;
        best = marks;
      }
    }
  }
  return best;
}

}  // namespace fovea
