// The room that draws pages: text to lines to glyphs to pixels to PNG.
#ifndef FOVEA_RENDER_RENDERER_H_
#define FOVEA_RENDER_RENDERER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/page/page.h"
#include "render/typeface.h"

namespace fovea {

struct RendererOptions {
  // Where the fonts of the Debian packages fonts-b612, fonts-dejavu-core, fonts-noto-core,
  // fonts-noto-cjk and fonts-symbola are. Their bytes are part of Version().
  std::string font_root = "/usr/share/fonts";
  // For line pitches over kMaxSmallPitch, and for those up to it. Part of Version().
  Typeface typeface;
  Typeface small_typeface = DejaVuSans();
  // About how many bytes of drawn glyphs other than ASCII are kept. Does not change what is drawn.
  size_t max_glyph_cache_bytes = size_t{32} << 20;
};

// A renderer that draws by FreeType and HarfBuzz. Thread-safe. Besides PageRenderer's contract:
// LayOut and Draw return INVALID_ARGUMENT for a page side over 16384 pixels or grey bits other than
// 1, 2, 4 and 8; LayOut costs time in proportion to one page, whatever the content; Draw returns
// INVALID_ARGUMENT for an extent that does not fit its content, and RESOURCE_EXHAUSTED if memory
// runs out.
// FAILED_PRECONDITION, naming the file and its package, if a font is missing; INVALID_ARGUMENT for
// an option out of range.
absl::StatusOr<std::unique_ptr<PageRenderer>> CreateRenderer(const RendererOptions& options);

}  // namespace fovea

#endif  // FOVEA_RENDER_RENDERER_H_
