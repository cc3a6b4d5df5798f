#include "render/glyphs.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace fovea::render {
namespace {

uint64_t Pack(const GlyphKey& key) {
  return uint64_t{key.glyph} | uint64_t{key.face} << 16 | uint64_t{key.line_pitch_px} << 24 |
         uint64_t{key.phase} << 32 | uint64_t{key.grey_bits} << 40;
}

// The rows from the highest to the lowest ink of the glyphs of 8 bytes a row.
struct Rows {
  int top = std::numeric_limits<int>::min();     // above the baseline
  int bottom = std::numeric_limits<int>::max();  // above the baseline

  void Take(const Glyph& glyph) {
    if (glyph.stride != 8) return;
    top = std::max(top, int{glyph.top});
    bottom = std::min(bottom, glyph.top - glyph.rows);
  }
};

// A glyph with blank rows added, so that it has all of `rows`: where every glyph has as many, the
// processor guesses right when a glyph ends, and a page is drawn a quarter faster.
GlyphPixels Padded(GlyphPixels pixels, const Rows& rows) {
  Glyph& shape = pixels.shape;
  if (shape.stride != 8) return pixels;
  const auto above = static_cast<std::ptrdiff_t>(rows.top - shape.top);
  pixels.ink.insert(pixels.ink.begin(), static_cast<size_t>(above) * 8, 0);
  shape.top = static_cast<int16_t>(rows.top);
  shape.rows = static_cast<int16_t>(rows.top - rows.bottom);
  pixels.ink.resize(static_cast<size_t>(InkRows(shape.rows)) * 8);
  return pixels;
}

}  // namespace

AsciiAtlas::AsciiAtlas(const CodePointTable& table, const Rasterizer& rasterizer, int line_pitch_px,
                       int grey_bits) {
  std::vector<std::pair<Glyph*, GlyphPixels>> drawn;
  Rows rows;
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    for (int phase = 0; phase < kPhases; ++phase) {
      for (char32_t c = 0x21; c < 0x7F; ++c) {
        const CodePoint& character = table.Find(weight, c);
        GlyphPixels pixels = rasterizer.Draw({.face = character.face,
                                              .glyph = character.glyph,
                                              .line_pitch_px = static_cast<uint8_t>(line_pitch_px),
                                              .phase = static_cast<uint8_t>(phase),
                                              .grey_bits = static_cast<uint8_t>(grey_bits)});
        Glyph& glyph = glyphs_[static_cast<size_t>(weight)][static_cast<size_t>(phase)][c];
        rows.Take(pixels.shape);
        drawn.emplace_back(&glyph, std::move(pixels));
      }
    }
  }
  std::vector<std::pair<Glyph*, size_t>> offsets;
  for (auto& [glyph, pixels] : drawn) {
    pixels = Padded(std::move(pixels), rows);
    *glyph = pixels.shape;
    offsets.emplace_back(glyph, ink_.size());
    ink_.insert(ink_.end(), pixels.ink.begin(), pixels.ink.end());
  }
  // Only now does the ink stay where it is.
  for (const auto& [glyph, offset] : offsets) glyph->ink = ink_.data() + offset;
}

const AsciiAtlas& AtlasSet::Get(int line_pitch_px, int grey_bits) {
  const absl::MutexLock lock(&mutex_);
  auto& atlas = atlases_[{line_pitch_px, grey_bits}];
  if (atlas == nullptr) {
    atlas = std::make_unique<AsciiAtlas>(table_, rasterizer_, line_pitch_px, grey_bits);
  }
  return *atlas;
}

Glyph GlyphCache::Generation::Get(const GlyphKey& key) {
  const uint64_t packed = Pack(key);
  std::shared_ptr<Generation> last;
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto found = glyphs_.find(packed);
    if (found != glyphs_.end()) return found->second.Get();
    last = last_;
  }
  std::optional<GlyphPixels> known = last == nullptr ? std::nullopt : last->Find(packed);
  GlyphPixels drawn = known.has_value() ? *std::move(known) : rasterizer_.Draw(key);
  const size_t size = drawn.ink.capacity() + sizeof(GlyphPixels) + 64;
  const absl::MutexLock lock(&mutex_);
  const auto [entry, inserted] = glyphs_.emplace(packed, std::move(drawn));
  if (inserted) bytes_ += size;
  return entry->second.Get();
}

std::optional<GlyphPixels> GlyphCache::Generation::Find(uint64_t packed) const {
  const absl::ReaderMutexLock lock(&mutex_);
  const auto found = glyphs_.find(packed);
  return found == glyphs_.end() ? std::nullopt : std::optional(found->second);
}

void GlyphCache::Generation::ForgetLast() {
  const absl::MutexLock lock(&mutex_);
  last_ = nullptr;
}

size_t GlyphCache::Generation::bytes() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return bytes_;
}

std::shared_ptr<GlyphCache::Generation> GlyphCache::Current() {
  const absl::MutexLock lock(&mutex_);
  if (current_ == nullptr || current_->bytes() > max_bytes_) {
    if (current_ != nullptr) current_->ForgetLast();
    current_ = std::make_shared<Generation>(rasterizer_, current_);
  }
  return current_;
}

}  // namespace fovea::render
