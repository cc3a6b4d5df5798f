// Text tokens, counted exactly by a byte-pair vocabulary.
#ifndef FOVEA_CORE_TOKENS_BPE_COUNTER_H_
#define FOVEA_CORE_TOKENS_BPE_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "core/tokens/bpe_vocabulary.h"
#include "core/tokens/byte_trie.h"

namespace fovea {

// Thread-safe: immutable once created, and it keeps nothing between calls.
class BpeCounter {
 public:
  // INVALID_ARGUMENT if a byte is no token, or a token names parts that do not spell it.
  static absl::StatusOr<std::unique_ptr<BpeCounter>> Create(const BpeVocabulary& vocabulary);

  // Tokens of `text` as plain text: a special token's name counts by its letters. Where the text is
  // no UTF-8, its bytes count as MakeWellFormed shows them. Linear in the text, whatever it holds,
  // but for pieces with a token of Llama 3's that is ranked before its parts: there n log n.
  // Allocates for ill-formed or denormalized text and for long pieces only.
  int64_t Count(std::string_view text) const;

  size_t tokens() const { return tokens_.size(); }
  size_t memory_bytes() const;

 private:
  // A token that merges lead to.
  struct Token {
    uint32_t left = 0;  // what merges into it last; itself for a single byte
    uint32_t right = 0;
    uint32_t rank = 0;     // of that merge; 0 for a single byte
    uint32_t shorter = 0;  // the longest token that it begins with, or kNone
    uint32_t bytes = 0;
  };
  // The longest tokens at the start of a text.
  struct Match {
    uint32_t token = 0;  // that merges lead to
    size_t bytes = 0;    // of the longest of all
  };
  struct Merge {
    uint32_t rank = 0;
    uint32_t token = 0;
  };
  class Search;
  class Merger;

  explicit BpeCounter(const BpeVocabulary& vocabulary);

  Match LongestToken(std::string_view text) const;
  int64_t CountPiece(std::string_view piece) const;
  int64_t CountWellFormed(std::string_view text) const;
  bool Neighbours(uint32_t left, uint32_t right) const;
  bool MayMergeOutOfOrder(std::string_view piece) const;

  const SplitPattern split_;
  const bool nfc_;
  std::vector<Token> tokens_;
  ByteTrie trie_;
  absl::flat_hash_map<uint64_t, Merge> merges_;  // by PairKey
  // The tokens that are merged before one of their parts could be by its own rank.
  ByteTrie out_of_order_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_BPE_COUNTER_H_
