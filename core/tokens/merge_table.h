// Which tokens merge with which.
#ifndef FOVEA_CORE_TOKENS_MERGE_TABLE_H_
#define FOVEA_CORE_TOKENS_MERGE_TABLE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace fovea {

// A table for the pairs of the 256 first tokens, and for all others a hash table with a filter
// before it: most look-ups find nothing.
// Thread-compatible; const access is thread-safe.
class MergeTable {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  struct Merge {
    uint32_t left = kNone;
    uint32_t right = kNone;
    uint32_t token = kNone;
  };

  // No pair stands twice, and none is of kNone.
  explicit MergeTable(const std::vector<Merge>& merges)
      : first_(size_t{kFirst} * kFirst, kNone),
        filter_(std::bit_ceil(merges.size() * kFilterBits / 64 + 1)),
        slots_(std::bit_ceil(merges.size() * 5 / 4 + 2)),
        filter_shift_(64 - std::countr_zero(filter_.size() * 64)),
        slot_shift_(64 - std::countr_zero(slots_.size())) {
    for (const Merge& merge : merges) Add(merge);
  }

  // What they merge into, or kNone.
  uint32_t Find(uint32_t left, uint32_t right) const {
    if ((left | right) < kFirst) return first_[left * kFirst + right];
    const uint64_t hash = Hash(left, right);
    const uint64_t bit = hash >> filter_shift_;
    if ((filter_[bit / 64] >> (bit % 64) & 1) == 0) return kNone;
    size_t i = hash >> slot_shift_;
    while (slots_[i].left != left || slots_[i].right != right) {
      if (slots_[i].left == kNone) return kNone;
      i = (i + 1) & (slots_.size() - 1);
    }
    return slots_[i].token;
  }

  size_t bytes() const {
    return first_.size() * sizeof(uint32_t) + filter_.size() * sizeof(uint64_t) +
           slots_.size() * sizeof(Merge);
  }

 private:
  static constexpr size_t kFilterBits = 16;  // a merge
  static constexpr uint32_t kFirst = 256;

  static uint64_t Hash(uint32_t left, uint32_t right) {
    return (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15;
  }

  void Add(const Merge& merge) {
    if ((merge.left | merge.right) < kFirst) {
      first_[merge.left * kFirst + merge.right] = merge.token;
      return;
    }
    const uint64_t hash = Hash(merge.left, merge.right);
    const uint64_t bit = hash >> filter_shift_;
    filter_[bit / 64] |= uint64_t{1} << (bit % 64);
    size_t i = hash >> slot_shift_;
    while (slots_[i].left != kNone) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = merge;
  }

  std::vector<uint32_t> first_;
  std::vector<uint64_t> filter_;  // a bit for each hash that there is
  std::vector<Merge> slots_;      // as many as a power of two, never full
  int filter_shift_;
  int slot_shift_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_MERGE_TABLE_H_
