#include "render/shaper.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace fovea::render {
namespace {

struct BufferDestroy {
  void operator()(hb_buffer_t* buffer) const { hb_buffer_destroy(buffer); }
};
using Buffer = std::unique_ptr<hb_buffer_t, BufferDestroy>;

// The script of the run's first letter. HarfBuzz would guess the same, but would also take the
// language from the process's locale.
hb_script_t ScriptOf(hb_buffer_t* buffer) {
  unsigned int count = 0;
  const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer, &count);
  for (unsigned int i = 0; i < count; ++i) {
    const hb_script_t script =
        hb_unicode_script(hb_unicode_funcs_get_default(), infos[i].codepoint);
    if (script != HB_SCRIPT_COMMON && script != HB_SCRIPT_INHERITED &&
        script != HB_SCRIPT_UNKNOWN) {
      return script;
    }
  }
  return HB_SCRIPT_LATIN;
}

Buffer ShapedBuffer(hb_font_t* font, std::string_view run) {
  Buffer buffer(hb_buffer_create());
  const int size = static_cast<int>(run.size());
  hb_buffer_add_utf8(buffer.get(), run.data(), size, 0, size);
  const hb_script_t script = ScriptOf(buffer.get());
  const bool rtl = hb_script_get_horizontal_direction(script) == HB_DIRECTION_RTL;
  hb_buffer_set_script(buffer.get(), script);
  hb_buffer_set_direction(buffer.get(), rtl ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
  // A mark that begins a run has no letter to stand on: it gets a dotted circle.
  hb_buffer_set_flags(buffer.get(), HB_BUFFER_FLAG_BOT);
  hb_buffer_set_language(buffer.get(), hb_language_from_string("en", -1));
  hb_shape(font, buffer.get(), nullptr, 0);
  return buffer;
}

// Glyphs come in visual order, so a cluster's glyphs stand together and clusters run left to right.
std::shared_ptr<const ShapedRun> Gather(FaceId face, hb_buffer_t* buffer, size_t run_bytes) {
  auto result = std::make_shared<ShapedRun>();
  result->face = face;
  result->rtl = hb_buffer_get_direction(buffer) == HB_DIRECTION_RTL;
  unsigned int count = 0;
  const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer, &count);
  const hb_glyph_position_t* positions = hb_buffer_get_glyph_positions(buffer, &count);
  for (unsigned int i = 0; i < count; ++i) {
    auto& clusters = result->clusters;
    if (clusters.empty() || clusters.back().begin_byte != infos[i].cluster) {
      clusters.push_back({.begin_byte = infos[i].cluster, .first_glyph = i});
    }
    ShapedCluster& cluster = clusters.back();
    result->glyphs.push_back({.glyph = static_cast<uint16_t>(infos[i].codepoint),
                              .x = cluster.advance + positions[i].x_offset,
                              .y = positions[i].y_offset});
    ++cluster.glyph_count;
    cluster.advance += positions[i].x_advance;
  }
  if (result->rtl) std::reverse(result->clusters.begin(), result->clusters.end());
  if (!result->clusters.empty()) result->clusters.front().begin_byte = 0;
  for (size_t c = 0; c < result->clusters.size(); ++c) {
    const bool last = c + 1 == result->clusters.size();
    result->clusters[c].end_byte =
        last ? static_cast<uint32_t>(run_bytes) : result->clusters[c + 1].begin_byte;
  }
  return result;
}

}  // namespace

std::shared_ptr<const ShapedRun> Shaper::Shape(FaceId face, std::string_view run) const {
  std::string key(1, static_cast<char>(face));
  key.append(run);
  Shard& shard = shards_[absl::HashOf(key) % kShards];
  {
    const absl::MutexLock lock(&shard.mutex);
    const auto found = shard.runs.find(key);
    if (found != shard.runs.end()) return found->second;
  }
  const Buffer buffer = ShapedBuffer(fonts_.font(face), run);
  auto shaped = Gather(face, buffer.get(), run.size());
  const absl::MutexLock lock(&shard.mutex);
  if (shard.runs.size() >= kMaxRunsInShard) shard.runs.clear();
  shard.runs.emplace(std::move(key), shaped);
  return shaped;
}

}  // namespace fovea::render
