// How each token of a vocabulary comes about by merges.
#ifndef FOVEA_CORE_TOKENS_BPE_MERGES_H_
#define FOVEA_CORE_TOKENS_BPE_MERGES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tokens/bpe_vocabulary.h"

namespace fovea {

// Tokens by their bytes, which point into the tokens.
using TokenIndex = absl::flat_hash_map<std::string_view, uint32_t>;

// INVALID_ARGUMENT naming a token that is empty, too long or there twice, or a byte that is
// missing.
absl::StatusOr<TokenIndex> IndexTokens(const std::vector<BpeToken>& tokens);

struct BpeMerge {
  uint32_t rank = BpeToken::kNone;  // kNone: these do not merge
  uint32_t token = BpeToken::kNone;
};
// What two neighbours merge into; `bytes` are of both.
using FindMerge =
    absl::FunctionRef<BpeMerge(uint32_t left, uint32_t right, std::string_view bytes)>;

// Fills in left, right and rank by encoding each token alone: of all pairs of neighbours, the one
// of least rank merges, the leftmost of equals, until none does.
void ResolveMerges(const TokenIndex& index, FindMerge find, std::vector<BpeToken>* tokens);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_BPE_MERGES_H_
