#include "core/tokens/bpe_counter.h"

#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "core/base/utf8.h"
#include "core/tokens/normal_form.h"
#include "core/tokens/pretokenizer.h"

namespace fovea {

absl::StatusOr<std::unique_ptr<BpeCounter>> BpeCounter::Create(const BpeVocabulary& vocabulary) {
  auto pieces = PieceCounter::Create(vocabulary);
  if (!pieces.ok()) return pieces.status();
  return absl::WrapUnique(new BpeCounter(vocabulary, *std::move(pieces)));
}

BpeCounter::BpeCounter(const BpeVocabulary& vocabulary, std::unique_ptr<PieceCounter> pieces)
    : split_(vocabulary.split), nfc_(vocabulary.nfc), pieces_(std::move(pieces)) {}

int64_t BpeCounter::CountWellFormed(std::string_view text) const {
  int64_t tokens = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = PieceEnd(split_, text, at);
    tokens += pieces_->Count(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

int64_t BpeCounter::Count(std::string_view text) const {
  std::string shown;
  if (!IsWellFormedUtf8(text)) text = shown = MakeWellFormed(text);
  if (nfc_ && !IsNfc(text)) return CountWellFormed(Nfc(text));
  return CountWellFormed(text);
}

}  // namespace fovea
