#include "core/forgetting/targets.h"

#include <algorithm>
#include <optional>

#include "absl/types/span.h"
#include "core/forgetting/fade.h"

namespace fovea {
namespace {

// Each rung keeps this part of the budget before the last one begins to drop: what is newer stays
// sharper, however long the session.
constexpr double kReserveInBudget = 20;

class Chooser {
 public:
  Chooser(const Setting& setting, const Sheet::Parts& runs, const Pressure& pressure)
      : setting_(setting),
        runs_(runs),
        latent_(Place::Latent().Position(setting.ladder().size())),
        goal_(static_cast<double>(pressure.goal)),
        reserve_(static_cast<double>(pressure.available) / kReserveInBudget),
        tokens_(static_cast<double>(pressure.tokens)),
        load_(pressure.load),
        redrawn_(pressure.redrawn_characters),
        by_position_(latent_ + 1, 0.0) {
    for (const SheetPart& run : runs) {
      targets_.push_back(run.faded().Position(setting.ladder().size()));
      estimates_.push_back(static_cast<double>(run.tokens));
      by_position_[targets_.back()] += estimates_.back();
    }
  }

  std::vector<size_t> Choose() {
    bool moved = false;
    while (!moved || !IsEnough()) {
      auto run = Next(false);
      if (!run.has_value()) run = Next(true);
      if (!run.has_value()) break;
      Move(*run);
      moved = true;
    }
    return targets_;
  }

 private:
  bool IsEnough() const {
    if (redrawn_ < Planner::kRedrawnCharacters) return tokens_ <= goal_ && load_ <= kLoadGoal;
    return tokens_ <= static_cast<double>(setting_.budget()) && load_ <= 1;
  }

  std::optional<size_t> OldestAt(size_t position, bool even_recalled) const {
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i] == position && (even_recalled || !runs_[i].recalled)) return i;
    }
    return std::nullopt;
  }

  // The run that moves one further.
  std::optional<size_t> Next(bool even_recalled) const {
    const auto oldest = [&](size_t position) -> std::optional<double> {
      const std::optional<size_t> run = OldestAt(position, even_recalled);
      if (!run.has_value()) return std::nullopt;
      return estimates_[*run];
    };
    const std::optional<size_t> position =
        NextToFade(absl::MakeConstSpan(by_position_).first(latent_), reserve_, oldest);
    return position.has_value() ? OldestAt(*position, even_recalled) : std::nullopt;
  }

  void Move(size_t run) {
    const SheetPart& moving = runs_[run];
    size_t& target = targets_[run];
    const double next = EstimateAt(setting_, moving, target + 1);
    const double change = next - estimates_[run];
    tokens_ += change;
    // Images and bytes go with the tokens of pages, near enough for an estimate.
    load_ += load_ * change / std::max(1.0, tokens_ - change);
    by_position_[target] -= estimates_[run];
    if (target == moving.faded().Position(setting_.ladder().size())) {
      redrawn_ += moving.characters;
    }
    if (++target == latent_) redrawn_ -= moving.characters;
    by_position_[target] += next;
    estimates_[run] = next;
  }

  const Setting& setting_;
  const Sheet::Parts& runs_;
  const size_t latent_;
  const double goal_;
  const double reserve_;
  double tokens_;
  double load_;
  uint64_t redrawn_;
  std::vector<double> by_position_;
  std::vector<size_t> targets_;
  std::vector<double> estimates_;
};

}  // namespace

std::vector<size_t> ChooseTargets(const Setting& setting, const Sheet::Parts& runs,
                                  const Pressure& pressure) {
  return Chooser(setting, runs, pressure).Choose();
}

double EstimateAt(const Setting& setting, const SheetPart& run, size_t position) {
  const Place place = Place::At(position, setting.ladder().size());
  if (place.is_latent()) return 0;
  const bool gist = place.is_gist();
  const auto characters = static_cast<double>(gist ? run.origin.gist_characters : run.characters);
  if (setting.ladder().empty()) {
    return static_cast<double>(run.text_tokens) * characters /
           std::max(1.0, static_cast<double>(run.characters));
  }
  const double per_token =
      setting.characters_per_token()[gist ? setting.entry_rung() : place.rung()];
  const double notes = run.on_pages ? static_cast<double>(run.tokens - run.drawn.tokens) : 0;
  return notes + characters / per_token;
}

}  // namespace fovea
