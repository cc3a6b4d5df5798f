// Port: counts a text as the reader's own tokenizer does. Implemented by core/tokens.
#ifndef FOVEA_CORE_READER_TEXT_TOKENIZER_H_
#define FOVEA_CORE_READER_TEXT_TOKENIZER_H_

#include <cstdint>
#include <string_view>

namespace fovea {

// Thread-safe.
class TextTokenizer {
 public:
  virtual ~TextTokenizer() = default;
  // Whether it can count; the first call may take some tenths of a second, to read what it counts
  // by. Where it cannot, text is estimated.
  virtual bool Ready() const { return true; }
  // It has turned out that it cannot.
  virtual bool failed() const { return false; }
  // Tokens of `text` as plain text: the name of a special token counts by its letters. Only if it
  // is ready.
  virtual int64_t Count(std::string_view text) const = 0;
};

}  // namespace fovea

#endif  // FOVEA_CORE_READER_TEXT_TOKENIZER_H_
