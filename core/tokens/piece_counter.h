// Tokens of one piece of text, as byte-pair encoding merges it.
#ifndef FOVEA_CORE_TOKENS_PIECE_COUNTER_H_
#define FOVEA_CORE_TOKENS_PIECE_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/tokens/bpe_vocabulary.h"
#include "core/tokens/byte_trie.h"
#include "core/tokens/merge_table.h"

namespace fovea {

// Thread-safe: immutable once created.
class PieceCounter {
 public:
  // INVALID_ARGUMENT if a byte is no token, or a token stands twice, is too long, or names parts
  // that do not spell it; RESOURCE_EXHAUSTED if there are millions of tokens.
  static absl::StatusOr<std::unique_ptr<PieceCounter>> Create(const BpeVocabulary& vocabulary);

  // Tokens of a piece, which is not empty. Linear in it, but n log n if it holds a token that is
  // ranked before its parts (Llama 3 has 81). Allocates for pieces of 192 bytes and more.
  int64_t Count(std::string_view piece) const {
    if (piece.size() > 2) return CountLonger(piece);
    // Every byte is a token. Noise is pieces of one and two bytes, which nothing foretells: no
    // branch is taken on it.
    return static_cast<int64_t>(
        piece.size() - (pair_tokens_.Has(piece.front(), piece.back()) & (piece.size() - 1)));
  }

  size_t memory_bytes() const;

 private:
  // A token that merges lead to. They are numbered in the order of their merges, after the 256
  // bytes.
  struct Token {
    uint32_t left = 0;  // what merges into it last; of a byte nothing
    uint32_t right = 0;
    uint32_t shorter = 0;  // the longest token that it begins with, or kNone
    uint32_t bytes = 0;
  };
  // The longest tokens at the start of a text.
  struct Match {
    uint32_t slot = 0;  // of the longest that merges lead to
    size_t bytes = 0;   // of the longest of all
  };
  // A set of two bytes each.
  class BytePairs {
   public:
    void Add(char first, char second) {
      bits_[Pair(first, second) / 64] |= uint64_t{1} << (Pair(first, second) % 64);
    }
    uint64_t Has(char first, char second) const {  // 0 or 1
      return bits_[Pair(first, second) / 64] >> (Pair(first, second) % 64) & 1;
    }
    static constexpr size_t kBytes = (size_t{1} << 16) / 8;

   private:
    static size_t Pair(char first, char second) {
      return size_t{static_cast<unsigned char>(first)} << 8 | static_cast<unsigned char>(second);
    }
    std::vector<uint64_t> bits_ = std::vector<uint64_t>(kBytes / sizeof(uint64_t));
  };
  class Layout;
  class Search;
  class Merger;
  struct Loop;

  PieceCounter(const Layout& layout, ByteTrie trie, ByteTrie out_of_order);

  int64_t CountLonger(std::string_view piece) const;
  Match LongestToken(std::string_view text) const;
  uint32_t TokenAt(Match match) const { return trie_.value(match.slot); }
  bool MayBeNeighbours(uint32_t left, uint32_t right) const;
  // Whether `rest` is one token and stands behind `left` in the encoding of both.
  bool IsFollowedByOne(uint32_t left, std::string_view rest) const;
  bool MayMergeOutOfOrder(std::string_view piece) const;
  std::optional<Loop> FindLoop(absl::Span<const uint32_t> path, size_t period, size_t bytes) const;
  std::optional<int64_t> CountRepetitive(std::string_view piece) const;

  ByteTrie trie_;          // marked: what only a whole piece can be
  ByteTrie out_of_order_;  // tokens that are ranked before one of their parts
  size_t shortest_out_of_order_ = std::numeric_limits<size_t>::max();  // in bytes
  std::vector<Token> tokens_;
  MergeTable merges_;
  BytePairs pair_tokens_;  // that are a token
  BytePairs pair_merges_;  // that merge into one
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_PIECE_COUNTER_H_
