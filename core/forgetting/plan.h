// The planner's state: which turns are text, which are on pages at which rung, and which are only
// recallable.
//
// The sheet is, in order:
//   head     leading system turns and the opening task, as text
//   latent   a note of what is no longer shown, with exact strings of it
//   runs     pages of older turns, oldest first; the deepest rung is oldest, recalls apart. Before
//            a run becomes latent, it is shown as its gist: without the middle of what is long
//   pins     the text of pinned turns that are on pages or latent
//   tail     the newest turns as text; huge tool results in them may be drawn in place
#ifndef FOVEA_CORE_FORGETTING_PLAN_H_
#define FOVEA_CORE_FORGETTING_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/forgetting/chunk.h"
#include "core/log/group.h"
#include "core/sheet/sheet.h"

namespace fovea {

struct EpochRecord {
  uint64_t epoch = 0;  // 1, 2, ...; epoch 0 is "everything is text" and has no record
  uint64_t since_seq = 0;
  std::string reason;  // for people
  int64_t tokens_before = 0;
  int64_t tokens_after = 0;
  int64_t kept_tokens = 0;  // from the start to the first change: what a cache still holds
};

struct PinnedTurn {
  int64_t tokens = 0;  // of its note (TurnNote)
  uint64_t characters = 0;
};

// All of it follows from the log.
struct Plan {
  uint64_t last_seq = 0;
  uint64_t last_event = 0;
  // The newest turn of the assistant: the request before it was the last, as far as the log tells.
  uint64_t last_request_seq = 0;
  // More than the lifetime of the reader's cache had passed since that request when the newest turn
  // came: the whole next request is written to the cache again.
  bool cache_is_cold = false;

  Sheet sheet;

  std::vector<Chunk> chunks;  // all, oldest first
  size_t tail_chunk = 0;      // the first that is in the tail
  Chunk filling;              // the closed groups since the last chunk
  // What a large budget would still be filling, whose chunks are Planner::kChunkTokens.
  uint64_t coarse_filling_seq = 0;

  std::map<uint64_t, PinnedTurn> pinned;  // by seq; head turns are text anyway and left out
  std::deque<Group> tail_groups;          // that the tail consists of; the last is the newest

  std::vector<EpochRecord> epochs;
  uint64_t epoch() const { return epochs.empty() ? 0 : epochs.back().epoch; }

  // 0 if the context fits; else the smallest budget that holds what must be text.
  int64_t required_tokens = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_PLAN_H_
