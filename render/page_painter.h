// Lines onto a canvas.
#ifndef FOVEA_RENDER_PAGE_PAINTER_H_
#define FOVEA_RENDER_PAGE_PAINTER_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/page/page.h"
#include "render/canvas.h"
#include "render/glyphs.h"
#include "render/line_breaker.h"
#include "render/marks.h"

namespace fovea::render {

// Draws the lines of one page. Thread-compatible.
class PagePainter {
 public:
  PagePainter(const Typesetter& typesetter, const AsciiAtlas& atlas, GlyphCache::Generation* glyphs,
              int grey_bits, Canvas* canvas)
      : typesetter_(typesetter),
        metrics_(typesetter.metrics),
        atlas_(atlas),
        glyphs_(*glyphs),
        bits_(grey_bits),
        inks_(grey_bits),
        canvas_(*canvas) {}

  // Draws the stream's text between `begin` and `end` on the line whose top edge is at `top`, and
  // counts what it meets.
  void DrawLine(const Stream& stream, PagePosition begin, PagePosition end, int top);

  // Draws the picture as large as it may be on `lines` lines of this width, from the upper left
  // corner, or an empty frame that says that it cannot be decoded. Fails only as `still_wanted`
  // does.
  absl::Status DrawPicture(const PagePicture& picture, Sub width, int lines, int top,
                           const StillWanted& still_wanted);

  // One line in grey; what does not fit is cut and ends in an ellipsis.
  void DrawHeader(const PageHeader& header, Sub width, int top);

  uint64_t missing_glyphs() const { return missing_; }
  uint64_t hidden_characters() const { return hidden_; }

 private:
  enum class Paint : uint8_t { kBlack, kWhite, kGrey };

  // A stretch of one block that stands on one line.
  struct Stretch {
    std::string_view text;   // of the block, up to the end of the line
    std::string_view whole;  // of the block, up to the end of the page
    size_t page_begin = 0;   // where the page begins in it
    size_t begin = 0;
    bool line_start = false;
    Weight weight = Weight::kRegular;
    Paint paint = Paint::kBlack;
    int top = 0;
    int max_run = 1;
  };
  struct PlacedToken {
    Token token;
    Sub width = 0;
  };

  void DrawFrame(const ImageSize& size, int top);
  TokenReader ReaderFor(const Stretch& stretch) const;
  // The direction of the paragraph that `at` is in, as far as it is on the page.
  bool IsRtlAt(const Stretch& stretch, size_t at);
  // Each of these begins at `pen` and returns where the pen ends.
  Sub DrawStretch(const Stretch& stretch, Sub pen);
  Sub DrawLabel(const Stretch& stretch, Sub pen, bool begins_here);
  Sub DrawForward(const Stretch& stretch, Sub pen);
  Sub DrawReordered(const Stretch& stretch, Sub pen);
  size_t DrawAsciiWord(const Stretch& stretch, size_t at, Sub* pen);

  std::vector<PlacedToken> ReadAll(const Stretch& stretch, Sub pen) const;
  void DrawParagraph(const Stretch& stretch, size_t at, absl::Span<const PlacedToken> tokens,
                     Sub pen);
  void DrawToken(const Stretch& stretch, const Token& token, Sub pen);
  void DrawCharacter(const Stretch& stretch, char32_t code_point, Sub pen);
  void DrawCluster(const Stretch& stretch, const Token& token, Sub pen);
  void DrawEscape(const Stretch& stretch, const Token& token, Sub pen);
  void Put(const Stretch& stretch, const Glyph& glyph, int x, int baseline);
  Glyph CachedGlyph(FaceId face, uint16_t glyph, Sub pen);

  const Typesetter& typesetter_;
  const Metrics& metrics_;
  const AsciiAtlas& atlas_;
  GlyphCache::Generation& glyphs_;
  const int bits_;
  const Inks inks_;
  Canvas& canvas_;
  // Glyphs of this page that were just drawn: asking the cache takes a lock.
  struct RecentGlyph {
    uint32_t key = ~uint32_t{0};  // no glyph's
    Glyph glyph;
  };
  std::array<RecentGlyph, 512> recent_ = {};
  uint64_t missing_ = 0;
  uint64_t hidden_ = 0;
  // The last paragraph whose direction was asked for. All lines of a page may belong to one, and
  // its first letter may stand at its end.
  const char* paragraph_ = nullptr;
  bool paragraph_is_rtl_ = false;
};

}  // namespace fovea::render

#endif  // FOVEA_RENDER_PAGE_PAINTER_H_
