#include "render/metrics.h"

#include <algorithm>

namespace fovea::render {
namespace {

// DejaVu Sans's ascender, in thousandths of its line height.
constexpr int kAscentPermille = 797;

int PlacesAt(int line_pitch_px) { return line_pitch_px < 9 ? 4 : 2; }

}  // namespace

Metrics::Metrics(const CodePointTable& table, int line_pitch_px, int places)
    : pitch_px(line_pitch_px),
      em(EmOfLinePitch(line_pitch_px)),
      baseline_px((line_pitch_px * kAscentPermille + 500) / 1000),
      mark_unit_px(std::max(1, (line_pitch_px + 4) / 12)),
      phase_step(kPixel / (places > 0 ? places : PlacesAt(line_pitch_px))),
      label_padding(CeilToPixel(em / 5)),
      label_gap(CeilToPixel(em / 3)),
      block_gap(CeilToPixel(em)),
      escape_padding(kPixel) {
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    auto& advances = ascii[static_cast<size_t>(weight)];
    for (char32_t c = 0x21; c < 0x7F; ++c) {
      advances[c] = static_cast<uint16_t>(Scale(table.Find(weight, c).advance, em));
    }
    space[static_cast<size_t>(weight)] = Scale(table.Find(weight, ' ').advance, em) * 3 / 4;
  }
}

int Metrics::NewlineWidthPx() const { return std::max(4, (em / 2) / kPixel) + 3 * mark_unit_px; }

// A bar for each 16, a lower one for each 4, and a column of dots for the rest.
int Metrics::SpacesWidthPx(uint32_t count) const {
  const int strokes = static_cast<int>(count / 16 * 2 + count % 16 / 4 + (count % 4 != 0 ? 1 : 0));
  const int gaps = static_cast<int>(count / 16 + count % 16 / 4 + (count % 4 != 0 ? 1 : 0)) + 2;
  return (strokes + gaps) * mark_unit_px;
}

int Metrics::TabsWidthPx(uint32_t count) const {
  return (static_cast<int>(count) * 5 + 2) * mark_unit_px;
}

}  // namespace fovea::render
