// What EstimateTokens adds up, in 1/256 token. Fitted by scripts/calibrate-token-estimate.mjs.
#ifndef FOVEA_CORE_TOKENS_TOKEN_WEIGHTS_H_
#define FOVEA_CORE_TOKENS_TOKEN_WEIGHTS_H_

#include <cstddef>
#include <cstdint>

namespace fovea {

// A letter is 0 to 25, in either case; any other character of a word is 26.
inline constexpr size_t kLetters = 27;
// Before the word: nothing, a space, . _ / - ( or another character.
inline constexpr size_t kWordLeads = 8;
inline constexpr size_t kWordCases = 4;       // small, Capital, CAPITALS, MIXed
inline constexpr size_t kMaxWordLength = 15;  // characters
inline constexpr size_t kCutBuckets = 8;
inline constexpr size_t kMaxMarks = 16;

// How often a token ends between a letter (row) and the next (column), in 1/64. The last row, of 0,
// is for the first letter of a word.
extern const uint8_t kLetterCuts[(kLetters + 1) * kLetters];
// Where the buckets of the sum over a word begin, but for the first.
extern const uint16_t kCutLimits[kCutBuckets - 1];
// By lead, case, length - 1 and bucket.
extern const uint16_t kWordTokens[kWordLeads * kWordCases * kMaxWordLength * kCutBuckets];
// The same by lead, length - 1 and bucket, for a word with a letter beyond ASCII and for the
// kForeignWords - 1 words after it: they may be of another language than English. First for letters
// below U+0100 (Spanish, German), then for those from there on (Romanian, Turkish, Vietnamese).
extern const uint16_t kForeignWordTokens[2 * kWordLeads * kMaxWordLength * kCutBuckets];
inline constexpr size_t kForeignWords = 24;
// A character of a longer word, by bucket.
extern const uint16_t kLongWordTokens[kCutBuckets];
// Runs of ASCII marks by length - 1: all alike, then mixed.
extern const uint16_t kMarkTokens[2 * kMaxMarks];
// A character of a longer run.
extern const uint16_t kLongMarkTokens[2];

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_TOKEN_WEIGHTS_H_
