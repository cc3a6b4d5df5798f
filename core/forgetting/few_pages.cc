#include "core/forgetting/few_pages.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/forgetting/run_pieces.h"

namespace fovea {
namespace {

class Chooser {
 public:
  Chooser(const Setting& setting, const Plan& plan, const Room& room)
      : setting_(setting),
        plan_(plan),
        room_(room),
        runs_(plan.sheet.runs()),
        rungs_(setting.ladder().size()),
        latent_(Place::Latent().Position(rungs_)) {
    for (const SheetPart& run : runs_) {
      targets_.push_back({.position = run.faded().Position(rungs_)});
    }
  }

  Targets Choose(bool keep_whole) {
    double characters = 0;
    size_t rung = setting_.entry_rung();
    auto others = static_cast<double>(plan_.sheet.totals().tokens);
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (!IsWhole(i)) continue;
      rung = std::max(rung, targets_[i].position);
      others -=
          static_cast<double>(runs_[i].drawn.tokens + (runs_[i].on_pages ? 0 : runs_[i].tokens));
      characters += ShownOf(i);
    }
    const auto goal = static_cast<double>(room_.goal_tokens());
    const auto whole_goal = static_cast<double>(room_.whole_goal_tokens());
    for (; rung < rungs_; ++rung) {
      const bool last = rung + 1 == rungs_;
      const double tokens = others + setting_.PageTokens(rung, characters);
      if (tokens > (last ? whole_goal : goal) && !(last && keep_whole)) continue;
      bool moves = false;
      for (size_t i = 0; i < runs_.size(); ++i) {
        if (!IsWhole(i)) continue;
        moves = moves || targets_[i].position != rung;
        targets_[i].position = rung;
      }
      if (moves || keep_whole) return {std::move(targets_), true};
    }
    DropOldest(others, characters, whole_goal);
    return {std::move(targets_), false};
  }

 private:
  bool IsWhole(size_t run) const { return targets_[run].position < rungs_; }

  double ShownOf(size_t run) const {
    return static_cast<double>(runs_[run].characters - runs_[run].elided_characters);
  }

  // Until what is left fits on pages of the last rung. A run that is mostly bulk becomes its gist
  // first, where there is room for its pages. `others`: tokens that are not of whole runs' pages.
  void DropOldest(double others, double characters, double goal) {
    constexpr double kBulky = 0.5;
    // Gists have pages of their own.
    const bool pages_apart = setting_.budget() >= 2 * setting_.full_page_tokens()[rungs_ - 1];
    const auto fits = [&] { return others + setting_.PageTokens(rungs_ - 1, characters) <= goal; };
    bool any = false;
    for (size_t i = 0; i < runs_.size() && !(any && fits()); ++i) {
      Target& target = targets_[i];
      any = true;
      if (!IsWhole(i)) {
        others -= static_cast<double>(runs_[i].tokens);
        target.position = latent_;
        continue;
      }
      const auto gist = static_cast<double>(runs_[i].origin.gist_characters);
      if (pages_apart && gist < kBulky * ShownOf(i)) {
        characters -= ShownOf(i);
        others += setting_.PageTokens(setting_.gist_rung(), gist);
        target.position = rungs_;
        continue;
      }
      target.position = rungs_ - 1;
      const double all = ShownOf(i);
      const double before = characters;
      while (target.dropped_chunks < ChunksOf(runs_[i]) && !(target.dropped_chunks > 0 && fits())) {
        ++target.dropped_chunks;
        characters = before - all * (1 - KeptShare(plan_.chunks, runs_[i], target.dropped_chunks));
      }
      if (target.dropped_chunks < ChunksOf(runs_[i])) break;
      target = {.position = latent_};
      characters = before - all;
    }
    // All that is left shares pages.
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (IsWhole(i)) targets_[i].position = rungs_ - 1;
    }
  }

  const Setting& setting_;
  const Plan& plan_;
  const Room& room_;
  const Sheet::Parts& runs_;
  const size_t rungs_;
  const size_t latent_;
  std::vector<Target> targets_;
};

}  // namespace

Targets ChooseForFewPages(const Setting& setting, const Plan& plan, const Room& room,
                          bool keep_whole) {
  return Chooser(setting, plan, room).Choose(keep_whole);
}

}  // namespace fovea
