// Units of length on a page.
#ifndef FOVEA_RENDER_UNITS_H_
#define FOVEA_RENDER_UNITS_H_

#include <cstdint>

namespace fovea::render {

// A horizontal position or length on a page, in 1/256 pixel.
using Sub = int32_t;
inline constexpr Sub kPixel = 256;

// A length in a font, in 1/65536 em, whatever the font's own units are.
using EmLength = int32_t;
inline constexpr EmLength kEm = 65536;

inline constexpr int kMinLinePitch = 5;
inline constexpr int kMaxLinePitch = 64;

// DejaVu Sans is 1.164 em high from ascender to descender, so that lines of this pitch just fit.
constexpr Sub EmOfLinePitch(int line_pitch_px) { return (line_pitch_px * 256 * 1000 + 582) / 1164; }

constexpr Sub Scale(EmLength length, Sub em) {
  return static_cast<Sub>((static_cast<int64_t>(length) * em + kEm / 2) >> 16);
}

// Words begin on even pixels: there a 4-bit page's bytes begin, so a word is the same bytes
// wherever it stands, which compresses better.
inline constexpr Sub kGrid = 2 * kPixel;

constexpr Sub RoundToPixel(Sub at) { return (at + kPixel / 2) & ~(kPixel - 1); }
constexpr Sub CeilToGrid(Sub at) { return (at + kGrid - 1) & ~(kGrid - 1); }
constexpr Sub CeilToPixel(Sub at) { return (at + kPixel - 1) & ~(kPixel - 1); }

}  // namespace fovea::render

#endif  // FOVEA_RENDER_UNITS_H_
