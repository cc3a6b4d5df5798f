// The laws of forgetting, checked from outside: every expectation is recomputed from the turns.
#ifndef FOVEA_TESTS_CORE_PLANNER_CHECKS_H_
#define FOVEA_TESTS_CORE_PLANNER_CHECKS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/context/context.h"
#include "core/forgetting/plan.h"
#include "core/forgetting/planner.h"
#include "core/tokens/token_counter.h"
#include "tests/support/histories.h"

namespace fovea::testing {

// Groups by a second, independent reading of the rule: first seq of each group.
std::vector<uint64_t> GroupStarts(const std::vector<Turn>& turns);

// Everything that the prefix serves, as one string.
std::string PrefixFingerprint(const Context& context);
// The prefix, the tail, the counts and the epochs.
std::string PlanFingerprint(const Planner& planner, const TurnSource& turns);

// Watches a planner live through a session and fails the test at the first broken law.
class LawWatcher {
 public:
  // Of the turns within an epoch every `every`th is checked; the first of an epoch always.
  LawWatcher(const Planner& planner, const std::vector<Turn>& turns, const TurnSource& source,
             uint64_t every = 1);

  // To be called after each turn (or event).
  void Check();
  // To be called at the end: the number of epochs is within the bound of docs/forgetting.md.
  void CheckEpochBound() const;

 private:
  void Note();
  void CheckBudget();
  void CheckTokens(const Context& context);
  void CheckSheet();
  void CheckSummary();
  void CheckNothingIsDue();
  void CheckCharacters();
  void CheckPlaces();
  void CheckChunks();
  void CheckPages();
  void CheckServedPagesStay();
  void CheckNothingGrows();
  void CheckSidecars();
  void CheckPrefix(const Context& context);
  void CheckMustBeText(const Context& context);

  const Planner& planner_;
  const std::vector<Turn>& turns_;
  const TurnSource& source_;
  const TokenCounter counter_;
  const uint64_t every_;
  std::set<uint64_t> group_starts_;
  uint64_t epoch_ = 0;
  std::string prefix_;
  bool prefix_settled_ = false;
  std::vector<SeqRange> chunks_;
  Sheet::Parts runs_;  // as they were when last checked
  int64_t verbatim_appended_ = 0;
  uint64_t characters_appended_ = 0;
  uint64_t crowded_turns_ = 0;
  uint64_t asked_ = 0;  // pins and compactions
  uint64_t cold_turns_ = 0;
  uint64_t last_event_ = 0;
};

}  // namespace fovea::testing

#endif  // FOVEA_TESTS_CORE_PLANNER_CHECKS_H_
