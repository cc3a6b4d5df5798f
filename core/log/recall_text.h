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
  //   an opaque part        "[anthropic.thinking: 2048 bytes]"
  // A text without a byte is no part. A turn of one text is that text.
  std::string text;
  std::vector<ByteSpan> arguments;  // of calls that are JSON
  std::vector<size_t> images;       // where each image's note begins, in TurnImages' order
};

// Takes memory of about the turn's text.
RecallText RecallTextOf(const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_LOG_RECALL_TEXT_H_
