// Glyphs to pixels, by FreeType.
#ifndef FOVEA_RENDER_RASTERIZER_H_
#define FOVEA_RENDER_RASTERIZER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "render/canvas.h"
#include "render/fonts.h"

namespace fovea::render {

// The horizontal places within a pixel at which glyphs are drawn.
inline constexpr int kPhases = 4;
// At this line pitch and below, glyphs are reduced from a large drawing: Tesseract reads a point or
// two more of the characters.
inline constexpr int kMaxReducedPitch = 12;

// What a glyph's pixels depend on.
struct GlyphKey {
  FaceId face = 0;
  uint16_t glyph = 0;
  uint8_t line_pitch_px = 0;
  uint8_t phase = 0;  // in 1/kPhases pixel
  uint8_t grey_bits = 0;
};

struct GlyphPixels {
  std::vector<uint8_t> ink;
  Glyph shape;  // its `ink` is not set

  Glyph Get() const {
    Glyph glyph = shape;
    glyph.ink = ink.data();
    return glyph;
  }
};

// Thread-safe; drawing holds a lock.
class Rasterizer {
 public:
  // `fonts` must outlive the rasterizer. INTERNAL if FreeType does not accept a font.
  static absl::StatusOr<std::unique_ptr<Rasterizer>> Create(const FontSet& fonts);
  ~Rasterizer();
  Rasterizer(const Rasterizer&) = delete;
  Rasterizer& operator=(const Rasterizer&) = delete;

  // Unhinted and antialiased. A glyph that cannot be drawn comes back blank.
  GlyphPixels Draw(const GlyphKey& key) const ABSL_LOCKS_EXCLUDED(mutex_);

  // Of the FreeType library in use, for example "2.12.1".
  static std::string LibraryVersion();

 private:
  struct FreeType;

  explicit Rasterizer(const FontSet& fonts, std::unique_ptr<FreeType> free_type);

  const FontSet& fonts_;
  mutable absl::Mutex mutex_;
  std::unique_ptr<FreeType> free_type_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_RASTERIZER_H_
