// Text tokens, counted so that the true number is never above the count.
#ifndef FOVEA_CORE_TOKENS_TOKEN_COUNTER_H_
#define FOVEA_CORE_TOKENS_TOKEN_COUNTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/image_size.h"
#include "core/log/turn.h"
#include "core/reader/reader_profile.h"
#include "core/tokens/token_estimate.h"

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
  int64_t Turn(const fovea::Turn& turn) const { return Count(turn).all; }
  // What Turn gives, and how much of it is the texts of tool results (core/log/part_text.h). Each
  // text is counted once.
  struct TurnTokens {
    int64_t all = 0;
    int64_t result_texts = 0;
  };
  TurnTokens Count(const fovea::Turn& turn) const;
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
  // What each counts, and of it its texts alone.
  struct Counts {
    int64_t all = 0;
    int64_t texts = 0;
  };
  Counts Part(const fovea::Part& part) const;
  Counts Result(const ToolResultPart& result) const;
  Counts Item(const ResultItem& item) const;
  Counts Document(const DocumentPart& document) const;
  Counts SearchResult(const SearchResultPart& result) const;
  int64_t ImageOrNote(const ImagePart& image) const;

  // Of the profile, what counting takes.
  const std::string family_;
  const TokenFamily text_family_;
  const std::shared_ptr<const TextTokenizer> tokenizer_;
  const double text_token_factor_;
  const double text_correction_;
  const ImageTokenRule image_rule_;
  const int64_t dearest_image_;
};

}  // namespace fovea

#endif  // FOVEA_CORE_TOKENS_TOKEN_COUNTER_H_
