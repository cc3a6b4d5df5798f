// How much room there is: what a plan uses of its budget and of the reader's limits.
#ifndef FOVEA_CORE_FORGETTING_ROOM_H_
#define FOVEA_CORE_FORGETTING_ROOM_H_

#include <algorithm>
#include <cstdint>

#include "core/forgetting/plan.h"
#include "core/forgetting/setting.h"

namespace fovea {

// Answers for the plan as it is at the time. Thread-compatible.
class Room {
 public:
  // Both outlive it.
  Room(const Setting& setting, const Plan& plan) : setting_(setting), plan_(plan) {}

  // The budget beside the head, and a share of it.
  int64_t available() const { return std::max<int64_t>(0, setting_.budget() - head_tokens()); }
  int64_t share(int permille) const { return available() * permille / 1000; }
  // The marks of the tail's verbatim text. Without pages there is nothing to keep a share for: text
  // may fill the budget, and half of it goes at once.
  int64_t tail_high_tokens() const;
  int64_t tail_low_tokens() const;

  // The first turn that must stay text: the unfilled chunk and the newest group. And its tokens.
  uint64_t first_staying_seq() const;
  int64_t staying_tokens() const;
  // Verbatim text of the tail that may be drawn.
  int64_t movable_verbatim_tokens() const;

  // What a step that presses aims at; and what it is content with if nothing need be dropped.
  int64_t goal_tokens() const { return GoalAt(setting_.marks().pressure_low_permille); }
  int64_t whole_goal_tokens() const { return std::max(goal_tokens(), GoalAt(kWholePermille)); }
  static constexpr int kWholePermille = 900;

  // How many tokens of text the tail can grow by before it is over its mark, or the context over
  // its budget or a limit of the reader's.
  int64_t tokens_before_step() const;

  // Half of what a step would move, or free, were the cache warm.
  bool WorthAColdStep() const;

  // How much of the reader's limits on images and on a request's bytes is used; over 1 is too much.
  double request_load() const;
  double LoadOf(double tokens, double images, double bytes) const;
  // Over `most`, where forgetting can help. Where what must stay is over a limit on its own, it
  // cannot: the request is refused when it is written, and history is not thrown away for it.
  bool LoadIsOver(double most) const;
  bool IsOverLimits() const;

 private:
  int64_t GoalAt(int permille) const;
  int64_t head_tokens() const { return plan_.sheet.totals(Sheet::Section::kHead).tokens; }
  double LoadOf(const SheetTotals& totals) const {
    return LoadOf(static_cast<double>(totals.tokens), static_cast<double>(totals.images),
                  static_cast<double>(totals.bytes));
  }
  SheetTotals Staying() const;

  const Setting& setting_;
  const Plan& plan_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_ROOM_H_
