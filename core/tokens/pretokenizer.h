// The cuts that a tokenizer makes before it merges bytes: no token crosses one.
#ifndef FOVEA_CORE_TOKENS_PRETOKENIZER_H_
#define FOVEA_CORE_TOKENS_PRETOKENIZER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"

namespace fovea {

// A published pattern. PieceEnds equals it by hand-written rules, so that the time is linear.
enum class SplitPattern : uint8_t {
  kCl100k = 1,    // cl100k_base as tiktoken has it since 0.8: white space that ends a text is whole
  kLlama3 = 2,    // cl100k_base as it was before; Llama 3, GLM 4
  kQwen2 = 3,     // as kLlama3, with single digits; Qwen 2, 2.5 and 3
  kO200k = 4,     // o200k_base, o200k_harmony
  kTekken = 5,    // Mistral: as o200k_base, with single digits and no contractions
  kDeepSeek3 = 6  // DeepSeek V3 and R1: three patterns, each within what those before it left
};
const char* SplitPatternName(SplitPattern pattern);  // "o200k"

// Fills `ends` with where the pieces from `at` on end, one behind the other, and returns how many
// there are; fewer than there is room for only at the end of the text. `at` is 0 or the end of a
// piece. Linear over all pieces of a text. An ill-formed byte counts as a control character.
size_t PieceEnds(SplitPattern pattern, std::string_view text, size_t at, absl::Span<size_t> ends);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_PRETOKENIZER_H_
