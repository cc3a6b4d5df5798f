#include "core/forgetting/chunk.h"

namespace fovea {

Place Chunk::At(uint64_t epoch) const {
  Place at;
  for (const ChunkStep& step : history) {
    if (step.epoch <= epoch) at = step.place;
  }
  return at;
}

void Chunk::MoveTo(Place now, uint64_t epoch) {
  if (place == now) return;
  place = now;
  // A step may take a run further than it first meant to: only where it ends counts.
  if (!history.empty() && history.back().epoch == epoch) {
    history.back().place = now;
  } else {
    history.push_back({.epoch = epoch, .place = now});
  }
}

}  // namespace fovea
