// What must hold of the pages of any input.
#ifndef FOVEA_TESTS_RENDER_FUZZ_PAGE_CHECK_H_
#define FOVEA_TESTS_RENDER_FUZZ_PAGE_CHECK_H_

#include <cstdint>
#include <string>

#include "core/page/page.h"
#include "tests/render/fuzz/page_input.h"

namespace fovea::render {

struct PageLimits {
  double page_seconds = 0.2;                 // of processor time, for laying out and drawing
  uint64_t page_bytes = uint64_t{64} << 20;  // of memory on top of what was there before
  bool measure_memory = true;                // sanitizers keep freed memory: false there
};

// What a release build promises, or, under sanitizers, a time that only a runaway takes.
PageLimits LimitsOfThisBuild();

struct PageReport {
  std::string broken;  // the first promise that was broken; "" if none
  uint64_t pages_laid_out = 0;
  uint64_t pages_drawn = 0;
  double worst_seconds = 0;
  uint64_t worst_bytes = 0;
};

// Lays out all pages of the input (the first thousand) and draws the first three: extents chain and
// cover the text between whole characters, pages fit their paper and hold some text, what is drawn
// is a PNG of the digest that it states, and the same comes out twice. Of the two times the shorter
// counts, for the machine may be busy, and a glyph takes some 30 us the first time that it is
// drawn.
PageReport CheckPages(const PageInput& input, const PageRenderer& renderer,
                      const PageLimits& limits);

}  // namespace fovea::render

#endif  // FOVEA_TESTS_RENDER_FUZZ_PAGE_CHECK_H_
