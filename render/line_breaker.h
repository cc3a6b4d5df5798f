// Where lines end.
#ifndef FOVEA_RENDER_LINE_BREAKER_H_
#define FOVEA_RENDER_LINE_BREAKER_H_

#include <string_view>

#include "core/page/page.h"
#include "render/tokens.h"

namespace fovea::render {

// What every step of measuring and drawing a page of one pitch looks things up in.
struct Typesetter {
  const CodePointTable& table;
  const Shaper& shaper;
  const Metrics& metrics;
};

// The stretch of content that is set as one stream on lines of one width.
struct Stream {
  const PageContent& content;
  PagePosition begin;
  PagePosition end;  // exclusive; nothing from here on is looked at
  Sub width = 0;

  // The text of a block up to the end of the stream.
  std::string_view Text(size_t block) const;
  // True if text at this place begins a line of its block, as far as this stream shows.
  bool BeginsTextLine(PagePosition at) const;
  // True if this block goes on where the one before it ends.
  bool IsJoined(size_t block) const;
  // How many code points may be shaped together: never more than fit on a line.
  int MaxRun(const Metrics& metrics) const;
};

// Moves a position at the end of a block to the beginning of the next block that is not empty.
PagePosition SkipEmpty(const PageContent& content, PagePosition at);

// Where the pen goes when block `block` begins on a line at `pen`, behind another block unless pen
// is 0.
Sub PenAtBlock(const Metrics& metrics, const PageContent& content, size_t block, Sub pen);

// Breaks a stream into lines, greedily: a decision depends only on the text up to the first
// character that does not fit. Thread-compatible.
class LineBreaker {
 public:
  LineBreaker(const Typesetter& typesetter, const Stream& stream)
      : typesetter_(typesetter), metrics_(typesetter.metrics), stream_(stream) {}

  // The end of the line that begins at `from`, which must be before the stream's end. The line
  // holds at least one character, even if that is wider than the line. A picture is a line of its
  // own here, however many lines high.
  PagePosition EndOfLine(PagePosition from);

 private:
  // Sets one block's text from `at_` on; true if the line is full and `at_` is its end.
  bool FillFromBlock(PagePosition line_begin);
  bool LabelFits(size_t block) const;
  // Ends the line before `at_`, at the last good place that wastes little.
  void BreakHere(PagePosition line_begin, size_t word_begin, std::string_view text);

  const Typesetter& typesetter_;
  const Metrics& metrics_;
  const Stream& stream_;

  // The line being filled.
  PagePosition at_;
  Sub pen_ = 0;
  PagePosition soft_;  // the last end of a word
  Sub soft_pen_ = 0;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_LINE_BREAKER_H_
