// Text tokens, counted so that the true number is never above the count.
#ifndef FOVEA_CORE_TOKENS_TOKEN_COUNTER_H_
#define FOVEA_CORE_TOKENS_TOKEN_COUNTER_H_

#include <cstdint>
#include <string_view>

#include "core/base/image_size.h"
#include "core/log/turn.h"
#include "core/reader/reader_profile.h"

namespace fovea {

// Tokens of `text` in an o200k-like byte-pair vocabulary, estimated on the safe side from runs of
// letters, digits, spaces, punctuation and other scripts. Linear in the input; no allocation.
// Calibrated against o200k_base on agent histories: docs/token-estimate.md.
int64_t EstimateTokens(std::string_view text);

// Counts for one reader. Thread-safe (const).
class TokenCounter {
 public:
  explicit TokenCounter(const ReaderProfile& reader);

  // Tokens of bare text.
  int64_t Text(std::string_view text) const;
  // Tokens of a turn sent as a message with all its parts: texts, calls, results, images, opaque
  // blocks by their bytes as text, a file in base64 by its pages, and framing: kMessageTokens a
  // message, kCallTokens a call, kResultTokens a result. An image that the reader does not take
  // costs kImageNoteTokens. A document that is no text costs kDocumentPageTokens a page.
  int64_t Turn(const fovea::Turn& turn) const;
  // Tokens of an image of the agent's own, which is sent as it is: the reader's price for a picture
  // of that size (from the PNG, JPEG, GIF or WebP header), its dearest image if the size cannot
  // be read; 0 if the reader takes no images (a note stands in its place, counted as text).
  int64_t Image(const ImagePart& image) const;

  static constexpr int64_t kMessageTokens = 8;
  static constexpr int64_t kCallTokens = 16;
  static constexpr int64_t kResultTokens = 12;
  static constexpr int64_t kImageNoteTokens = 24;
  // What says that a result is an error, where the API has no field for it.
  static constexpr int64_t kErrorTokens = 8;
  // Anthropic: 1,500 to 3,000 tokens of text and a picture of about 1,500 for each page of a PDF
  // (docs.anthropic.com/en/docs/build-with-claude/pdf-support). Others charge less.
  static constexpr int64_t kDocumentPageTokens = 4'500;

 private:
  int64_t Part(const fovea::Part& part) const;
  int64_t Item(const ResultItem& item) const;
  int64_t Document(const DocumentPart& document) const;
  int64_t SearchResult(const SearchResultPart& result) const;
  int64_t ImageOrNote(const ImagePart& image) const;

  const ReaderProfile reader_;
  const int64_t dearest_image_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_TOKEN_COUNTER_H_
