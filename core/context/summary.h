// What a context consists of, and what it no longer shows exactly.
#ifndef FOVEA_CORE_CONTEXT_SUMMARY_H_
#define FOVEA_CORE_CONTEXT_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/context/characters.h"
#include "core/context/cost.h"
#include "core/forgetting/marks.h"
#include "core/forgetting/planner.h"
#include "core/log/turn.h"
#include "core/strip/strip.h"

namespace fovea {

struct RungShare {
  std::string rung;  // "verbatim", the rung's name, "gist" or "latent"
  uint64_t turns = 0;
  SeqRange range;  // first and last
  uint64_t characters = 0;
  // In the context, with what Fovea says of these turns: all shares together are the context's.
  int64_t tokens = 0;
  int64_t text_tokens = 0;  // of their text, had it been served
  uint32_t pages = 0;
  double legibility = 1;
  double exact_legibility = 1;
  std::string evidence;
};

struct LossEntry {
  SeqRange range;
  std::string rung;
  double legibility = 0;
  std::string evidence;
  uint64_t characters = 0;
  uint64_t elided_characters = 0;
  uint64_t hidden_characters = 0;  // drawn as marks
  uint64_t colour_characters = 0;  // of codes that only colour: left out of pages
  uint32_t exact_in_sidecar = 0;
  uint32_t exact_omitted = 0;
  uint32_t opaque_omitted = 0;
  uint32_t images_omitted = 0;
};

struct ContextSummary {
  std::string reader;  // the profile's name
  int64_t tokens = 0;
  int64_t budget = 0;
  std::string budget_use;  // one sentence for a person: how much is used, and why not more
  bool tokens_exact = false;
  uint64_t epoch = 0;
  uint64_t epoch_since_seq = 0;
  std::string epoch_reason;
  double text_factor = 1;    // ReaderProfile::text_correction of the plan's reader
  int64_t spare_tokens = 0;  // Planner::spare_tokens
  uint64_t as_of_seq = 0;
  // Every group of the tail is there as a whole. A call that never got a result is served with a
  // note in its place.
  bool groups_complete = true;
  std::vector<PlannedPage> pages;  // in the order served
  CharacterCounts characters;
  std::vector<RungShare> rungs;  // oldest first: latent, gist, deepest rung, ..., verbatim
  std::vector<LossEntry> loss;   // oldest first
  int64_t text_tokens_replaced = 0;
  std::vector<SeqRange> pinned;
  ContextCost cost;
  Marks marks;
  CostForecast forecast;  // of a long session at these marks, a call
};

ContextSummary SummarizeContext(const Planner& planner);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_SUMMARY_H_
