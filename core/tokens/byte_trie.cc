#include "core/tokens/byte_trie.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace fovea {
namespace {

constexpr size_t kBlock = 256;  // the slots that one base can reach

}  // namespace

// Lays nodes out in the order of the smallest value below them.
class ByteTrie::Builder {
 public:
  Builder(std::vector<Entry> entries, std::vector<Slot>* slots)
      : entries_(std::move(entries)), slots_(*slots) {
    std::ranges::sort(entries_, {}, &Entry::key);
  }

  void Build() {
    if (entries_.empty()) {
      slots_.resize(1);
      return;
    }
    AddBlock();
    Claim(0, kNoParent);
    Push({.node = 0, .begin = 0, .end = entries_.size(), .depth = 0});
    while (!waiting_.empty()) {
      const Range range = waiting_.top();
      waiting_.pop();
      Place(range);
    }
  }

 private:
  // The keys below a node, which all share its first `depth` bytes.
  struct Range {
    uint32_t node = 0;
    size_t begin = 0;
    size_t end = 0;
    size_t depth = 0;
    uint32_t least_value = 0;
    bool operator<(const Range& other) const { return least_value > other.least_value; }
  };

  void Push(Range range) {
    const auto least =
        std::min_element(entries_.begin() + static_cast<std::ptrdiff_t>(range.begin),
                         entries_.begin() + static_cast<std::ptrdiff_t>(range.end),
                         [](const Entry& a, const Entry& b) { return a.value < b.value; });
    range.least_value = least->value;
    waiting_.push(range);
  }

  void Place(const Range& range) {
    size_t at = range.begin;
    if (entries_[at].key.size() == range.depth) {
      slots_[range.node].value = entries_[at].value + 1;
      ++at;
    }
    children_.clear();
    while (at < range.end) {
      const char byte = entries_[at].key[range.depth];
      Range child{.begin = at, .depth = range.depth + 1};
      while (at < range.end && entries_[at].key[range.depth] == byte) ++at;
      child.end = at;
      child.node = static_cast<unsigned char>(byte);
      children_.push_back(child);
    }
    if (children_.empty()) return;
    const uint32_t base = FindBase();
    slots_[range.node].base = base;
    for (Range& child : children_) {
      child.node ^= base;
      Claim(child.node, range.node);
    }
    for (const Range& child : children_) Push(child);
  }

  // A base whose slots for all of children_ are free. Tries the oldest gaps, then adds a block.
  uint32_t FindBase() {
    constexpr int kTries = 64;
    int tries = 0;
    for (size_t i = first_gap_; i < slots_.size() && tries < kTries; ++i) {
      if (slots_[i].parent != kFree) continue;
      ++tries;
      const uint32_t base = static_cast<uint32_t>(i) ^ children_.front().node;
      const bool fits = std::ranges::all_of(
          children_, [&](const Range& child) { return slots_[base ^ child.node].parent == kFree; });
      if (fits) return base;
    }
    // Gaps that did not fit in so many tries will do for single children only.
    const auto base = static_cast<uint32_t>(slots_.size());
    AddBlock();
    return base;
  }

  void AddBlock() { slots_.resize(slots_.size() + kBlock); }

  void Claim(uint32_t slot, uint32_t parent) {
    slots_[slot].parent = parent;
    while (first_gap_ < slots_.size() && slots_[first_gap_].parent != kFree) ++first_gap_;
  }

  std::vector<Entry> entries_;
  std::vector<Slot>& slots_;
  std::priority_queue<Range> waiting_;
  std::vector<Range> children_;
  size_t first_gap_ = 0;
};

ByteTrie::ByteTrie(const std::vector<Entry>& entries) { Builder(entries, &slots_).Build(); }

}  // namespace fovea
