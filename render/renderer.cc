#include "render/renderer.h"

#include <fribidi.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "render/code_points.h"
#include "render/contact_sheet.h"
#include "render/fonts.h"
#include "render/glyphs.h"
#include "render/line_breaker.h"
#include "render/metrics.h"
#include "render/page_geometry.h"
#include "render/page_painter.h"
#include "render/rasterizer.h"
#include "render/shaper.h"
#include "render/workbench.h"

namespace fovea {
namespace render {
namespace {

// Raised with every change to what is drawn or to where lines and pages end.
constexpr int kDrawingVersion = 2;

class Renderer final : public PageRenderer {
 public:
  Renderer(std::unique_ptr<FontSet> fonts, std::unique_ptr<Rasterizer> rasterizer,
           const RendererOptions& options)
      : fonts_(std::move(fonts)),
        rasterizer_(std::move(rasterizer)),
        table_(*fonts_),
        shaper_(*fonts_),
        atlases_(table_, *rasterizer_),
        glyphs_(*rasterizer_, options.max_glyph_cache_bytes),
        version_(absl::StrCat("render-", kDrawingVersion, " fonts ", fonts_->digest().substr(0, 16),
                              " freetype ", Rasterizer::LibraryVersion(), " harfbuzz ",
                              hb_version_string(), " fribidi ", FRIBIDI_VERSION, " ",
                              PngEncoder::LibraryVersions())) {
    for (int pitch = kMinLinePitch; pitch <= kMaxLinePitch; ++pitch) {
      metrics_.emplace_back(table_, pitch);
    }
  }

  std::string_view Version() const override { return version_; }

  absl::StatusOr<PageExtent> LayOut(const PageContent& content, PagePosition from,
                                    const PageBox& box,
                                    const PageTypography& typography) const override {
    const int pitch = typography.line_pitch_px;
    if (absl::Status status = CheckTypography(typography); !status.ok()) return status;
    if (absl::Status status = CheckBox(box, pitch); !status.ok()) return status;
    const PagePosition end = {.block = content.blocks.size(), .byte = 0};
    if (!IsInside(content, from) || from >= end) {
      return absl::InvalidArgumentError("the page begins at or behind the end of its content");
    }
    const Typesetter typesetter = TypesetterFor(pitch);
    const Stream stream{
        .content = content, .begin = from, .end = end, .width = TextWidth(box.width)};
    LineBreaker breaker(typesetter, stream);
    const int capacity = LinesOnPage(TallestPage(box), pitch);
    int lines = 0;
    PagePosition at = SkipEmpty(content, from);
    while (lines < capacity && at < end) {
      const int taken =
          LinesTaken(content.blocks[at.block], pitch, box.width, capacity - lines, lines == 0);
      if (taken == 0) break;
      lines += taken;
      at = breaker.EndOfLine(at);
    }
    // A content of empty blocks has no line, but its page has room for one, as Draw wants.
    return Extent(content, from, at, box.width, HeightForLines(box, std::max(lines, 1), pitch));
  }

  absl::StatusOr<DrawnPage> Draw(const PageContent& content, const PageExtent& extent,
                                 const PageTypography& typography,
                                 const PageHeader& header) const override {
    const int pitch = typography.line_pitch_px;
    if (absl::Status status = CheckTypography(typography); !status.ok()) return status;
    if (absl::Status status = CheckExtent(content, extent, pitch); !status.ok()) return status;
    auto bench = benches_.Take();
    if (!bench.ok()) return bench.status();
    auto page = DrawOn(bench->get(), content, extent, typography, header);
    benches_.GiveBack(*std::move(bench));
    return page;
  }

  absl::StatusOr<std::string> ContactSheet(const std::vector<Captioned>& pages) const override {
    return DrawContactSheet(pages, [this](std::string_view caption, int width, int height) {
      constexpr int kCaptionPitch = 20;
      const Typesetter typesetter = TypesetterFor(kCaptionPitch);
      const auto glyphs = glyphs_.Current();
      Canvas canvas(width, height);
      PagePainter painter(typesetter, atlases_.Get(kCaptionPitch, 8), glyphs.get(), 8, &canvas);
      painter.DrawHeader({.text = std::string(caption)}, TextWidth(width), 0);
      return canvas;
    });
  }

