// The lengths of one line pitch.
#ifndef FOVEA_RENDER_METRICS_H_
#define FOVEA_RENDER_METRICS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/page/page.h"
#include "render/code_points.h"
#include "render/units.h"

namespace fovea::render {

// From the edge of the page to its text, in pixels. Even, for kGrid.
inline constexpr int kMarginPx = 4;

inline constexpr Weight WeightOf(PageBlock::Style style) {
  return style == PageBlock::Style::kBody ? Weight::kRegular : Weight::kBold;
}

// How many spaces or tabs a mark can show by its shape; more are written as a number.
inline constexpr uint32_t kMaxSpacesByShape = 63;
inline constexpr uint32_t kMaxTabsByShape = 6;

// Immutable.
struct Metrics {
  // `places` as Typeface::places.
  Metrics(const CodePointTable& table, int line_pitch_px, int places = 0);

  // The place, among those at which glyphs are drawn, that is nearest to the pen: every quarter
  // pixel on small lines, every half on others, unless the typeface says otherwise. Tesseract reads
  // both alike from 9 pixels on and quarters much better below; halves compress better.
  Sub Snap(Sub pen) const { return (pen + phase_step / 2) & ~(phase_step - 1); }

  int pitch_px;
  Sub em;
  int baseline_px;   // below the top of the line
  int mark_unit_px;  // the thinnest stroke of a mark
  Sub phase_step;

  // Advances of the visible ASCII characters; 0 for every other byte.
  std::array<std::array<uint16_t, 256>, kWeights> ascii = {};
  // The least width of a space: what follows goes on to the grid, so that on average a space is
  // about as wide as the font wants.
  std::array<Sub, kWeights> space = {};

  Sub label_padding;  // between a label's text and the edge of its box
  Sub label_gap;      // before and after the box
  Sub block_gap;      // between two blocks of one turn
  Sub escape_padding;

  int NewlineWidthPx() const;
  int SpacesWidthPx(uint32_t count) const;  // count at most kMaxSpacesByShape
  int TabsWidthPx(uint32_t count) const;    // count at most kMaxTabsByShape

  Sub Space(Weight weight) const { return space[static_cast<size_t>(weight)]; }
  const std::array<uint16_t, 256>& Ascii(Weight weight) const {
    return ascii[static_cast<size_t>(weight)];
  }
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_METRICS_H_
