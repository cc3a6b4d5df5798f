#include "core/tokens/byte_trie.h"

#include <algorithm>
#include <bit>
#include <queue>
#include <utility>

namespace fovea {
namespace {

constexpr size_t kBlock = 256;                   // the slots that one base can reach
constexpr size_t kOpenWords = 32 * kBlock / 64;  // whose gaps are looked through
constexpr uint32_t kRootLabel = 1;

}  // namespace

// Lays nodes out in the order of the smallest value below them.
class ByteTrie::Builder {
 public:
  explicit Builder(std::vector<Entry> entries) : entries_(std::move(entries)) {
    std::ranges::sort(entries_, {}, &Entry::key);
  }

  std::optional<ByteTrie> Build() {
    // Nodes without children have base 0, so no other may. The root has a label that is not the
    // byte by which base 0 leads there, and nobody may have the base that leads there by the label.
    AddBlock();
    trie_.nodes_[0] = kRootLabel;
    Take(0);
    based_[0] = true;
    based_[kRootLabel] = true;
    if (!entries_.empty()) Push({.slot = 0, .begin = 0, .end = entries_.size(), .depth = 0});
    while (!waiting_.empty()) {
      const Range range = waiting_.top();
      waiting_.pop();
      Place(range);
      if (trie_.nodes_.size() > kMaxSlots) return std::nullopt;
    }
    if (entries_.empty()) trie_.values_.clear();
    return std::move(trie_);
  }

 private:
  // The keys below a node, which all share its first `depth` bytes.
  struct Range {
    uint32_t slot = 0;
    size_t begin = 0;
    size_t end = 0;
    size_t depth = 0;
    uint32_t least_value = 0;
    bool operator<(const Range& other) const { return least_value > other.least_value; }
  };

  void Push(Range range) {
    range.least_value = entries_[range.begin].value;
    for (size_t i = range.begin; i < range.end; ++i) {
      range.least_value = std::min(range.least_value, entries_[i].value);
    }
    waiting_.push(range);
  }

  void Place(const Range& range) {
    size_t at = range.begin;
    if (entries_[at].key.size() == range.depth) {
      trie_.nodes_[range.slot] |= kKeyBit | (entries_[at].marked ? kMarkBit : 0);
      trie_.values_[range.slot] = entries_[at].value;
      ++at;
    }
    children_.clear();
    while (at < range.end) {
      const char byte = entries_[at].key[range.depth];
      Range child{.slot = static_cast<unsigned char>(byte), .begin = at, .depth = range.depth + 1};
      while (at < range.end && entries_[at].key[range.depth] == byte) ++at;
      child.end = at;
      children_.push_back(child);
    }
    if (children_.empty()) return;
    const uint32_t base = FindBase();
    based_[base] = true;
    trie_.nodes_[range.slot] |= base << kBaseShift;
    for (Range& child : children_) {
      const uint32_t label = child.slot;
      child.slot ^= base;
      Take(child.slot);
      trie_.nodes_[child.slot] = label;
      Push(child);
    }
  }

  // A base that no node has, whose slots for all of children_ are free: in the gaps of the newest
  // blocks, or else in a new one.
  uint32_t FindBase() {
    const size_t words = taken_.size();
    for (size_t word = words - std::min(words, kOpenWords); word < words; ++word) {
      for (uint64_t gaps = ~taken_[word]; gaps != 0; gaps &= gaps - 1) {
        const auto gap = static_cast<uint32_t>(word * 64) + std::countr_zero(gaps);
        const uint32_t base = gap ^ children_.front().slot;
        if (Fits(base)) return base;
      }
    }
    const auto base = static_cast<uint32_t>(trie_.nodes_.size());
    AddBlock();
    return base;
  }

  bool Fits(uint32_t base) const {
    return !based_[base] && std::ranges::none_of(children_, [&](const Range& child) {
      return IsTaken(base ^ child.slot);
    });
  }

  bool IsTaken(uint32_t slot) const { return (taken_[slot / 64] >> (slot % 64) & 1) != 0; }
  void Take(uint32_t slot) { taken_[slot / 64] |= uint64_t{1} << (slot % 64); }

  void AddBlock() {
    const size_t slots = trie_.nodes_.size() + kBlock;
    trie_.nodes_.resize(slots);
    trie_.values_.resize(slots);
    taken_.resize(slots / 64);
    based_.resize(slots);
  }

  std::vector<Entry> entries_;
  ByteTrie trie_;
  std::vector<uint64_t> taken_;  // a bit a slot
  std::vector<bool> based_;      // whether a node has this base
  std::priority_queue<Range> waiting_;
  std::vector<Range> children_;
};

std::optional<ByteTrie> ByteTrie::Build(std::vector<Entry> entries) {
  return Builder(std::move(entries)).Build();
}

}  // namespace fovea
