// How characters beyond ASCII count in EstimateTokens.
#ifndef FOVEA_CORE_TOKENS_TOKEN_SCRIPT_H_
#define FOVEA_CORE_TOKENS_TOKEN_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fovea {

struct HighCharacter {
  enum class Kind : uint8_t {
    kLatin,   // a letter of a Latin word: é, đ, a combining accent
    kLetter,  // of another script
    kSymbol   // anything else, ill-formed bytes too
  };
  Kind kind = Kind::kSymbol;
  uint8_t bytes = 1;
  bool eastern = false;  // kLatin: from U+0100 on
  bool folds = false;    // kSymbol: repetitions share tokens: ─ ═ — █
  uint16_t first = 0;    // kLetter: of a run of letters, in 1/256 token
  uint16_t weight = 0;   // kLetter, kSymbol: of the character, in 1/256 token
};

// The character at `at`, whose first byte is not ASCII.
HighCharacter ClassifyHigh(std::string_view text, size_t at);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_TOKEN_SCRIPT_H_
