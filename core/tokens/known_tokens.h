// Which strings are tokens of the published vocabularies, as far as an estimate needs to know: the
// most used ones, as hashes. Written by scripts/calibrate-token-estimate.mjs.
#ifndef FOVEA_CORE_TOKENS_KNOWN_TOKENS_H_
#define FOVEA_CORE_TOKENS_KNOWN_TOKENS_H_

#include <cstddef>
#include <cstdint>

namespace fovea {

// A string's hash: from 0, each byte is xored in and the sum multiplied by kTokenHashFactor; of the
// last the upper 32 bits.
inline constexpr uint64_t kTokenHashFactor = 0x9E3779B97F4A7C15;

// In base64, five bytes a string: its hash, the highest byte first, and the vocabularies that have
// it: 1 o200k_base, 2 cl100k_base, 4 Qwen, 8 DeepSeek, 16 Llama 3, 32 Tekken; none if the string is
// only the beginning of another. Strings of 2 to kMaxKnownTokenBytes bytes; every byte is a token.
extern const char kKnownTokens[];
inline constexpr size_t kKnownTokenBytes = 5;
inline constexpr size_t kMaxKnownTokenBytes = 32;

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_KNOWN_TOKENS_H_
