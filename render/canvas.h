// Ink on paper: one byte a pixel, 0 is paper and 255 is black.
#ifndef FOVEA_RENDER_CANVAS_H_
#define FOVEA_RENDER_CANVAS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace fovea::render {

// A glyph at one size and one fraction of a pixel. Rows are `stride` bytes apart: 8, or a multiple
// of 16, of which those beyond `width` are 0. There is ink for InkRows(rows) rows, of which a last
// one beyond `rows` is 0.
struct Glyph {
  const uint8_t* ink = nullptr;
  int16_t left = 0;  // of the pen's pixel
  int16_t top = 0;   // the first row, above the baseline
  int16_t width = 0;
  int16_t rows = 0;
  int16_t stride = 8;
};

// Rows of 8 bytes are added two at a time.
constexpr int InkRows(int rows) { return rows + rows % 2; }
constexpr int GlyphStride(int width) { return width <= 8 ? 8 : (width + 15) / 16 * 16; }

// The nearest of the 2^bits evenly spaced values. A sum of such values, cut at 255, is such a value
// again, so a page that is drawn from quantised glyphs needs no quantising at the end.
constexpr uint8_t Quantise(int value, int bits) {
  const int steps = (1 << bits) - 1;
  return static_cast<uint8_t>((value * steps + 127) / 255 * (255 / steps));
}

// Thread-compatible.
class Canvas {
 public:
  // `memory` is used again if it is large enough.
  Canvas(int width, int height, std::vector<uint8_t> memory = {});

  int width() const { return width_; }
  int height() const { return height_; }

  // Adds the glyph's ink, or takes it away; the sum is cut at black and at white. The pen is at
  // pixel column `x`, the baseline under row `baseline` - 1. What is off the canvas is cut.
  void Add(const Glyph& glyph, int x, int baseline);
  void Subtract(const Glyph& glyph, int x, int baseline);
  // Adds the ink times `ink` / 255, quantised to `bits`; only what lies in rows top to bottom - 1.
  void AddDimmed(const Glyph& glyph, int x, int baseline, int ink, int bits);
  void AddBetween(const Glyph& glyph, int x, int baseline, int top, int bottom);

  // Adds `ink` to a rectangle, cut to the canvas.
  void FillRect(int x, int y, int width, int height, uint8_t ink);

  absl::Span<const uint8_t> Row(int y) const;

  // The picture as 8-bit grey, row after row: 255 is white. The canvas is of no use after that.
  std::string_view TurnIntoGrey();

  // The memory, for another canvas. This canvas is of no use after that.
  std::vector<uint8_t> TakeMemory() { return std::move(pixels_); }

 private:
  bool Contains(const Glyph& glyph, int x, int y) const;
  template <typename Operation>
  void Combine(const Glyph& glyph, int x, int baseline, int top, int bottom,
               const Operation& operation);

  int width_;
  int height_;
  // A few bytes longer than the picture: the blank end of a glyph's last row may reach beyond it.
  std::vector<uint8_t> pixels_;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_CANVAS_H_
