#include "render/canvas.h"

#include <algorithm>
#include <array>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace fovea::render {
namespace {

uint8_t AddClamped(int a, int b) { return static_cast<uint8_t>(std::min(255, a + b)); }
uint8_t SubtractClamped(int a, int b) { return static_cast<uint8_t>(std::max(0, a - b)); }

// Two rows of a glyph, of 8 bytes each.
void AddShortRows(uint8_t* to, int width, const uint8_t* ink) {
#if defined(__SSE2__)
  const __m128i rows =
      _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(to)),
                         _mm_loadl_epi64(reinterpret_cast<const __m128i*>(to + width)));
  const __m128i sum = _mm_adds_epu8(rows, _mm_loadu_si128(reinterpret_cast<const __m128i*>(ink)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), sum);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to + width), _mm_unpackhi_epi64(sum, sum));
#else
  for (int i = 0; i < 8; ++i) to[i] = AddClamped(to[i], ink[i]);
  for (int i = 0; i < 8; ++i) to[width + i] = AddClamped(to[width + i], ink[8 + i]);
#endif
}

// One row of a multiple of 16 bytes.
void AddLongRow(uint8_t* to, const uint8_t* ink, int stride) {
#if defined(__SSE2__)
  for (int i = 0; i < stride; i += 16) {
    const __m128i sum = _mm_adds_epu8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(to + i)),
                                      _mm_loadu_si128(reinterpret_cast<const __m128i*>(ink + i)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), sum);
  }
#else
  for (int i = 0; i < stride; ++i) to[i] = AddClamped(to[i], ink[i]);
#endif
}

}  // namespace

Canvas::Canvas(int width, int height, std::vector<uint8_t> memory)
    : width_(width), height_(height), pixels_(std::move(memory)) {
  pixels_.assign(static_cast<size_t>(width) * static_cast<size_t>(height) + 128, 0);
}

bool Canvas::Contains(const Glyph& glyph, int x, int y) const {
  return x >= 0 && y >= 0 && x + glyph.width <= width_ && y + InkRows(glyph.rows) <= height_;
}

// The plain way: pixel by pixel, cut to the canvas and to rows top to bottom - 1.
template <typename Operation>
void Canvas::Combine(const Glyph& glyph, int x, int baseline, int top, int bottom,
                     const Operation& operation) {
  const int left = x + glyph.left;
  const int first_row = baseline - glyph.top;
  const int row_begin = std::max({0, top - first_row, -first_row});
  const int row_end = std::min({int{glyph.rows}, bottom - first_row, height_ - first_row});
  const int column_begin = std::max(0, -left);
  const int column_end = std::min(int{glyph.width}, width_ - left);
  for (int row = row_begin; row < row_end; ++row) {
    const uint8_t* ink = glyph.ink + static_cast<ptrdiff_t>(row) * glyph.stride;
    uint8_t* to = pixels_.data() + static_cast<ptrdiff_t>(first_row + row) * width_ + left;
    for (int i = column_begin; i < column_end; ++i) to[i] = operation(to[i], ink[i]);
  }
}

void Canvas::Add(const Glyph& glyph, int x, int baseline) {
  const int left = x + glyph.left;
  const int top = baseline - glyph.top;
  if (!Contains(glyph, left, top)) {
    AddBetween(glyph, x, baseline, 0, height_);
    return;
  }
  uint8_t* to = pixels_.data() + static_cast<ptrdiff_t>(top) * width_ + left;
  const uint8_t* ink = glyph.ink;
  if (glyph.stride == 8) {
    for (int row = glyph.rows; row > 0; row -= 2, to += ptrdiff_t{2} * width_, ink += 16) {
      AddShortRows(to, width_, ink);
    }
  } else {
    for (int row = glyph.rows; row > 0; --row, to += width_, ink += glyph.stride) {
      AddLongRow(to, ink, glyph.stride);
    }
  }
}

void Canvas::Subtract(const Glyph& glyph, int x, int baseline) {
  Combine(glyph, x, baseline, 0, height_, SubtractClamped);
}

void Canvas::AddDimmed(const Glyph& glyph, int x, int baseline, int ink, int bits) {
  Combine(glyph, x, baseline, 0, height_,
          [ink, bits](int a, int b) { return AddClamped(a, Quantise(b * ink / 255, bits)); });
}

void Canvas::AddBetween(const Glyph& glyph, int x, int baseline, int top, int bottom) {
  Combine(glyph, x, baseline, top, bottom, AddClamped);
}

void Canvas::FillRect(int x, int y, int width, int height, uint8_t ink) {
  // A mark is as narrow as a glyph, and there are many.
  constexpr int kShort = 8;
  if (width <= kShort && x >= 0 && y >= 0 && x + width <= width_ && y + height <= height_) {
    std::array<uint8_t, size_t{2}* kShort> rows = {};
    std::fill_n(rows.begin(), width, ink);
    std::fill_n(rows.begin() + kShort, width, ink);
    uint8_t* to = pixels_.data() + static_cast<ptrdiff_t>(y) * width_ + x;
    for (; height > 1; height -= 2, to += ptrdiff_t{2} * width_)
      AddShortRows(to, width_, rows.data());
    for (int i = 0; height > 0 && i < width; ++i) to[i] = AddClamped(to[i], ink);
    return;
  }
  const int right = std::min(x + width, width_);
  const int bottom = std::min(y + height, height_);
  for (int row = std::max(0, y); row < bottom; ++row) {
    uint8_t* to = pixels_.data() + static_cast<ptrdiff_t>(row) * width_;
    for (int i = std::max(0, x); i < right; ++i) to[i] = AddClamped(to[i], ink);
  }
}

absl::Span<const uint8_t> Canvas::Row(int y) const {
  return absl::MakeConstSpan(pixels_).subspan(static_cast<size_t>(y) * static_cast<size_t>(width_),
                                              static_cast<size_t>(width_));
}

std::string_view Canvas::TurnIntoGrey() {
  for (uint8_t& pixel : pixels_) pixel = static_cast<uint8_t>(255 - pixel);
  const size_t size = static_cast<size_t>(width_) * static_cast<size_t>(height_);
  return {reinterpret_cast<const char*>(pixels_.data()), size};
}

}  // namespace fovea::render
