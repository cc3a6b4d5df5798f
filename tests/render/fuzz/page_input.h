// What is fuzzed: bytes that stand for a content, a paper and a typography.
#ifndef FOVEA_TESTS_RENDER_FUZZ_PAGE_INPUT_H_
#define FOVEA_TESTS_RENDER_FUZZ_PAGE_INPUT_H_

#include <string>
#include <string_view>

#include "core/page/page.h"

namespace fovea::render {

struct PageInput {
  PageContent content;
  PageBox box;
  PageTypography typography;
  PageHeader header;
};

// Any bytes stand for some input. Eight bytes choose the paper, the line pitch, the grey bits and
// the length of the header; then come the header and the blocks' text. In the text, 0xFE and the
// byte behind it begin a block of another style.
PageInput DecodePageInput(std::string_view bytes);

// The eight bytes for one of the readers' papers, 0 to kPapers - 1 from the smallest.
inline constexpr int kPapers = 8;
std::string PaperBytes(int paper, int line_pitch_px, int grey_bits);

// The bytes that begin a block.
std::string BlockBytes(PageBlock::Style style);

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_FUZZ_PAGE_INPUT_H_
