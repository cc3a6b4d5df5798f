// All that draws in one typeface.
#ifndef FOVEA_RENDER_FONT_STACK_H_
#define FOVEA_RENDER_FONT_STACK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "render/code_points.h"
#include "render/fonts.h"
#include "render/glyphs.h"
#include "render/rasterizer.h"
#include "render/shaper.h"
#include "render/typeface.h"

namespace fovea::render {

// Thread-safe, as its parts are.
struct FontStack {
  // FAILED_PRECONDITION and INTERNAL as FontSet::Load and Rasterizer::Create.
  static absl::StatusOr<std::unique_ptr<FontStack>> Create(const std::string& font_root,
                                                           const Typeface& typeface,
                                                           size_t max_glyph_cache_bytes) {
    auto fonts = FontSet::Load(font_root, typeface);
    if (!fonts.ok()) return fonts.status();
    auto rasterizer = Rasterizer::Create(**fonts);
    if (!rasterizer.ok()) return rasterizer.status();
    return std::make_unique<FontStack>(*std::move(fonts), *std::move(rasterizer), typeface.places,
                                       max_glyph_cache_bytes);
  }

  FontStack(std::unique_ptr<const FontSet> font_set,
            std::unique_ptr<const Rasterizer> glyph_rasterizer, int places_in_pixel,
            size_t max_glyph_cache_bytes)
      : places(places_in_pixel),
        fonts(std::move(font_set)),
        rasterizer(std::move(glyph_rasterizer)),
        table(*fonts),
        shaper(*fonts),
        atlases(table, *rasterizer),
        glyphs(*rasterizer, max_glyph_cache_bytes / 2) {}  // it keeps two generations

  const int places;  // Typeface::places
  const std::unique_ptr<const FontSet> fonts;
  const std::unique_ptr<const Rasterizer> rasterizer;
  const CodePointTable table;
  const Shaper shaper;
  mutable AtlasSet atlases;
  mutable GlyphCache glyphs;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_FONT_STACK_H_
