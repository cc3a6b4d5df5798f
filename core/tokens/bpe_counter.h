// Text tokens, counted exactly by a byte-pair vocabulary.
#ifndef FOVEA_CORE_TOKENS_BPE_COUNTER_H_
#define FOVEA_CORE_TOKENS_BPE_COUNTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/reader/text_tokenizer.h"
#include "core/tokens/bpe_vocabulary.h"
#include "core/tokens/piece_counter.h"

namespace fovea {

// Thread-safe: immutable once created, and it keeps nothing between calls.
class BpeCounter final : public TextTokenizer {
 public:
  // Copies what it needs. INVALID_ARGUMENT if a byte is no token, or a token stands twice, is too
  // long, or names parts that do not spell it; RESOURCE_EXHAUSTED if there are millions of tokens.
  static absl::StatusOr<std::unique_ptr<BpeCounter>> Create(const BpeVocabulary& vocabulary);

  // Tokens of `text` as plain text: a special token's name counts by its letters. Where the text is
  // no UTF-8, its bytes count as MakeWellFormed shows them. Linear in the text, whatever it holds,
  // but for a piece that holds a token that is ranked before its parts (Llama 3 has 81): there
  // n log n. Allocates for ill-formed or denormalized text and for long pieces only.
  int64_t Count(std::string_view text) const override;

  size_t memory_bytes() const { return pieces_->memory_bytes(); }

 private:
  BpeCounter(const BpeVocabulary& vocabulary, std::unique_ptr<PieceCounter> pieces);

  int64_t CountNormalized(std::string_view text) const;
  int64_t CountWellFormed(std::string_view text) const;

  const SplitPattern split_;
  const bool nfc_;
  const std::unique_ptr<const PieceCounter> pieces_;
  std::array<uint8_t, 256> spelled_tokens_ = {};  // of "\xNN", by byte
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_BPE_COUNTER_H_
