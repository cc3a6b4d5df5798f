// Text tokens where no vocabulary is installed: an estimate that is not below the true count.
#ifndef FOVEA_CORE_TOKENS_TOKEN_ESTIMATE_H_
#define FOVEA_CORE_TOKENS_TOKEN_ESTIMATE_H_

#include <cstdint>
#include <string_view>

namespace fovea {

// Whose tokens are estimated: those of a published vocabulary.
enum class TokenFamily : uint8_t { kO200k, kCl100k, kQwen, kDeepSeek, kLlama3, kTekken };

// By ReaderProfile::vocabulary; kO200k for any other name, "" among them.
TokenFamily TokenFamilyOf(std::string_view vocabulary);

// Cuts the text as the family does and spells each piece with as few of its most used tokens as a
// search from left to right finds: docs/token-estimate.md. Linear in the text; allocates only where
// it is no UTF-8. Thread-safe.
int64_t EstimateTokens(std::string_view text, TokenFamily family);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_TOKEN_ESTIMATE_H_
