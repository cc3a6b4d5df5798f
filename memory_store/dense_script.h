// Scripts in which words are not set apart by spaces, or carry particles without one.
#ifndef FOVEA_MEMORY_STORE_DENSE_SCRIPT_H_
#define FOVEA_MEMORY_STORE_DENSE_SCRIPT_H_

#include <cstddef>
#include <functional>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace fovea {

// Han, kana, bopomofo, hangul, Thai, Lao, Tibetan, Myanmar, Khmer and their relatives.
bool IsDense(char32_t code_point);
bool HoldsDense(std::string_view utf8);

enum class PieceKind {
  kWord,   // a run of other characters, whole
  kPair,   // two neighbours of a dense run
  kLast,   // the last character of a dense run of two or more
  kSingle  // a dense run of one character
};

// Cuts a token of the underlying tokenizer (well-formed UTF-8) where scripts change, and dense runs
// into pairs that overlap and their last character. So many pieces as a run has characters; any
// stretch of a run is a sequence of neighbouring pairs. Stops when `take` is false.
bool CutToken(std::string_view token,
              absl::FunctionRef<bool(std::string_view piece, PieceKind kind)> take);

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_DENSE_SCRIPT_H_
