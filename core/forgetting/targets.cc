#include "core/forgetting/targets.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/types/span.h"
#include "core/forgetting/fade.h"
#include "core/forgetting/few_pages.h"
#include "core/forgetting/run_pieces.h"

namespace fovea {
namespace {

// Each rung keeps this part of the budget before the last one begins to drop: what is newer stays
// sharper, however long the session.
constexpr double kReserveInBudget = 20;
// A gist that takes more than this of what the whole takes at the last rung is not worth its loss.
constexpr double kWorthAGist = 0.8;

// What a request holds, by estimate.
struct Load {
  double tokens = 0;
  double images = 0;
  double bytes = 0;

  Load& operator+=(const Load& other) {
    tokens += other.tokens;
    images += other.images;
    bytes += other.bytes;
    return *this;
  }
  Load& operator-=(const Load& other) { return *this += other.Times(-1); }
  Load Times(double factor) const { return {tokens * factor, images * factor, bytes * factor}; }
};

Load LoadOf(const SheetTotals& totals) {
  return {static_cast<double>(totals.tokens), static_cast<double>(totals.images),
          static_cast<double>(totals.bytes)};
}

class Chooser {
 public:
  Chooser(const Setting& setting, const Plan& plan, const Room& room, uint64_t redrawn,
          bool keep_whole)
      : setting_(setting),
        plan_(plan),
        room_(room),
        runs_(plan.sheet.runs()),
        rungs_(setting.ladder().size()),
        latent_(Place::Latent().Position(rungs_)),
        goal_(static_cast<double>(room.goal_tokens())),
        reserve_(static_cast<double>(room.available()) / kReserveInBudget),
        all_(LoadOf(plan.sheet.totals())),
        redrawn_(redrawn),
        by_position_(latent_ + 1, 0.0) {
    for (const SheetPart& run : runs_) {
      targets_.push_back({.position = run.faded().Position(rungs_)});
      loads_.push_back({static_cast<double>(run.tokens), static_cast<double>(run.images()),
                        static_cast<double>(run.bytes())});
      by_position_[targets_.back().position] += loads_.back().tokens;
    }
    whole_ = keep_whole || FitsWhole();
  }

  Targets Choose() {
    bool moved = false;
    while (!moved || !IsEnough()) {
      auto run = Next(false);
      if (!run.has_value() && !whole_) run = Next(true);
      if (!run.has_value()) break;
      Move(*run);
      moved = true;
    }
    return {std::move(targets_), whole_};
  }

 private:
  double LoadNow() const { return room_.LoadOf(all_.tokens, all_.images, all_.bytes); }

  bool IsEnough() const {
    if (redrawn_ < Planner::kRedrawnCharacters) {
      return all_.tokens <= goal_ && LoadNow() <= kLoadGoal;
    }
    return all_.tokens <= static_cast<double>(setting_.budget()) && LoadNow() <= 1;
  }

  // Of a run that has got as far as `load`, at another position.
  Load At(size_t run, size_t position) const {
    const SheetPart& part = runs_[run];
    const double tokens = EstimateAt(setting_, part, position) * Kept(run);
    if (tokens == 0 || !part.on_pages) return {.tokens = tokens};
    // Images and bytes go with the tokens of pages.
    const double factor = tokens / std::max<double>(1, static_cast<double>(part.tokens));
    return {tokens, static_cast<double>(part.images()) * factor,
            static_cast<double>(part.bytes()) * factor};
  }

  // Whether everything that is still whole fits at the last rung, so that nothing need be dropped.
  bool FitsWhole() const {
    if (rungs_ == 0) return false;
    Load load = all_;
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (targets_[i].position + 1 >= rungs_ || runs_[i].recalled) continue;
      load -= loads_[i];
      load += At(i, rungs_ - 1);
    }
    return load.tokens <= static_cast<double>(room_.whole_goal_tokens()) &&
           room_.LoadOf(load.tokens, load.images, load.bytes) <= kLoadGoal;
  }

