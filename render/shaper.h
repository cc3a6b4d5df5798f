// Runs of complex script, shaped by HarfBuzz and remembered.
#ifndef FOVEA_RENDER_SHAPER_H_
#define FOVEA_RENDER_SHAPER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "render/fonts.h"
#include "render/units.h"

namespace fovea::render {

struct ShapedGlyph {
  uint16_t glyph = 0;
  EmLength x = 0;  // from the cluster's left edge
  EmLength y = 0;  // above the baseline
};

// The smallest piece of a run that can be drawn by itself: a line may break before it.
struct ShapedCluster {
  uint32_t begin_byte = 0;  // in the run
  uint32_t end_byte = 0;
  uint32_t first_glyph = 0;
  uint32_t glyph_count = 0;
  EmLength advance = 0;
};

// Independent of the size at which it is drawn. Immutable.
struct ShapedRun {
  FaceId face = 0;
  bool rtl = false;
  std::vector<ShapedGlyph> glyphs;
  std::vector<ShapedCluster> clusters;  // in the order of the text; they cover all of it
};

// Thread-safe.
class Shaper {
 public:
  explicit Shaper(const FontSet& fonts) : fonts_(fonts) {}

  // Shapes a non-empty run of well-formed text that has one script and is wholly in `face`.
  std::shared_ptr<const ShapedRun> Shape(FaceId face, std::string_view run) const;

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kMaxRunsInShard = 4096;

  struct Shard {
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, std::shared_ptr<const ShapedRun>> runs ABSL_GUARDED_BY(mutex);
  };

  const FontSet& fonts_;
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_SHAPER_H_
