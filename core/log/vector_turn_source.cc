#include "core/log/vector_turn_source.h"

#include <memory>

#include "absl/strings/str_cat.h"

namespace fovea {

VectorTurnSource::VectorTurnSource(const std::vector<Turn>& turns) {
  turns_.reserve(turns.size());
  for (const Turn& turn : turns) turns_.push_back(std::make_shared<const Turn>(turn));
}

absl::StatusOr<std::vector<TurnPtr>> VectorTurnSource::Turns(SeqRange range) const {
  if (range.empty()) return std::vector<TurnPtr>();
  if (range.first == 0 || range.last > turns_.size()) {
    return absl::OutOfRangeError(absl::StrCat("turns ", range.first, " to ", range.last));
  }
  return std::vector<TurnPtr>(turns_.begin() + static_cast<std::ptrdiff_t>(range.first) - 1,
                              turns_.begin() + static_cast<std::ptrdiff_t>(range.last));
}

}  // namespace fovea
