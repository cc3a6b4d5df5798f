// The order of mixed left-to-right and right-to-left text on a line.
#ifndef FOVEA_RENDER_BIDI_H_
#define FOVEA_RENDER_BIDI_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace fovea::render {

struct VisualItem {
  size_t index = 0;     // of the item in the order of the text
  char32_t mirror = 0;  // the code point to draw instead, if not 0
};

// Orders the items of one line of one paragraph from left to right. Each item is known by its first
// code point. No bidi control is ever obeyed: the caller passes U+FFFC for them.
std::vector<VisualItem> OrderForDisplay(absl::Span<const char32_t> items, bool rtl_paragraph);

// Where the paragraph that `at` is in begins: behind a newline, or at the beginning of the text.
size_t ParagraphBegin(std::string_view text, size_t at);

// True if the first letter of the paragraph that begins at `begin` belongs to a right-to-left
// script. Looks no further than that letter or the newline.
bool IsRtlParagraph(std::string_view text, size_t begin);

// True if text of a right-to-left script is in there.
bool HasRtl(std::string_view text);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_BIDI_H_
