// Glyphs that have been drawn once.
#ifndef FOVEA_RENDER_GLYPHS_H_
#define FOVEA_RENDER_GLYPHS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/node_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "render/canvas.h"
#include "render/code_points.h"
#include "render/rasterizer.h"

namespace fovea::render {

// All of ASCII at one line pitch and depth. Immutable.
class AsciiAtlas {
 public:
  AsciiAtlas(const CodePointTable& table, const Rasterizer& rasterizer, int line_pitch_px,
             int grey_bits);
  AsciiAtlas(const AsciiAtlas&) = delete;
  AsciiAtlas& operator=(const AsciiAtlas&) = delete;

  // The glyphs of one weight and phase, by character.
  const Glyph* Glyphs(Weight weight, int phase) const {
    return glyphs_[static_cast<size_t>(weight)][static_cast<size_t>(phase)].data();
  }

 private:
  std::array<std::array<std::array<Glyph, 128>, kPhases>, kWeights> glyphs_ = {};
  std::vector<uint8_t> ink_;
};

// The ASCII atlases, each built when it is first asked for and kept. Thread-safe.
class AtlasSet {
 public:
  AtlasSet(const CodePointTable& table, const Rasterizer& rasterizer)
      : table_(table), rasterizer_(rasterizer) {}

  // Valid as long as the set.
  const AsciiAtlas& Get(int line_pitch_px, int grey_bits) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const CodePointTable& table_;
  const Rasterizer& rasterizer_;
  absl::Mutex mutex_;
  std::map<std::pair<int, int>, std::unique_ptr<const AsciiAtlas>> atlases_ ABSL_GUARDED_BY(mutex_);
};

// Every other glyph. A glyph, once handed out, stays where it is and what it is as long as its
// generation lives; a full generation is replaced, never cleaned up, and the next one takes over
// from it what is asked for again. Thread-safe.
class GlyphCache {
 public:
  class Generation {
   public:
    // `last` may be null.
    Generation(const Rasterizer& rasterizer, std::shared_ptr<Generation> last)
        : rasterizer_(rasterizer), last_(std::move(last)) {}

    // Valid as long as the generation.
    Glyph Get(const GlyphKey& key) ABSL_LOCKS_EXCLUDED(mutex_);
    size_t bytes() const ABSL_LOCKS_EXCLUDED(mutex_);
    // Before another generation follows this one: two are kept, not all.
    void ForgetLast() ABSL_LOCKS_EXCLUDED(mutex_);

   private:
    // The pixels, copied, if this generation has them.
    std::optional<GlyphPixels> Find(uint64_t packed) const ABSL_LOCKS_EXCLUDED(mutex_);

    const Rasterizer& rasterizer_;
    mutable absl::Mutex mutex_;
    std::shared_ptr<Generation> last_ ABSL_GUARDED_BY(mutex_);
    absl::node_hash_map<uint64_t, GlyphPixels> glyphs_ ABSL_GUARDED_BY(mutex_);
    size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  };

  // A generation is replaced when a page is begun and it holds more than `max_bytes`. Beside it the
  // one before is kept.
  GlyphCache(const Rasterizer& rasterizer, size_t max_bytes)
      : rasterizer_(rasterizer), max_bytes_(max_bytes) {}

  // To be held while one page is drawn.
  std::shared_ptr<Generation> Current() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const Rasterizer& rasterizer_;
  const size_t max_bytes_;
  absl::Mutex mutex_;
  std::shared_ptr<Generation> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_GLYPHS_H_
