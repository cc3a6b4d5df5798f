// The exact strings of turns that were looked at lately.
#ifndef FOVEA_CORE_EXACT_TURN_STRINGS_H_
#define FOVEA_CORE_EXACT_TURN_STRINGS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/exact/exact_string.h"
#include "core/log/turn.h"

namespace fovea {

// A cache: the newest turns are drawn again and again while they fill a page, and to scan their
// text each time is a third of what that takes. What it says is what a new ExactStringCollector
// says of the turn alone. Thread-compatible.
class TurnStrings {
 public:
  // Distinct strings, in order of first appearance; first_seq is the turn's. Valid until the next
  // call. Turns are told apart by their seq.
  const std::vector<ExactString>& Of(const Turn& turn);

  // Strings and turns that it holds, at most; the oldest turns go first.
  static constexpr size_t kMaxWeight = size_t{1} << 12;
  size_t weight() const { return weight_; }

 private:
  static size_t WeightOf(const std::vector<ExactString>& strings) { return strings.size() + 1; }

  std::map<uint64_t, std::vector<ExactString>> of_turns_;
  std::vector<ExactString> last_;  // where it was not kept
  size_t weight_ = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_EXACT_TURN_STRINGS_H_
