// The light marks that stand for newlines and collapsed space.
#ifndef FOVEA_RENDER_MARKS_H_
#define FOVEA_RENDER_MARKS_H_

#include <cstdint>

#include "render/canvas.h"
#include "render/metrics.h"

namespace fovea::render {

// How dark the things are that are not text, at a given depth. One-bit pages have no grey: there
// marks are black and boxes are left out.
struct Inks {
  explicit Inks(int grey_bits);
  uint8_t mark;
  uint8_t box;
  uint8_t header;
};

// `x` and `top` are the left edge of the mark and the top of its line, in pixels.
void DrawNewline(const Metrics& metrics, uint8_t ink, int x, int top, Canvas* canvas);
void DrawSpaces(const Metrics& metrics, uint8_t ink, uint32_t count, int x, int top,
                Canvas* canvas);
void DrawTabs(const Metrics& metrics, uint8_t ink, uint32_t count, int x, int top, Canvas* canvas);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_MARKS_H_
