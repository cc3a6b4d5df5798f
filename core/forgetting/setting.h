// What a planner works with: the request, and what follows from it once and for all.
#ifndef FOVEA_CORE_FORGETTING_SETTING_H_
#define FOVEA_CORE_FORGETTING_SETTING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/forgetting/marks.h"
#include "core/forgetting/planner.h"
#include "core/forgetting/policy.h"
#include "core/reader/picture_limits.h"
#include "core/reader/reader_profile.h"
#include "core/sheet/place.h"
#include "core/tokens/token_counter.h"

namespace fovea {

// Immutable.
class Setting {
 public:
  // INVALID_ARGUMENT for a bad policy or budget.
  static absl::StatusOr<std::unique_ptr<const Setting>> Create(PlannerInputs inputs);

  const PlannerInputs& inputs() const { return inputs_; }
  const ReaderProfile& reader() const { return inputs_.reader; }
  const Policy& policy() const { return inputs_.policy; }
  int64_t budget() const { return inputs_.token_budget; }
  // The rungs in use: the reader's ladder without those that the policy forbids.
  const std::vector<Rung>& ladder() const { return ladder_; }
  const TokenCounter& counter() const { return counter_; }
  const PictureLimits& picture_limits() const { return picture_limits_; }
  // The agent's own pictures go out as pictures.
  bool sends_pictures() const;
  // Of a full page, by rung.
  const std::vector<double>& characters_per_token() const { return characters_per_token_; }
  const std::vector<int64_t>& full_page_tokens() const { return full_page_tokens_; }
  const Marks& marks() const { return marks_; }
  const CostForecast& forecast() const { return forecast_; }
  // The rung at which text enters the ladder; 0 without a ladder.
  size_t entry_rung() const;
  // The rung at which gists are drawn; 0 without a ladder.
  size_t gist_rung() const;
  // The budget holds so few pages that one of each rung would be nearly empty.
  bool few_pages() const { return few_pages_; }
  // What so many characters cost at a rung on pages of their own, by estimate.
  double PageTokens(size_t rung, double characters) const;
  // The grid on which chunks are cut, in text tokens: fine where the budget is small.
  int64_t chunk_tokens() const { return chunk_tokens_; }

 private:
  explicit Setting(PlannerInputs inputs);
  absl::Status MeasureRungs();
  void ChooseMarks();
  void SuitFewPages();

  const PlannerInputs inputs_;
  const std::vector<Rung> ladder_;
  const TokenCounter counter_;
  const PictureLimits picture_limits_;
  const int64_t chunk_tokens_;
  std::vector<double> characters_per_token_;
  std::vector<int64_t> full_page_tokens_;
  bool few_pages_ = false;
  Marks marks_;
  CostForecast forecast_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_SETTING_H_
