// Contexts: a plan put together for serving, and what can be said about it.
#ifndef FOVEA_CORE_CONTEXT_CONTEXT_H_
#define FOVEA_CORE_CONTEXT_CONTEXT_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/forgetting/planner.h"
#include "core/forgetting/run.h"
#include "core/log/turn_source.h"

namespace fovea {

// A turn as it is served: as it was, or with its tool results' text on pages.
struct ServedTurn {
  TurnPtr turn;
  bool results_drawn = false;
  std::vector<PlannedPage> pages;  // of the results, if drawn
};

// Turns that an API must see together. Every call in it has its results here, or is named in
// `unanswered` (for which a wire format writes a note as the result).
struct ServedGroup {
  std::vector<ServedTurn> turns;
  std::vector<std::string> unanswered;  // call ids without a result
  bool open = false;                    // results may still come: the newest group only
  bool orphan_result = false;           // a result without a call: goes out as a user's note
};

// History that Fovea speaks in its own voice: notes and pages, one message.
struct HistoryMessage {
  std::vector<std::variant<std::string, PlannedPage>> items;
  std::string rung;       // of its pages; "" for notes and pins
  bool rung_end = false;  // the last message at its rung: a place for a cache breakpoint
};

struct Context {
  std::vector<ServedGroup> head;
  std::vector<HistoryMessage> history;
  std::vector<ServedGroup> tail;
};

// The prefix is head and history; only the tail grows within an epoch. Reads the head's, the tail's
// and the pinned turns from `turns`.
absl::StatusOr<Context> AssembleContext(const Planner& planner, const TurnSource& turns);

// The note before a result whose call is unknown.
std::string OrphanResultNote(const Turn& turn);
// What stands in a tool result whose text is on pages.
std::string DrawnResultNote(const ServedTurn& turn);

struct RungShare {
  std::string rung;  // "verbatim", the rung's name, or "latent"
  uint64_t turns = 0;
  SeqRange range;  // first and last
  uint64_t characters = 0;
  int64_t tokens = 0;
  int64_t text_tokens = 0;
  uint32_t pages = 0;
  double legibility = 1;
  double exact_legibility = 1;
  std::string evidence;
};

struct CharacterCounts {
  uint64_t text = 0;
  uint64_t pages = 0;
  uint64_t elided = 0;
  uint64_t latent = 0;
};

struct LossEntry {
  SeqRange range;
  std::string rung;
  double legibility = 0;
  std::string evidence;
  uint64_t characters = 0;
  uint64_t elided_characters = 0;
  uint64_t hidden_characters = 0;  // drawn as marks
  uint32_t exact_in_sidecar = 0;
  uint32_t exact_omitted = 0;
  uint32_t opaque_omitted = 0;
  uint32_t images_omitted = 0;
};

// What sending the context costs by the reader's prices, if the last request was the context before
// the assistant's newest turn.
struct ContextCost {
  bool cache_is_cold = false;  // its lifetime had passed: nothing of it is left
  int64_t cached_tokens = 0;   // that the cache still holds
  int64_t written_tokens = 0;  // sent for the first time, or again behind a change
  // In input tokens that are not cached: this request, and each that would follow at once with
  // nothing added.
  double now = 0;
  double next = 0;
  // US dollars; 0 where the reader's profile states no price.
  double now_usd = 0;
  double next_usd = 0;
};

struct ContextSummary {
  std::string reader;  // the profile's name
  int64_t tokens = 0;
  int64_t budget = 0;
  bool tokens_exact = false;
  uint64_t epoch = 0;
  uint64_t epoch_since_seq = 0;
  std::string epoch_reason;
  uint64_t as_of_seq = 0;
  // Every group of the tail is there as a whole. A call that never got a result is served with a
  // note in its place.
  bool groups_complete = true;
  std::vector<PlannedPage> pages;  // in the order served
  CharacterCounts characters;
  std::vector<RungShare> rungs;  // oldest first: latent, deepest rung, ..., verbatim
  std::vector<LossEntry> loss;   // oldest first
  int64_t text_tokens_replaced = 0;
  std::vector<SeqRange> pinned;
  ContextCost cost;
  Marks marks;
  CostForecast forecast;  // of a long session at these marks, a call
};

ContextSummary SummarizeContext(const Planner& planner);

struct TurnExplanation {
  uint64_t seq = 0;
  std::string rung;
  std::string reason;
  SeqRange chunk;
  bool pinned = false;
  struct Step {
    uint64_t epoch = 0;
    uint64_t since_seq = 0;
    std::string rung;
    std::string reason;
  };
  std::vector<Step> history;
  double legibility = 1;
  std::string evidence;
  std::vector<std::string> page_ids;
};

// NOT_FOUND if the plan holds no such turn.
absl::StatusOr<TurnExplanation> ExplainTurn(const Planner& planner, uint64_t seq);

struct EpochDiff {
  struct Move {
    SeqRange range;
    std::string from_rung;
    std::string to_rung;
  };
  std::vector<Move> moves;  // oldest first
  std::vector<EpochRecord> epochs;
};

// Moves between the end of epoch `from` and epoch `to`. OUT_OF_RANGE if from > to or to is not
// there yet.
absl::StatusOr<EpochDiff> DiffEpochs(const Planner& planner, uint64_t from, uint64_t to);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_CONTEXT_H_
