// A set of byte strings in which the prefixes of a text are found in one walk.
#ifndef FOVEA_CORE_TOKENS_BYTE_TRIE_H_
#define FOVEA_CORE_TOKENS_BYTE_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fovea {

// A double array: the child of a node for a byte stands at the node's base xor the byte, if that
// slot names the node as its parent. Thread-compatible; const access is thread-safe.
class ByteTrie {
 public:
  struct Entry {
    std::string_view key;
    uint32_t value = 0;  // at most kMaxValue
  };
  static constexpr uint32_t kMaxValue = 0xFFFFFFFD;

  // No key is empty or stands twice. Keys of small values are stored close together: give those
  // that are looked for most often the smallest. Takes time proportional to the keys' bytes.
  explicit ByteTrie(const std::vector<Entry>& entries);

  // Calls found(length, value) for each key that `text` starts with, shortest first.
  template <class Found>
  void ForEachPrefix(std::string_view text, Found found) const {
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const uint32_t child = slots_[node].base ^ static_cast<unsigned char>(text[i]);
      if (slots_[child].parent != node) return;
      node = child;
      if (slots_[node].value != 0) found(i + 1, slots_[node].value - 1);
    }
  }

  bool empty() const { return slots_.size() <= 1; }
  size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  class Builder;

  static constexpr uint32_t kFree = 0xFFFFFFFF;
  static constexpr uint32_t kNoParent = 0xFFFFFFFE;  // of the root

  struct Slot {
    uint32_t base = 0;
    uint32_t parent = kFree;
    uint32_t value = 0;  // of the key that ends here, plus 1; 0: none does
  };

  std::vector<Slot> slots_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_BYTE_TRIE_H_
