#include "render/glyphs.h"

namespace fovea::render {
namespace {

uint64_t Pack(const GlyphKey& key) {
  return uint64_t{key.glyph} | uint64_t{key.face} << 16 | uint64_t{key.line_pitch_px} << 24 |
         uint64_t{key.phase} << 32 | uint64_t{key.grey_bits} << 40;
}

}  // namespace

AsciiAtlas::AsciiAtlas(const CodePointTable& table, const Rasterizer& rasterizer, int line_pitch_px,
                       int grey_bits) {
  std::vector<std::pair<Glyph*, size_t>> offsets;
  for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
    for (int phase = 0; phase < kPhases; ++phase) {
      for (char32_t c = 0x21; c < 0x7F; ++c) {
        const CodePoint& character = table.Find(weight, c);
        const GlyphPixels pixels =
            rasterizer.Draw({.face = character.face,
                             .glyph = character.glyph,
                             .line_pitch_px = static_cast<uint8_t>(line_pitch_px),
                             .phase = static_cast<uint8_t>(phase),
                             .grey_bits = static_cast<uint8_t>(grey_bits)});
        Glyph& glyph = glyphs_[static_cast<size_t>(weight)][static_cast<size_t>(phase)][c];
        glyph = pixels.shape;
        offsets.emplace_back(&glyph, ink_.size());
        ink_.insert(ink_.end(), pixels.ink.begin(), pixels.ink.end());
      }
    }
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
  {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto found = glyphs_.find(packed);
    if (found != glyphs_.end()) return found->second.Get();
  }
  GlyphPixels drawn = rasterizer_.Draw(key);
  const size_t size = drawn.ink.capacity() + sizeof(GlyphPixels) + 64;
  const absl::MutexLock lock(&mutex_);
  const auto [entry, inserted] = glyphs_.emplace(packed, std::move(drawn));
  if (inserted) bytes_ += size;
  return entry->second.Get();
}

size_t GlyphCache::Generation::bytes() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return bytes_;
}

std::shared_ptr<GlyphCache::Generation> GlyphCache::Current() {
  const absl::MutexLock lock(&mutex_);
  if (current_ == nullptr || current_->bytes() > max_bytes_) {
    current_ = std::make_shared<Generation>(rasterizer_);
  }
  return current_;
}

}  // namespace fovea::render
