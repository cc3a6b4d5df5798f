#include "core/forgetting/setting.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/forgetting/cost_model.h"

namespace fovea {
namespace {

std::vector<Rung> UsableLadder(const PlannerInputs& inputs) {
  std::vector<Rung> ladder;
  for (const Rung& rung : inputs.reader.ladder) {
    if (inputs.policy.forbid_unmeasured_rungs && rung.evidence == Evidence::kAssumed) continue;
    ladder.push_back(rung);
  }
  return ladder;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Setting>> Setting::Create(PlannerInputs inputs) {
  absl::Status status = ValidatePolicy(inputs.policy);
  if (!status.ok()) return status;
  if (inputs.token_budget < Planner::kMinBudget || inputs.token_budget > Planner::kMaxBudget) {
    return absl::InvalidArgumentError(absl::StrCat("token_budget is ", inputs.token_budget,
                                                   "; it must be ", Planner::kMinBudget, " to ",
                                                   Planner::kMaxBudget));
  }
  std::unique_ptr<Setting> setting(new Setting(std::move(inputs)));
  status = setting->MeasureRungs();
  if (!status.ok()) return status;
  setting->ChooseMarks();
  return setting;
}

Setting::Setting(PlannerInputs inputs)
    : inputs_(std::move(inputs)),
      ladder_(UsableLadder(inputs_)),
      counter_(inputs_.reader),
      picture_limits_(PictureLimitsOf(inputs_.reader)) {}

absl::Status Setting::MeasureRungs() {
  for (const Rung& rung : ladder_) {
    const PagePaper& paper = rung.papers.front();
    auto tokens =
        ImageTokens(inputs_.reader, paper.box.width, paper.box.max_height, paper.flat_tokens);
    if (!tokens.ok()) return tokens.status();
    characters_per_token_.push_back(double{1} * paper.box.width * paper.box.max_height /
                                    rung.pixels_per_character / static_cast<double>(*tokens));
  }
  return absl::OkStatus();
}

// As the policy sets them, and where it does not, as the reader's prices suggest.
void Setting::ChooseMarks() {
  if (ladder_.empty()) return;
  // Agents' text has so many characters a token of o200k_base (docs/forgetting.md).
  constexpr double kCharactersPerToken = 3.6;
  const double characters = kCharactersPerToken / inputs_.reader.text_token_factor;
  std::vector<double> page_tokens;
  for (const double of_page : characters_per_token_) page_tokens.push_back(characters / of_page);
  const CostModel model(inputs_.reader, ladder_, std::move(page_tokens), inputs_.token_budget,
                        inputs_.policy.name);
  marks_ = model.Cheapest(inputs_.policy);
  forecast_ = model.Forecast(marks_);
}

bool Setting::sends_pictures() const {
  return inputs_.reader.image_rule.kind != ImageTokenRule::Kind::kNone;
}

size_t Setting::entry_rung() const {
  if (ladder_.empty()) return 0;
  return std::min<size_t>(marks_.entry_rung, ladder_.size() - 1);
}

}  // namespace fovea
