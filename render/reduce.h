// Small glyphs from large ones.
#ifndef FOVEA_RENDER_REDUCE_H_
#define FOVEA_RENDER_REDUCE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fovea::render {

// 255 is full coverage. `left` and `top` place the first row's first pixel right of the pen and
// above the baseline, as FreeType does.
struct GreyImage {
  int left = 0;
  int top = 0;
  int width = 0;
  int rows = 0;
  std::vector<uint8_t> pixels;

  uint8_t At(int row, int column) const {
    return pixels[static_cast<size_t>(row) * static_cast<size_t>(width) + column];
  }
};

// How many pixels of the large drawing make one of the small, each way. The large drawing holds
// exact coverage, so that two are enough: with four and eight Tesseract reads as much, within the
// noise, and a page of ten thousand new glyphs takes half as long again.
inline constexpr int kReduction = 2;

// Reduces by kReduction with a Lanczos filter of three lobes, which keeps thin strokes darker than
// plain averaging does.
GreyImage Reduce(const GreyImage& large);

}  // namespace fovea::render

#endif  // FOVEA_RENDER_REDUCE_H_
