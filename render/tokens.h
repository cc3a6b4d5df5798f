// The steps in which text is measured and drawn: one character, cluster or mark at a time.
#ifndef FOVEA_RENDER_TOKENS_H_
#define FOVEA_RENDER_TOKENS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "render/code_points.h"
#include "render/metrics.h"
#include "render/shaper.h"

namespace fovea::render {

struct Token {
  enum class Kind : uint8_t {
    kGlyph,    // `code_point`, by `character`
    kCluster,  // `cluster` of `run`
    kSpace,    // one or two spaces
    kNewline,
    kSpaces,  // a mark for `count` spaces
    kTabs,    // a mark for `count` tabs
    kEscape   // `escape`, spelled out in a box
  };
  Kind kind = Kind::kGlyph;
  bool missing = false;     // an escape for a code point that no font has
  bool hidden = false;      // an escape for a code point that shows nothing
  uint32_t bytes = 0;       // at least 1
  Sub advance = 0;          // whole pixels for marks and escapes
  char32_t code_point = 0;  // the first; U+FFFC for escapes, which have no direction
  uint32_t count = 0;
  const CodePoint* character = nullptr;
  std::shared_ptr<const ShapedRun> run;
  const ShapedCluster* cluster = nullptr;
  std::array<char, 12> escape = {};
  uint8_t escape_size = 0;

  std::string_view EscapeText() const { return {escape.data(), escape_size}; }
  bool IsMark() const { return kind >= Kind::kNewline; }
  bool IsIndent() const { return kind == Kind::kSpaces || kind == Kind::kTabs; }
  // Where a line may end behind this token without cutting a word.
  bool EndsWord() const { return kind >= Kind::kSpace && kind != Kind::kEscape; }
};

// Where the pen stands at a mark and after any token.
inline Sub PenAtMark(Sub pen) { return CeilToPixel(pen); }
inline Sub PenAfter(const Token& token, Sub pen) {
  if (token.kind == Token::Kind::kSpace) return CeilToGrid(pen + token.advance);
  return token.IsMark() ? CeilToGrid(PenAtMark(pen) + token.advance) : pen + token.advance;
}

// Reads the tokens of one stretch of one weight. Thread-compatible. What it returns depends only on
// the text before `text.size()`, so text that is cut at a token's end reads the same up to there,
// except for the last cluster of a complex script, whose form may change.
class TokenReader {
 public:
  // `max_run` bounds how many code points are shaped together.
  TokenReader(const CodePointTable& table, const Shaper& shaper, const Metrics& metrics,
              std::string_view text, Weight weight, int max_run)
      : table_(table),
        shaper_(shaper),
        metrics_(metrics),
        text_(text),
        weight_(weight),
        max_run_(max_run) {}

  // `at` must be < text.size(). `line_start` says that a line of the text begins here, so that its
  // leading space is indentation.
  Token Read(size_t at, bool line_start);

  // True if the ASCII character before `at` must be read together with the mark at `at`.
  bool ContinuesCluster(size_t at) const;

 private:
  Token ReadSpace(size_t at, bool line_start) const;
  Token ReadCharacter(size_t at);
  Token ReadCluster(size_t at, char32_t base);
  Token CurrentCluster(size_t at) const;
  Token Escape(std::string_view spelling, uint32_t bytes) const;
  Token Hidden(char32_t code_point, uint32_t bytes) const;
  bool ExtenderAt(size_t at) const;

  const CodePointTable& table_;
  const Shaper& shaper_;
  const Metrics& metrics_;
  const std::string_view text_;
  const Weight weight_;
  const int max_run_;
  std::shared_ptr<const ShapedRun> run_;
  size_t run_begin_ = 0;
  size_t next_cluster_ = 0;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_TOKENS_H_
