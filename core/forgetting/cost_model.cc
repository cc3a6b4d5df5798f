#include "core/forgetting/cost_model.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "core/forgetting/fade.h"

namespace fovea {
namespace {

// Measured by replay_bench on twelve sessions of more than 50,000 text tokens (docs/forgetting.md):
// text that a call adds, and exact strings of earlier turns that it writes.
constexpr double kTextPerCall = 1'500;
constexpr double kLookupsPerCall = 1.4;
// The share of these strings that stood last more than so many text tokens before.
struct Distance {
  double tokens, share;
};
constexpr std::array<Distance, 12> kDistances = {{{0, 1},
                                                  {500, 0.617},
                                                  {1'000, 0.555},
                                                  {2'000, 0.472},
                                                  {4'000, 0.397},
                                                  {8'000, 0.324},
                                                  {16'000, 0.243},
                                                  {32'000, 0.178},
                                                  {64'000, 0.089},
                                                  {128'000, 0.026},
                                                  {256'000, 0.007},
                                                  {1'000'000, 0}}};
// Assumed: a string that is misread or missed sends the agent astray, and what that takes, the
// wrong step, its error and the way back, is as dear as so many calls. Recalls alone are cheaper,
// errors that nobody notices are dearer.
constexpr double kCallsPerMiss = 8;
constexpr double kAnswerTokens = 60;
// A session is followed until its history is so many budgets long.
constexpr double kBudgetsOfHistory = 10;
// Marks that lie closer together than this part of the budget are followed as if they did not.
constexpr double kMostSteps = 50;
// A page of lower legibility does not even convey the gist.
constexpr double kGistLegibility = 0.85;
// Of a run's characters its gist shows about so many, and of the look-ups that the whole would
// answer so many: most are of what the agent itself wrote, which is short.
constexpr double kGistCharacters = 0.2;
constexpr double kGistAnswers = 0.8;
// Where a provider states no price of its output.
constexpr double kUsualOutputPrice = 5;

constexpr std::array<int, 5> kTailHighs = {150, 200, 250, 300, 400};
constexpr std::array<int, 2> kTailLowOfHigh = {100, 330};
constexpr std::array<int, 3> kPressureLows = {600, 750, 850};

// The share of look-ups that go back further than so many tokens.
double Beyond(double tokens) {
  for (size_t i = 1; i < kDistances.size(); ++i) {
    const Distance& far = kDistances[i];
    if (tokens > far.tokens) continue;
    const Distance& near = kDistances[i - 1];
    return near.share +
           (far.share - near.share) * (tokens - near.tokens) / (far.tokens - near.tokens);
  }
  return 0;
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

CostModel::CostModel(const ReaderProfile& reader, const std::vector<Rung>& ladder,
                     std::vector<double> page_tokens, int64_t budget)
    : read_price_(reader.cache.read_price),
      write_price_(reader.cache.write_price),
      output_price_(reader.prices.input > 0 && reader.prices.output > 0
                        ? reader.prices.output / reader.prices.input
                        : kUsualOutputPrice),
      budget_(static_cast<double>(budget)),
      page_tokens_(std::move(page_tokens)) {
  for (const Rung& rung : ladder) kept_.push_back(AnswersOf(rung));
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

  double MissesPerLookup(double tail) const {
    double misses = 0;
    double age = tail;
    for (size_t i = 0; i < text.size(); ++i) {
      const double further = age + text[i];
      misses += (Beyond(age) - Beyond(further)) * (1 - model.kept_[i]);
      age = further;
    }
    return latent > 0 ? misses + Beyond(age) : misses;
  }
};

CostForecast CostModel::Forecast(const Marks& marks) const {
  const auto entry = static_cast<size_t>(marks.entry_rung);
  const double high = budget_ * marks.tail_high_permille / 1000;
  const double low = budget_ * marks.tail_low_permille / 1000;
  const double goal = budget_ * marks.pressure_low_permille / 1000;
  const double step = std::max(budget_ / kMostSteps, high - low);
  CostModel with_gist = *this;
  with_gist.page_tokens_.push_back(page_tokens_[entry] * kGistCharacters);
  with_gist.kept_.push_back(kept_[entry] * kGistAnswers);
  Session session{.model = with_gist,
                  .text = std::vector<double>(with_gist.page_tokens_.size(), 0.0)};
  CostForecast sums;
  double calls = 0;
  const int steps = static_cast<int>(kBudgetsOfHistory * budget_ / step) + 1;
  for (int i = 0; i < steps; ++i) {
    const double tail = (low + high) / 2;
    const double context = session.PageTokens() + tail;
    const double of_step = step / kTextPerCall;
    const double call =
        read_price_ * context + write_price_ * kTextPerCall + kAnswerTokens * output_price_;
    const double misses = kLookupsPerCall * session.MissesPerLookup(tail);
    sums.billed += of_step * read_price_ * context + write_price_ * step;
    sums.misses += of_step * misses;
    sums.lost += of_step * misses * kCallsPerMiss * call;
    calls += of_step;
    // The step: new pages, and what is left of the tail again behind them.
    session.text[entry] += step;
    sums.billed += write_price_ * step * page_tokens_[entry] + (write_price_ - read_price_) * low;
    if (session.PageTokens() + high <= budget_) continue;
    session.Press(goal - low, step);
    sums.billed += (write_price_ - read_price_) * session.PageTokens();
  }
  return {.billed = sums.billed / calls, .lost = sums.lost / calls, .misses = sums.misses / calls};
}

Marks CostModel::Cheapest(const Policy& policy) const {
  const int last_rung = static_cast<int>(page_tokens_.size()) - 1;
  Marks best;
  double least = 0;
  bool any = false;
  const auto consider = [&](const Marks& marks) {
    const double total = Forecast(marks).total();
    if (any && total >= least) return;
    any = true;
    least = total;
    best = marks;
  };
  for (const int high : Choices(policy.tail_high_permille, kTailHighs)) {
    for (const int of_high : kTailLowOfHigh) {
      const int low = policy.tail_low_permille.value_or(high * of_high / 1000);
      for (const int pressure : Choices(policy.pressure_low_permille, kPressureLows)) {
        for (int rung = 0; rung <= last_rung; ++rung) {
          if (policy.entry_rung.has_value() && rung != std::min(*policy.entry_rung, last_rung)) {
            continue;
          }
          consider({.tail_high_permille = std::max(high, low),
                    .tail_low_permille = low,
                    .pressure_low_permille = pressure,
                    .entry_rung = rung});
        }
      }
    }
  }
  return best;
}

}  // namespace fovea
