// The text of a turn: all that it holds, as recalls give it back and as search finds it.
#ifndef FOVEA_CORE_LOG_RECALL_TEXT_H_
#define FOVEA_CORE_LOG_RECALL_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/log/turn.h"

namespace fovea {

// A stretch of bytes: [begin, end).
struct ByteSpan {
  size_t begin = 0;
  size_t end = 0;
  bool operator==(const ByteSpan&) const = default;
};

// ExpandTurnRequest in proto/fovea/v1/session.proto states the layout for clients. This is the only
// place that makes it.
struct RecallText {
  // The turn's parts in the order in which they were appended, with one newline between two:
  //   a text                its bytes
  //   a tool call           "→ NAME ARGUMENTS", the arguments byte for byte
  //   a tool result         its contents, one part each; before them "[error]" if it is one
  //   an image              "[image 1: image/png, 640x480, 5120 bytes]", numbered within the turn
  //   a document            its note; then its context and, if it is text, its data, a part each
  //   a search result       its note; then its passages, a part each
  //   a tool reference, an opaque part    its note
  //   a refusal             its text
  //   a sound               its note; then its transcript
  // Notes are those of core/log/part_text.h. A text without a byte is no part. A turn of one text
  // is that text.
  std::string text;
  std::vector<ByteSpan> arguments;  // of calls, but for those of freeform tools
  std::vector<size_t> images;       // where each image's note begins, in TurnImages' order
};

// Takes memory of about the turn's text.
RecallText RecallTextOf(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_RECALL_TEXT_H_
