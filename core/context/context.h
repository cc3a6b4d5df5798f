// Contexts: a sheet with its turns, put together for serving.
#ifndef FOVEA_CORE_CONTEXT_CONTEXT_H_
#define FOVEA_CORE_CONTEXT_CONTEXT_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/forgetting/planner.h"
#include "core/log/turn_source.h"
#include "core/strip/strip.h"
#include "core/voice/notes.h"

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

// The prefix is head and history; only the tail grows within an epoch.
struct Context {
  std::vector<ServedGroup> head;
  std::vector<HistoryMessage> history;
  std::vector<ServedGroup> tail;
};

// Reads from `turns` what is served as text. Fails only if they do.
absl::StatusOr<Context> AssembleContext(const Planner& planner, const TurnSource& turns);

// What stands in a tool result whose text is on pages.
std::string DrawnResultNote(const ServedTurn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_CONTEXT_CONTEXT_H_