 private:
  Typesetter TypesetterFor(int pitch) const {
    return {table_, shaper_, metrics_[static_cast<size_t>(pitch - kMinLinePitch)]};
  }

  absl::StatusOr<DrawnPage> DrawOn(Workbench* bench, const PageContent& content,
                                   const PageExtent& extent, const PageTypography& typography,
                                   const PageHeader& header) const {
    const int pitch = typography.line_pitch_px;
    const int bits = typography.grey_bits;
    const Typesetter typesetter = TypesetterFor(pitch);
    const auto glyphs = glyphs_.Current();
    Canvas canvas(extent.width, extent.height, std::move(bench->pixels));
    PagePainter painter(typesetter, atlases_.Get(pitch, bits), glyphs.get(), bits, &canvas);
    const Stream stream{.content = content,
                        .begin = extent.begin,
                        .end = extent.end,
                        .width = TextWidth(extent.width)};
    painter.DrawHeader(header, stream.width, kMarginPx);
    DrawLines(typesetter, stream, extent, &painter);

    DrawnPage page;
    page.missing_glyphs = painter.missing_glyphs();
    page.hidden_characters = painter.hidden_characters();
    const std::string_view grey = canvas.TurnIntoGrey();
    auto png = bench->encoder.Encode(grey, extent.width, extent.height, bits, typography.effort);
    bench->pixels = canvas.TakeMemory();
    if (!png.ok()) return png.status();
    page.png = *std::move(png);
    return page;
  }

  static PageExtent Extent(const PageContent& content, PagePosition begin, PagePosition end,
                           int width, int height) {
    PageExtent extent{.begin = begin, .end = end, .width = width, .height = height};
    const PagePosition first = std::min(SkipEmpty(content, begin), end);
    const size_t last = end.byte == 0 ? end.block - 1 : end.block;
    extent.first_seq = content.blocks[std::min(first.block, last)].seq;
    extent.last_seq = content.blocks[last].seq;
    extent.characters = CountCharacters(content, begin, end);
    return extent;
  }

  // The last line takes all that is left: LayOut has found that it fits, and a letter of a complex
  // script that now ends the text may have become a little wider.
  static void DrawLines(const Typesetter& typesetter, const Stream& stream,
                        const PageExtent& extent, PagePainter* painter) {
    const int pitch = typesetter.metrics.pitch_px;
    const int capacity = LinesOnPage(extent.height, pitch);
    LineBreaker breaker(typesetter, stream);
    PagePosition at = std::min(SkipEmpty(stream.content, stream.begin), stream.end);
    for (int line = 0; line < capacity && at < stream.end;) {
      const PagePosition begin = at;
      const PageBlock& block = stream.content.blocks[at.block];
      const int top = kMarginPx + (line + 1) * pitch;
      if (block.IsPicture()) {
        at = breaker.EndOfLine(begin);
        const int lines = LinesTaken(block, pitch, extent.width, capacity - line, line == 0);
        painter->DrawPicture(block.picture, stream.width, lines, top);
        line += lines;
      } else {
        at = line + 1 < capacity ? breaker.EndOfLine(begin) : stream.end;
        painter->DrawLine(stream, begin, at, top);
        ++line;
      }
    }
  }

  const std::unique_ptr<const FontSet> fonts_;
  const std::unique_ptr<const Rasterizer> rasterizer_;
  const CodePointTable table_;
  const Shaper shaper_;
  mutable AtlasSet atlases_;
  mutable GlyphCache glyphs_;
  mutable WorkbenchPool benches_;
  std::vector<Metrics> metrics_;  // by line pitch
  const std::string version_;
};

}  // namespace
}  // namespace render

absl::StatusOr<std::unique_ptr<PageRenderer>> CreateRenderer(const RendererOptions& options) {
  auto fonts = render::FontSet::Load(options.font_root, options.typeface);
  if (!fonts.ok()) return fonts.status();
  auto rasterizer = render::Rasterizer::Create(**fonts);
  if (!rasterizer.ok()) return rasterizer.status();
  return std::make_unique<render::Renderer>(*std::move(fonts), *std::move(rasterizer), options);
}

}  // namespace fovea
