// What it costs to keep a long session's context, by a reader's prices: chooses the planner's
// marks.
#ifndef FOVEA_CORE_FORGETTING_COST_MODEL_H_
#define FOVEA_CORE_FORGETTING_COST_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/forgetting/marks.h"
#include "core/forgetting/policy.h"
#include "core/reader/reader_profile.h"

namespace fovea {

// A page of lower legibility does not even convey the gist.
inline constexpr double kGistLegibility = 0.85;

// The rung at which gists are drawn: the deepest whose pages convey them, the sharpest where none
// does.
size_t GistRung(const std::vector<Rung>& ladder);

// A model of a session as a fluid: each call adds the same text, text becomes pages when the tail
// is over its high mark, pages fade oldest first, and each look-up goes back as far as agents were
// measured to look back (docs/forgetting.md). It knows no content. Pure; all arithmetic is plain,
// so that every machine comes to the same marks. Thread-compatible.
class CostModel {
 public:
  // `ladder` is in use; `page_tokens` are, by rung, what a text token costs on full pages.
  CostModel(const ReaderProfile& reader, const std::vector<Rung>& ladder,
            std::vector<double> page_tokens, int64_t budget, PolicyName policy);

  CostForecast Forecast(const Marks& marks) const;
  // The marks with the least total among some hundred, with what the policy sets taken as set. For
  // kExact, and where no rung gives passages back, the tail may fill the budget.
  Marks Cheapest(const Policy& policy) const;

 private:
  struct Session;
  struct TailMarks {
    int high, low;
  };
  // What Cheapest tries.
  std::vector<TailMarks> Tails(const Policy& policy) const;
  std::vector<int> PressureLows(const Policy& policy) const;

  const size_t gist_rung_;
  const double read_price_;
  const double write_price_;
  const double output_price_;  // of the input price
  const double budget_;
  std::vector<double> page_tokens_;  // by position: the rungs, then the gist
  std::vector<double> kept_;         // by position: the share of look-ups that it answers
  // By position: the share of passages that are copied from it byte for byte. Empty for kFrugal.
  std::vector<double> passages_;
  const PolicyName policy_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_COST_MODEL_H_
