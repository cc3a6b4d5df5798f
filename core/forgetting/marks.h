// What the planner goes by: when it takes a step, and how far.
#ifndef FOVEA_CORE_FORGETTING_MARKS_H_
#define FOVEA_CORE_FORGETTING_MARKS_H_

namespace fovea {

// Shares are in thousandths of the budget that is left beside the head.
struct Marks {
  int tail_high_permille = 0;     // verbatim text over this share is drawn, ...
  int tail_low_permille = 0;      // ... until it is at this
  int pressure_low_permille = 0;  // a context over the budget shrinks to this share
  int entry_rung = 0;             // index of the rung at which text enters the ladder
  bool operator==(const Marks&) const = default;
};

// Means over the calls of a session, in input tokens that are not cached.
struct CostForecast {
  double billed = 0;  // a call: cached reads, first and later writes
  double lost = 0;    // a call: what it costs that strings are misread or not shown
  double misses = 0;  // a call: such strings
  double total() const { return billed + lost; }
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_MARKS_H_
