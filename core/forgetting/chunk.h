// Chunks: the unit of forgetting.
#ifndef FOVEA_CORE_FORGETTING_CHUNK_H_
#define FOVEA_CORE_FORGETTING_CHUNK_H_

#include <cstdint>
#include <vector>

#include "core/log/turn.h"
#include "core/sheet/place.h"

namespace fovea {

struct ChunkStep {
  uint64_t epoch = 0;
  Place place;
};

// A frozen run of whole groups, cut on an absolute grid of text tokens (Setting::chunk_tokens).
struct Chunk {
  SeqRange turns;
  int64_t text_tokens = 0;
  uint64_t characters = 0;
  Place place;
  std::vector<ChunkStep> history;  // its moves, oldest first

  // Where it was at the end of an epoch.
  Place At(uint64_t epoch) const;
  // Notes that it is at `now` from `epoch` on.
  void MoveTo(Place now, uint64_t epoch);
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_CHUNK_H_
