#include "core/forgetting/setting.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
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

// A twelfth of the budget at most, so that what must stay in the tail does not fill a small one: a
// power of two, from 64 to kChunkTokens.
int64_t ChunkTokensOf(int64_t budget) {
  constexpr int64_t kMin = 64;
  constexpr int64_t kInBudget = 12;
  int64_t tokens = kMin;
  while (tokens < Planner::kChunkTokens && 2 * tokens <= budget / kInBudget) tokens *= 2;
  return tokens;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Setting>> Setting::Create(PlannerInputs inputs) {
  FOVEA_RETURN_IF_ERROR(ValidatePolicy(inputs.policy));
  if (inputs.token_budget < Planner::kMinBudget || inputs.token_budget > Planner::kMaxBudget) {
    return absl::InvalidArgumentError(absl::StrCat("token_budget is ", inputs.token_budget,
                                                   "; it must be ", Planner::kMinBudget, " to ",
                                                   Planner::kMaxBudget));
  }
  std::unique_ptr<Setting> setting(new Setting(std::move(inputs)));
  FOVEA_RETURN_IF_ERROR(setting->MeasureRungs());
  setting->ChooseMarks();
  return setting;
}

Setting::Setting(PlannerInputs inputs)
    : inputs_(std::move(inputs)),
      ladder_(UsableLadder(inputs_)),
      counter_(inputs_.reader),
      picture_limits_(PictureLimitsOf(inputs_.reader)),
      chunk_tokens_(ChunkTokensOf(inputs_.token_budget)) {}

absl::Status Setting::MeasureRungs() {
  for (const Rung& rung : ladder_) {
    const PagePaper& paper = rung.papers.front();
    FOVEA_ASSIGN_OR_RETURN(auto tokens, ImageTokens(inputs_.reader, paper.box.width,
                                                    paper.box.max_height, paper.flat_tokens));
    full_page_tokens_.push_back(tokens);
    characters_per_token_.push_back(double{1} * paper.box.width * paper.box.max_height /
                                    rung.pixels_per_character / static_cast<double>(tokens));
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
  SuitFewPages();
  forecast_ = model.Forecast(marks_);
}

// The cost model pours text as a fluid. Where the budget holds few pages, a page of each rung would
// be nearly empty: text enters where the gist is still read, a step frees little, since little text
// comes at a time and pages take it at a tenth, and the tail keeps no more than it must.
void Setting::SuitFewPages() {
  constexpr int64_t kFewPages = 4;
  constexpr int kPressureLow = 850;
  const Policy& policy = inputs_.policy;
  few_pages_ = inputs_.token_budget < kFewPages * full_page_tokens_[entry_rung()];
  if (!few_pages_) return;
  if (!policy.entry_rung.has_value()) marks_.entry_rung = static_cast<int>(gist_rung());
  if (!policy.pressure_low_permille.has_value()) {
    marks_.pressure_low_permille = std::max(marks_.pressure_low_permille, kPressureLow);
  }
  if (!policy.tail_low_permille.has_value() && policy.name != PolicyName::kExact) {
    marks_.tail_low_permille = 0;
  }
}

// Full pages on the rung's first paper, and the rest on whichever costs least.
double Setting::PageTokens(size_t rung, double characters) const {
  constexpr double kLaidOut = 1.03;  // lines do not end where the paper does
  const Rung& of = ladder_[rung];
  double pixels = characters * of.pixels_per_character * kLaidOut;
  const PageBox& first = of.papers.front().box;
  const double full = double{1} * first.width * first.max_height;
  double tokens = std::floor(pixels / full) * static_cast<double>(full_page_tokens_[rung]);
  pixels -= std::floor(pixels / full) * full;
  double rest = static_cast<double>(full_page_tokens_[rung]);
  for (const PagePaper& paper : of.papers) {
    const double lines = std::ceil(pixels / paper.box.width / paper.box.height_step);
    const int height =
        std::max(paper.box.min_height, static_cast<int>(lines) * paper.box.height_step);
    if (height > paper.box.max_height) continue;
    auto price = ImageTokens(inputs_.reader, paper.box.width, height, paper.flat_tokens);
    if (price.ok()) rest = std::min(rest, static_cast<double>(*price));
  }
  return pixels > 0 ? tokens + rest : tokens;
}

bool Setting::sends_pictures() const {
  return inputs_.reader.image_rule.kind != ImageTokenRule::Kind::kNone;
}

size_t Setting::entry_rung() const {
  if (ladder_.empty()) return 0;
  return std::min<size_t>(marks_.entry_rung, ladder_.size() - 1);
}

size_t Setting::gist_rung() const { return std::max(entry_rung(), GistRung(ladder_)); }

}  // namespace fovea
