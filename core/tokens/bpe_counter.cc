#include "core/tokens/bpe_counter.h"

#include <array>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/tokens/normal_form.h"
#include "core/tokens/pretokenizer.h"
#include "core/tokens/spelled_bytes.h"

namespace fovea {
absl::StatusOr<std::unique_ptr<BpeCounter>> BpeCounter::Create(const BpeVocabulary& vocabulary) {
  FOVEA_ASSIGN_OR_RETURN(auto pieces, PieceCounter::Create(vocabulary));
  return absl::WrapUnique(new BpeCounter(vocabulary, std::move(pieces)));
}

BpeCounter::BpeCounter(const BpeVocabulary& vocabulary, std::unique_ptr<PieceCounter> pieces)
    : split_(vocabulary.split), nfc_(vocabulary.nfc), pieces_(std::move(pieces)) {
  for (size_t byte = 0x80; byte < spelled_tokens_.size(); ++byte) {
    const std::string spelled = MakeWellFormed(std::string(1, static_cast<char>(byte)));
    spelled_tokens_[byte] = static_cast<uint8_t>(CountWellFormed(spelled));
  }
}

int64_t BpeCounter::CountWellFormed(std::string_view text) const {
  int64_t tokens = 0;
  std::array<size_t, 256> ends;  // in batches: one call for each costs more than a short piece
  for (size_t at = 0; at < text.size();) {
    const size_t pieces = PieceEnds(split_, text, at, absl::MakeSpan(ends));
    for (const size_t end : absl::MakeSpan(ends).first(pieces)) {
      tokens += pieces_->Count(text.substr(at, end - at));
      at = end;
    }
  }
  return tokens;
}

int64_t BpeCounter::Count(std::string_view text) const {
  if (IsWellFormedUtf8(text)) return CountNormalized(text);
  const auto [rest, tokens] = TakeOutSpelledBytes(text, spelled_tokens_);
  return tokens + CountNormalized(rest);
}

int64_t BpeCounter::CountNormalized(std::string_view text) const {
  return nfc_ && !IsNfc(text) ? CountWellFormed(Nfc(text)) : CountWellFormed(text);
}

}  // namespace fovea
