#include "bench/replay/bars.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fovea::replay {
namespace {

constexpr int64_t kLongSession = 150'000;
// Shares are sums of fractions.
constexpr double kRounding = 1e-9;
constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

using Ratio = std::function<double(const Row& fovea, const Row& other)>;

double CostRatio(const Row& fovea, const Row& other) { return fovea.cost_at_01 / other.cost_at_01; }

std::vector<Row> Of(const std::vector<Row>& rows, const std::function<bool(const Row&)>& wanted) {
  std::vector<Row> of;
  std::ranges::copy_if(rows, std::back_inserter(of), wanted);
  return of;
}

std::vector<Row> AtShare(const std::vector<Row>& rows, double share) {
  return Of(rows, [share](const Row& row) { return row.budget_share == share; });
}

Tally Count(std::vector<double> values, double limit, bool at_most) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  Tally tally{.all = values.size(), .median = Median(values)};
  for (const double value : values) {
    if (at_most ? value <= limit : value >= limit) ++tally.passed;
    const bool worse = at_most ? value > tally.worst : value < tally.worst;
    if (std::isnan(tally.worst) || worse) tally.worst = value;
  }
  return tally;
}

std::string Figures(const Tally& tally) {
  return absl::StrFormat("median %.3f, worst %.3f, %d of %d", tally.median, tally.worst,
                         tally.passed, tally.all);
}

Bar Every(std::string name, std::string wanted, const Tally& tally) {
  return {std::move(name), std::move(wanted), Figures(tally),
          tally.all > 0 && tally.passed == tally.all, tally};
}

Bar InTheMedian(std::string name, std::string wanted, const Tally& tally, bool met) {
  return {std::move(name), std::move(wanted), Figures(tally), tally.all > 0 && met, tally};
}

void AddCost(const std::vector<Row>& rows, std::vector<Bar>& bars) {
  const std::vector<Row> longest =
      Of(rows, [](const Row& row) { return row.session_tokens > kLongSession; });
  bars.push_back(Every("1 cost / full history, sessions over 150k tokens, reads at 0.1",
                       "under 1, every session",
                       Count(Paired(longest, kFullHistory, CostRatio), 0.99999, true)));
  for (const std::string_view strategy : {kMasking, kGrid}) {
    const Tally tally = Count(Paired(rows, strategy, CostRatio), 0.99999, true);
    bars.push_back(InTheMedian(absl::StrCat("1 cost / ", std::string(strategy), ", reads at 0.1"),
                               "median under 1", tally, tally.median < 1));
  }
  bars.push_back(Every(
      "1 cost / truncation, the reader's prices", "at most 1.25",
      Count(Paired(rows, kTruncation,
                   [](const Row& fovea, const Row& other) { return fovea.cost / other.cost; }),
            1.25, true)));
  bars.push_back(Every(
      "1 shown / truncation's", "at least 4",
      Count(Paired(rows, kTruncation,
                   [](const Row& fovea, const Row& other) { return fovea.shown / other.shown; }),
            4, false)));
}

void AddSurvival(const std::vector<Row>& rows, std::vector<Bar>& bars) {
  const Ratio misses = [](const Row& fovea, const Row& other) {
    return other.survival >= 1 ? kNoNumber : (1 - fovea.survival) / (1 - other.survival);
  };
  bars.push_back(Every("2 missing strings / truncation's, 10 % budget", "at most 0.5",
                       Count(Paired(AtShare(rows, 0.10), kTruncation, misses), 0.5, true)));
  const Ratio own = [](const Row& fovea, const Row&) { return fovea.survival; };
  const Tally tally = Count(Paired(AtShare(rows, 0.25), kFullHistory, own), 0.95, false);
  bars.push_back(InTheMedian("2 future-use survival, 25 % budget", "median at least 0.95", tally,
                             tally.median >= 0.95));
  bars.push_back(Every("2 missing strings that a recall returns", "all",
                       Count(Paired(rows, kFullHistory,
                                    [](const Row& fovea, const Row&) {
                                      return fovea.recalls > 0 ? fovea.by_recall / fovea.recalls
                                                               : kNoNumber;
                                    }),
                             1 - kRounding, false)));
  std::map<std::string, double> moments;  // by session
  for (const Row& row : rows) {
    if (row.strategy == kFovea) moments[row.session] = row.moments;
  }
  std::vector<double> by_session;
  by_session.reserve(moments.size());
  for (const auto& [session, count] : moments) by_session.push_back(count);
  bars.push_back(Every("2 moments a session", "at least 200", Count(by_session, 200, false)));
}

// What is served as exact is the log's.
void AddClaims(const std::vector<Row>& rows, std::vector<Bar>& bars) {
  int64_t strings = 0;
  int64_t wrong_strings = 0;
  int64_t texts = 0;
  int64_t wrong_texts = 0;
  std::string first_wrong;
  for (const Row& row : rows) {
    strings += row.sidecar_strings;
    wrong_strings += row.wrong_strings;
    texts += row.text_turns;
    wrong_texts += row.wrong_texts;
    if (first_wrong.empty()) first_wrong = row.first_wrong;
  }
  std::string measured = absl::StrFormat("%d of %d strings in sidecars, %d of %d turns as text",
                                         wrong_strings, strings, wrong_texts, texts);
  if (!first_wrong.empty()) absl::StrAppend(&measured, ": ", first_wrong);
  bars.push_back({"4 wrong strings in sidecars and text", "0 of all", std::move(measured),
                  strings > 0 && texts > 0 && wrong_strings + wrong_texts == 0});
}

void AddGist(const std::vector<Row>& rows, std::vector<Bar>& bars) {
  for (const char* reader : {"gemini-3", "deepseek-flash", "deepseek-ocr"}) {
    const std::vector<Row> own =
        Of(AtShare(rows, 0.25), [reader](const Row& row) { return row.reader == reader; });
    bars.push_back(Every(
        absl::StrCat("3 gist / truncation's, 25 % budget, ", reader), "at least 3",
        Count(Paired(own, kTruncation,
                     [](const Row& fovea, const Row& other) { return fovea.gist / other.gist; }),
              3, false)));
  }
}

}  // namespace

std::vector<Bar> CompareWithBars(const std::vector<Row>& rows) {
  std::vector<Bar> bars;
  AddCost(rows, bars);
  AddSurvival(rows, bars);
  AddGist(rows, bars);
  AddClaims(rows, bars);
  return bars;
}

}  // namespace fovea::replay
