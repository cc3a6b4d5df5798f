// Runs taken together and apart, before they are drawn.
#ifndef FOVEA_CORE_FORGETTING_RUN_PIECES_H_
#define FOVEA_CORE_FORGETTING_RUN_PIECES_H_

#include <cstddef>
#include <vector>

#include "core/forgetting/chunk.h"
#include "core/sheet/sheet_part.h"

namespace fovea {

// Takes `next`, which follows `run`, into it.
void JoinRuns(SheetPart next, SheetPart& run);

// Takes the oldest `count` chunks, not all that it has, out of a run. `chunks` are the plan's.
SheetPart SplitOldest(const std::vector<Chunk>& chunks, size_t count, SheetPart& run);

size_t ChunksOf(const SheetPart& run);
// The characters of the run's oldest `count` chunks.
double CharactersOf(const std::vector<Chunk>& chunks, const SheetPart& run, size_t count);
// The share of the run's characters that is left without its oldest `dropped` chunks.
double KeptShare(const std::vector<Chunk>& chunks, const SheetPart& run, size_t dropped);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_RUN_PIECES_H_
