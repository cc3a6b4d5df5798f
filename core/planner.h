// The planner: which turns are text, which are on pages at which rung, and which are only
// recallable.
//
// A pure function of the log, the policy, the budget, the reader and the renderer: it is fed the
// log's turns and events in order and keeps the state that follows from them. It reads no clock and
// writes nothing; living through a session and replaying its log give the same state (DESIGN: laws
// 2 and 3).
//
// The context that it plans is, in order:
//   head     leading system turns and the opening task, as text
//   latent   a note of what is no longer shown
//   runs     pages of older turns, oldest first; the deepest rung is oldest, recalls apart
//   pins     the text of pinned turns that are in runs or latent
//   tail     the newest turns as text; huge tool results in them may be drawn in place
// All but the tail is the prefix. It changes only when the epoch does.
#ifndef FOVEA_CORE_PLANNER_H_
#define FOVEA_CORE_PLANNER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/group.h"
#include "core/page.h"
#include "core/policy.h"
#include "core/reader_profile.h"
#include "core/run.h"
#include "core/token_counter.h"
#include "core/turn.h"
#include "core/turn_source.h"

namespace fovea {

// Where a chunk is. Rungs of the ladder are 0, 1, ...
constexpr int kVerbatim = -1;
constexpr int kLatent = 1000;

struct ChunkStep {
  uint64_t epoch = 0;
  int rung = kVerbatim;
};

// A frozen run of whole groups, cut on an absolute grid of text tokens (kChunkTokens).
struct Chunk {
  SeqRange turns;
  int64_t text_tokens = 0;
  uint64_t characters = 0;
  uint32_t groups = 0;
  int rung = kVerbatim;
  std::vector<ChunkStep> history;  // the moves, oldest first
};

struct EpochRecord {
  uint64_t epoch = 0;  // 1, 2, ...; epoch 0 is "everything is text" and has no record
  uint64_t since_seq = 0;
  std::string reason;  // for people
  int64_t tokens_before = 0;
  int64_t tokens_after = 0;
};

// A turn of the tail.
struct TailTurn {
  uint64_t seq = 0;
  int64_t text_tokens = 0;    // as verbatim text
  int64_t result_tokens = 0;  // of its tool results' text alone
  uint64_t characters = 0;
  uint64_t result_characters = 0;
  bool drawn = false;  // its results are on pages, in place
  LaidOutStrip drawing;
  int drawn_rung = kVerbatim;
  // As served.
  int64_t tokens() const;
};

struct TailGroup {
  Group group;
  int64_t unanswered_tokens = 0;  // of the notes that stand in for results that never came
};

// The planner's state, for assembly and inspection. All fields are derived from the log.
struct Plan {
  uint64_t last_seq = 0;
  uint64_t last_event = 0;
  std::vector<uint64_t> head;  // seqs
  int64_t head_tokens = 0;
  uint64_t head_characters = 0;
  std::vector<Chunk> chunks;  // all, oldest first; those from tail_chunk on are in the tail
  size_t tail_chunk = 0;
  std::vector<Run> runs;  // oldest first
  SeqRange latent;        // first to last latent turn; shown runs may lie between after a recall
  uint64_t latent_turns = 0;
  uint64_t latent_characters = 0;
  int64_t latent_text_tokens = 0;
  std::map<uint64_t, int64_t> pinned;  // seq -> tokens of its text, for every pinned turn
  std::set<uint64_t> served_pins;      // those in the pins section; changes only with the epoch
  int64_t pins_tokens = 0;
  std::deque<TailTurn> tail;  // turns after the last chunk that left, head left out
  std::deque<TailGroup> tail_groups;
  int64_t tail_tokens = 0;       // as served
  int64_t tail_text_tokens = 0;  // of what is text in it
  std::vector<EpochRecord> epochs;
  uint64_t epoch() const { return epochs.empty() ? 0 : epochs.back().epoch; }
  // 0 if the context fits; else the smallest budget that holds what must be text.
  int64_t required_tokens = 0;
};

struct PlannerInputs {
  ReaderProfile reader;
  Policy policy;
  int64_t token_budget = 0;
  const PageRenderer* renderer = nullptr;  // outlives the planner
  const TurnSource* turns = nullptr;       // outlives the planner
};

// Thread-compatible.
class Planner {
 public:
  static constexpr int64_t kChunkTokens = 1024;

  // INVALID_ARGUMENT for a bad policy or a budget outside 1,000 to 100,000,000.
  static absl::StatusOr<std::unique_ptr<Planner>> Create(PlannerInputs inputs);
  virtual ~Planner() = default;

  // The next turn: turn.seq must be plan().last_seq + 1. Fails only if the turn source or the
  // renderer does; the planner must then be thrown away.
  virtual absl::Status Append(const Turn& turn) = 0;
  // The next event: its index must be plan().last_event + 1 and its after_seq plan().last_seq.
  virtual absl::Status Apply(const LogEvent& event) = 0;

  virtual const Plan& plan() const = 0;
  virtual const PlannerInputs& inputs() const = 0;
  // The rungs in use: the reader's ladder without those that the policy forbids.
  virtual const std::vector<Rung>& ladder() const = 0;
  // Of the whole context, by the reader's rules.
  virtual int64_t tokens() const = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_PLANNER_H_