  std::optional<size_t> OldestAt(size_t position, bool even_recalled) const {
    if (whole_ && position + 1 >= rungs_) return std::nullopt;
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].position == position && (even_recalled || !runs_[i].recalled)) return i;
    }
    return std::nullopt;
  }

  // The run that moves one further.
  std::optional<size_t> Next(bool even_recalled) const {
    const auto oldest = [&](size_t position) -> std::optional<double> {
      const std::optional<size_t> run = OldestAt(position, even_recalled);
      if (!run.has_value()) return std::nullopt;
      return loads_[*run].tokens;
    };
    const std::optional<size_t> position =
        NextToFade(absl::MakeConstSpan(by_position_).first(latent_), reserve_, oldest);
    return position.has_value() ? OldestAt(*position, even_recalled) : std::nullopt;
  }

  size_t NextPosition(size_t run) const {
    const size_t next = targets_[run].position + 1;
    const bool to_gist = rungs_ > 0 && next == rungs_;
    return to_gist && At(run, next).tokens > kWorthAGist * loads_[run].tokens ? latent_ : next;
  }

  double Kept(size_t run) const {
    return KeptShare(plan_.chunks, runs_[run], targets_[run].dropped_chunks);
  }

  void Become(size_t run, const Load& load) {
    all_ -= loads_[run];
    all_ += load;
    by_position_[targets_[run].position] += load.tokens - loads_[run].tokens;
    loads_[run] = load;
  }

  void Move(size_t run) {
    const size_t next = NextPosition(run);
    if (next == latent_ && DropOldest(run)) return;
    Target& target = targets_[run];
    if (target.position == runs_[run].faded().Position(rungs_)) {
      redrawn_ += runs_[run].characters;
    }
    if (next == latent_) redrawn_ -= runs_[run].characters;
    const Load load = At(run, next);
    by_position_[target.position] -= loads_[run].tokens;
    target.position = next;
    by_position_[next] += loads_[run].tokens;
    Become(run, load);
  }

  // Of a run that takes a good part of a small budget only as much is dropped as must be. False if
  // it has to go as a whole.
  bool DropOldest(size_t run) {
    const double tokens = loads_[run].tokens;
    const double over = all_.tokens - goal_;
    const auto small = static_cast<double>(room_.available()) / kRunsInBudget;
    if (tokens <= small || over >= tokens || LoadNow() > kLoadGoal) return false;
    Target& target = targets_[run];
    const size_t chunks = ChunksOf(runs_[run]);
    const auto characters = [&](size_t count) {
      return CharactersOf(plan_.chunks, runs_[run], count);
    };
    const double before = characters(target.dropped_chunks);
    const double kept = characters(chunks) - before;
    if (kept <= 0) return false;
    // What is left of the run, its pages counted as whole ones.
    const auto left = [&](size_t drop) {
      const double share = 1 - (characters(drop) - before) / kept;
      if (rungs_ == 0 || !runs_[run].on_pages) return tokens * share;
      const SheetPart& part = runs_[run];
      const auto shown = static_cast<double>(part.characters - part.elided_characters);
      const auto notes = static_cast<double>(part.tokens - part.drawn.tokens - part.sidecar_tokens);
      return std::min(tokens, notes + static_cast<double>(part.sidecar_tokens) * share +
                                  setting_.PageTokens(part.rung, shown * share * Kept(run)));
    };
    size_t drop = target.dropped_chunks + 1;
    while (drop < chunks && tokens - left(drop) < over) ++drop;
    if (drop >= chunks) return false;
    const double after = left(drop);
    target.dropped_chunks = drop;
    Become(run, loads_[run].Times(after / tokens));
    return true;
  }

  const Setting& setting_;
  const Plan& plan_;
  const Room& room_;
  const Sheet::Parts& runs_;
  const size_t rungs_;
  const size_t latent_;
  const double goal_;
  const double reserve_;
  Load all_;
  uint64_t redrawn_;
  bool whole_ = false;
  std::vector<double> by_position_;
  std::vector<Target> targets_;
  std::vector<Load> loads_;
};

}  // namespace

Targets ChooseTargets(const Setting& setting, const Plan& plan, const Room& room,
                      uint64_t redrawn_characters, bool keep_whole) {
  if (setting.few_pages()) return ChooseForFewPages(setting, plan, room, keep_whole);
  return Chooser(setting, plan, room, redrawn_characters, keep_whole).Choose();
}

bool AnyMoves(const Setting& setting, const Sheet::Parts& runs, const Targets& targets) {
  for (size_t i = 0; i < runs.size(); ++i) {
    if (targets.of_runs[i].dropped_chunks > 0 ||
        targets.of_runs[i].position != runs[i].faded().Position(setting.ladder().size())) {
      return true;
    }
  }
  return false;
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
      setting.characters_per_token()[gist ? setting.gist_rung() : place.rung()];
  const double notes = run.on_pages ? static_cast<double>(run.tokens - run.drawn.tokens) : 0;
  return notes + characters / per_token;
}

}  // namespace fovea
