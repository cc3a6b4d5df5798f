#include "core/forgetting/run_pieces.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace fovea {

void JoinRuns(SheetPart next, SheetPart& run) {
  run.origin.last_chunk = next.origin.last_chunk;
  run.turns.last = next.turns.last;
  run.text_tokens += next.text_tokens;
  run.characters += next.characters;
  run.recalled = run.recalled || next.recalled;
  run.elided_characters += next.elided_characters;
  std::ranges::move(next.origin.drawn_results, std::back_inserter(run.origin.drawn_results));
}

SheetPart SplitOldest(const std::vector<Chunk>& chunks, size_t count, SheetPart& run) {
  SheetPart oldest;
  oldest.turns.first = run.turns.first;
  oldest.origin.first_chunk = run.origin.first_chunk;
  oldest.origin.last_chunk = run.origin.first_chunk + count - 1;
  for (size_t i = oldest.origin.first_chunk; i <= oldest.origin.last_chunk; ++i) {
    const Chunk& chunk = chunks[i];
    oldest.turns.last = chunk.turns.last;
    oldest.text_tokens += chunk.text_tokens;
    oldest.characters += chunk.characters;
  }
  run.turns.first = oldest.turns.last + 1;
  run.origin.first_chunk = oldest.origin.last_chunk + 1;
  run.text_tokens -= oldest.text_tokens;
  run.characters -= oldest.characters;
  const auto is_old = [&oldest](uint64_t seq) { return seq <= oldest.turns.last; };
  std::erase_if(run.origin.drawn_results,
                [&](const DrawnResult& drawn) { return is_old(drawn.seq); });
  std::ranges::copy_if(run.origin.exact, std::back_inserter(oldest.origin.exact),
                       [&](const ExactString& string) { return is_old(string.first_seq); });
  return oldest;
}

size_t ChunksOf(const SheetPart& run) { return run.origin.last_chunk - run.origin.first_chunk + 1; }

double CharactersOf(const std::vector<Chunk>& chunks, const SheetPart& run, size_t count) {
  double characters = 0;
  for (size_t i = 0; i < count; ++i) {
    characters += static_cast<double>(chunks[run.origin.first_chunk + i].characters);
  }
  return characters;
}

double KeptShare(const std::vector<Chunk>& chunks, const SheetPart& run, size_t dropped) {
  const auto all = static_cast<double>(run.characters);
  return all == 0 ? 1 : 1 - CharactersOf(chunks, run, dropped) / all;
}

}  // namespace fovea
