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
  const Marks& marks() const { return marks_; }
  const CostForecast& forecast() const { return forecast_; }
  // The rung at which text enters the ladder; 0 without a ladder.
  size_t entry_rung() const;

 private:
  explicit Setting(PlannerInputs inputs);
  absl::Status MeasureRungs();
  void ChooseMarks();

  const PlannerInputs inputs_;
  const std::vector<Rung> ladder_;
  const TokenCounter counter_;
  const PictureLimits picture_limits_;
  std::vector<double> characters_per_token_;
  Marks marks_;
  CostForecast forecast_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_SETTING_H_
