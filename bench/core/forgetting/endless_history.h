// A history as long as one likes, of which only a small part is in memory.
#ifndef FOVEA_BENCH_CORE_FORGETTING_ENDLESS_HISTORY_H_
#define FOVEA_BENCH_CORE_FORGETTING_ENDLESS_HISTORY_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/log/turn.h"
#include "core/log/turn_source.h"

namespace fovea::bench {

// Repeats a cycle of turns: turn n is turn (n - 1) mod cycle, made again with its own seq, its
// calls' ids told apart by the repetition, and "repetition 7" in its texts, so that no two are
// alike. Thread-safe.
class EndlessHistory final : public TurnSource {
 public:
  // `cycle` is not empty. Its first turn opens the session; later ones are never system turns.
  explicit EndlessHistory(std::vector<Turn> cycle) : cycle_(std::move(cycle)) {}

  Turn Make(uint64_t seq) const;
  absl::StatusOr<std::vector<TurnPtr>> Turns(SeqRange range) const override;
  uint64_t cycle() const { return cycle_.size(); }

 private:
  const std::vector<Turn> cycle_;
};

// `length` turns of the given histories, one after the other: whole groups, without system turns
// and without texts that are over `max_text_bytes`, which are cut.
std::vector<Turn> CycleOf(const std::vector<std::vector<Turn>>& histories, size_t length,
                          size_t max_text_bytes);

}  // namespace fovea::bench

#endif  // FOVEA_BENCH_CORE_FORGETTING_ENDLESS_HISTORY_H_
