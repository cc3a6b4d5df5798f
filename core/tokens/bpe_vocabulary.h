// Byte-pair vocabularies as they are published: tiktoken files and Hugging Face's tokenizer.json.
#ifndef FOVEA_CORE_TOKENS_BPE_VOCABULARY_H_
#define FOVEA_CORE_TOKENS_BPE_VOCABULARY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/tokens/pretokenizer.h"

namespace fovea {

struct BpeToken {
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  std::string bytes;  // 1 to kMaxTokenBytes
  // The two tokens that are merged last when these bytes are encoded alone, as indexes, and the
  // order of that merge among all: 1 upwards. Whatever surrounds them, the token comes about in no
  // other way. kNone for a single byte, and for a token that merges never lead to.
  uint32_t left = kNone;
  uint32_t right = kNone;
  uint32_t rank = 0;

  bool reachable() const { return bytes.size() == 1 || left != kNone; }
};

struct BpeVocabulary {
  static constexpr size_t kMaxTokenBytes = 1024;

  // All 256 single bytes are among them, and no two are alike. Most frequent first.
  std::vector<BpeToken> tokens;
  SplitPattern split = SplitPattern::kO200k;
  bool nfc = false;  // the text is put into normalization form C first
  // A piece that is a token is one token, though merges may not lead to it.
  bool whole_pieces = false;
};

// Reads lines of a token in base64, a space and its rank. INVALID_ARGUMENT names the line, the
// missing byte, or the token that is too long or stands twice.
absl::StatusOr<BpeVocabulary> ParseTiktoken(std::string_view file, SplitPattern split);

// Reads a byte-level BPE model. Added tokens are left out: text that spells one is plain text.
// INVALID_ARGUMENT as above, or naming the field that is missing or malformed; UNIMPLEMENTED naming
// the normalizer, pattern or option of the model that is not known.
absl::StatusOr<BpeVocabulary> ParseTokenizerJson(std::string_view json);

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_BPE_VOCABULARY_H_
