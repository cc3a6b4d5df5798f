// A set of byte strings in which the prefixes of a text are found in one walk.
#ifndef FOVEA_CORE_TOKENS_BYTE_TRIE_H_
#define FOVEA_CORE_TOKENS_BYTE_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fovea {

// A double array of four bytes a node: the child of a node for a byte stands at the node's base xor
// the byte, if that slot bears the byte as its label. No two nodes have the same base, so a label
// tells the parent. Thread-compatible; const access is thread-safe.
class ByteTrie {
 public:
  struct Entry {
    std::string_view key;
    uint32_t value = 0;
    bool marked = false;
  };

  // No key is empty or stands twice. Nodes on the way to small values are stored close together:
  // give the smallest to the keys that are looked for most often. Nothing if the keys need more
  // than kMaxSlots slots, which is a little more than the bytes of all their distinct prefixes.
  static std::optional<ByteTrie> Build(std::vector<Entry> entries);
  static constexpr size_t kMaxSlots = size_t{1} << 22;

  // Calls found(length, slot, marked) for each key that `text` starts with, shortest first.
  template <class Found>
  void ForEachPrefix(std::string_view text, Found found) const {
    uint32_t node = nodes_[0];
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const uint32_t slot = (node >> kBaseShift) ^ byte;
      node = nodes_[slot];
      if ((node & kLabelMask) != byte) return;
      if ((node & kKeyBit) != 0) found(i + 1, slot, (node & kMarkBit) != 0);
    }
  }
  // Of the key that ends at `slot`.
  uint32_t value(uint32_t slot) const { return values_[slot]; }

  bool empty() const { return values_.empty(); }
  size_t bytes() const { return nodes_.size() * sizeof(uint32_t) * 2; }

 private:
  class Builder;

  // A node: its base, then whether a key ends here and whether it is marked, then its label. A node
  // without children has base 0, which leads nowhere. A free slot is such a node: who comes there
  // by the byte 0 goes no further.
  static constexpr uint32_t kLabelMask = 0xFF;
  static constexpr uint32_t kKeyBit = 1U << 8;
  static constexpr uint32_t kMarkBit = 1U << 9;
  static constexpr uint32_t kBaseShift = 10;

  ByteTrie() = default;

  std::vector<uint32_t> nodes_;
  std::vector<uint32_t> values_;  // by slot
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_BYTE_TRIE_H_
