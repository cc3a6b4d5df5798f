#include "render/marks.h"

#include <algorithm>

namespace fovea::render {
namespace {

// Tesseract reads a darker mark, or one with the outline of a letter, as a letter: on code that
// costs four of a hundred characters (bench/legibility).
constexpr int kMarkInk = 0x22;
// With few greys the lightest ink is dark, and a filled mark would be a blot.
constexpr int kDarkInk = 0x44;
constexpr int kBoxInk = 0x33;
constexpr int kHeaderInk = 0xAA;

uint8_t AtLeastVisible(int ink, int bits) {
  const int lightest = 255 / ((1 << bits) - 1);
  return Quantise(std::max(ink, lightest), bits);
}

}  // namespace

Inks::Inks(int grey_bits)
    : mark(AtLeastVisible(kMarkInk, grey_bits)),
      box(grey_bits == 1 ? 0 : AtLeastVisible(kBoxInk, grey_bits)),
      header(grey_bits == 1 ? 255 : kHeaderInk) {}

// A light block as high as the line; in dark ink a hook: down on the right, left along the foot,
// with a small head.
void DrawNewline(const Metrics& metrics, uint8_t ink, int x, int top, Canvas* canvas) {
  const int unit = metrics.mark_unit_px;
  if (ink < kDarkInk) {
    canvas->FillRect(x + unit, top, metrics.NewlineWidthPx() - 2 * unit, metrics.pitch_px, ink);
    return;
  }
  x += unit;
  const int width = metrics.NewlineWidthPx() - 4 * unit;
  const int foot = top + metrics.baseline_px - 2 * unit;
  const int height = std::max(3 * unit, metrics.baseline_px / 2);
  canvas->FillRect(x + width, foot - height + unit, unit, height, ink);
  canvas->FillRect(x, foot, width, unit, ink);
  canvas->FillRect(x + unit, foot - unit, unit, unit, ink);
  canvas->FillRect(x + unit, foot + unit, unit, unit, ink);
}

// A broad bar for each 16, a bar for each 4, and one of as many quarters of its height as are left.
void DrawSpaces(const Metrics& metrics, uint8_t ink, uint32_t count, int x, int top,
                Canvas* canvas) {
  const int unit = metrics.mark_unit_px;
  const int bottom = top + metrics.pitch_px;
  x += unit;
  for (uint32_t i = 0; i < count / 16; ++i, x += 3 * unit) {
    canvas->FillRect(x, top, 2 * unit, metrics.pitch_px, ink);
  }
  for (uint32_t i = 0; i < count % 16 / 4; ++i, x += 2 * unit) {
    canvas->FillRect(x, top, unit, metrics.pitch_px, ink);
  }
  const int rest = static_cast<int>(count % 4) * metrics.pitch_px / 4;
  if (rest > 0) canvas->FillRect(x, bottom - rest, unit, rest, ink);
}

// For each tab a line that runs against a stop.
void DrawTabs(const Metrics& metrics, uint8_t ink, uint32_t count, int x, int top, Canvas* canvas) {
  const int unit = metrics.mark_unit_px;
  x += unit;
  const int middle = top + metrics.baseline_px * 2 / 3;
  for (uint32_t i = 0; i < count; ++i, x += 5 * unit) {
    canvas->FillRect(x, middle, 3 * unit, unit, ink);
    canvas->FillRect(x + 3 * unit, middle - unit, unit, 3 * unit, ink);
  }
}

}  // namespace fovea::render
