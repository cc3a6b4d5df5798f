#include "core/exact/turn_strings.h"

#include <utility>

#include "core/exact/sidecar.h"

namespace fovea {

const std::vector<ExactString>& TurnStrings::Of(const Turn& turn) {
  const auto found = of_turns_.find(turn.seq);
  if (found != of_turns_.end()) return found->second;
  ExactStringCollector collector;
  collector.Add(turn);
  last_ = std::move(collector).strings();
  const size_t weight = WeightOf(last_);
  if (weight > kMaxWeight) return last_;
  while (weight_ + weight > kMaxWeight && !of_turns_.empty() &&
         of_turns_.begin()->first < turn.seq) {
    weight_ -= WeightOf(of_turns_.begin()->second);
    of_turns_.erase(of_turns_.begin());
  }
  if (weight_ + weight > kMaxWeight) return last_;
  weight_ += weight;
  return of_turns_.emplace(turn.seq, std::move(last_)).first->second;
}

}  // namespace fovea
