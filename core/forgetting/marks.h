// What the planner goes by: when it takes a step, and how far.
#ifndef FOVEA_CORE_FORGETTING_MARKS_H_
#define FOVEA_CORE_FORGETTING_MARKS_H_

namespace fovea {

// Shares are in thousandths of the budget that is left beside the head.
struct Marks {
  static constexpr int kFull = 1000;

  int tail_high_permille = 0;     // verbatim text over this share is drawn, ...
  int tail_low_permille = 0;      // ... until it is at this
  int pressure_low_permille = 0;  // a context over the budget shrinks to this share
  int entry_rung = 0;             // index of the rung at which text enters the ladder
  // The tail may fill what pages leave of the budget: a history that fits stays text.
  bool tail_fills() const { return tail_high_permille >= kFull; }
  bool operator==(const Marks&) const = default;
};

// Means over the calls of a session, in input tokens that are not cached.
struct CostForecast {
  double billed = 0;  // a call: cached reads, first and later writes
  // A call: what it costs that strings, and but for a frugal policy passages, are misread or not
  // shown.
  double lost = 0;
  double misses = 0;          // a call: such strings
  double passage_misses = 0;  // a call: such passages; 0 where they are not counted
  double total() const { return billed + lost; }
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_MARKS_H_
