#include "render/renderer.h"

#include <fribidi.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/page/picture_size.h"
#include "render/contact_sheet.h"
#include "render/font_stack.h"
#include "render/line_breaker.h"
#include "render/metrics.h"
#include "render/page_geometry.h"
#include "render/page_painter.h"
#include "render/picture.h"
#include "render/webp.h"
#include "render/workbench.h"

namespace fovea {
namespace render {
namespace {

// Raised with every change to what is drawn or to where lines and pages end.
constexpr int kDrawingVersion = 4;

class Renderer final : public PageRenderer {
 public:
  Renderer(std::unique_ptr<const FontStack> large, std::unique_ptr<const FontStack> small)
      : large_(std::move(large)),
        small_(std::move(small)),
        version_(absl::StrCat(
            "render-", kDrawingVersion, " fonts ", large_->fonts->digest().substr(0, 16), " ",
            small_->fonts->digest().substr(0, 16), " freetype ", Rasterizer::LibraryVersion(),
            " harfbuzz ", hb_version_string(), " fribidi ", FRIBIDI_VERSION, " ",
            PngEncoder::LibraryVersions(), " libwebp ", WebpLibraryVersion())) {
    for (int pitch = kMinLinePitch; pitch <= kMaxLinePitch; ++pitch) {
      metrics_.emplace_back(StackFor(pitch).table, pitch, StackFor(pitch).places);
    }
  }

  std::string_view Version() const override { return version_; }

  absl::StatusOr<PageExtent> LayOut(const PageContent& content, PagePosition from,
                                    const PageBox& box,
                                    const PageTypography& typography) const override {
    const int pitch = typography.line_pitch_px;
    FOVEA_RETURN_IF_ERROR(CheckTypography(typography));
    FOVEA_RETURN_IF_ERROR(CheckBox(box, pitch));
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
    int64_t picture_pixels = 0;
    PagePosition at = SkipEmpty(content, from);
    while (lines < capacity && at < end) {
      const PageBlock& block = content.blocks[at.block];
      picture_pixels += int64_t{block.picture.size.width} * block.picture.size.height;
      if (block.IsPicture() && lines > 0 && picture_pixels > kMaxPicturePixelsOfPage) break;
      const int taken = LinesTaken(block, pitch, box.width, capacity - lines, lines == 0);
      if (taken == 0) break;
      lines += taken;
      at = breaker.EndOfLine(at);
    }
    // A content of empty blocks has no line, but its page has room for one, as Draw wants.
    return Extent(content, from, at, box.width, HeightForLines(box, std::max(lines, 1), pitch));
  }

  absl::StatusOr<std::string> ToWebp(std::string_view png) const override {
    const std::optional<ImageSize> size = DrawableSize(png);
    if (!size.has_value()) return absl::InvalidArgumentError("no page is a picture like this");
    FOVEA_ASSIGN_OR_RETURN(const auto grey, DecodePicture(png, *size));
    return EncodeWebp({reinterpret_cast<const char*>(grey.data()), grey.size()}, size->width,
                      size->height);
  }

  absl::StatusOr<std::string> ContactSheet(const std::vector<Captioned>& pages) const override {
    return DrawContactSheet(pages, [this](std::string_view caption, int width, int height) {
      constexpr int kCaptionPitch = 20;
      const Typesetter typesetter = TypesetterFor(kCaptionPitch);
      const FontStack& stack = StackFor(kCaptionPitch);
      const auto glyphs = stack.glyphs.Current();
      Canvas canvas(width, height);
      PagePainter painter(typesetter, stack.atlases.Get(kCaptionPitch, 8), glyphs.get(), 8,
                          &canvas);
      painter.DrawHeader({.text = std::string(caption)}, TextWidth(width), 0);
      return canvas;
    });
  }

 private:
  absl::StatusOr<DrawnPage> DrawPage(const PageContent& content, const PageExtent& extent,
                                     const PageTypography& typography, const PageHeader& header,
                                     const StillWanted& still_wanted) const override {
    const int pitch = typography.line_pitch_px;
    FOVEA_RETURN_IF_ERROR(CheckTypography(typography));
    FOVEA_RETURN_IF_ERROR(CheckExtent(content, extent, pitch));
    FOVEA_ASSIGN_OR_RETURN(auto bench, benches_.Take());
    auto page = DrawOn(bench.get(), content, extent, typography, header, still_wanted);
    benches_.GiveBack(std::move(bench));
    return page;
  }

  const FontStack& StackFor(int pitch) const { return pitch <= kMaxSmallPitch ? *small_ : *large_; }

  Typesetter TypesetterFor(int pitch) const {
    const FontStack& stack = StackFor(pitch);
    return {stack.table, stack.shaper, metrics_[static_cast<size_t>(pitch - kMinLinePitch)]};
  }

  absl::StatusOr<DrawnPage> DrawOn(Workbench* bench, const PageContent& content,
                                   const PageExtent& extent, const PageTypography& typography,
                                   const PageHeader& header,
                                   const StillWanted& still_wanted) const {
    const int pitch = typography.line_pitch_px;
    const int bits = typography.grey_bits;
    const Typesetter typesetter = TypesetterFor(pitch);
    const FontStack& stack = StackFor(pitch);
    const auto glyphs = stack.glyphs.Current();
    Canvas canvas(extent.width, extent.height, std::move(bench->pixels));
    PagePainter painter(typesetter, stack.atlases.Get(pitch, bits), glyphs.get(), bits, &canvas);
    const Stream stream{.content = content,
                        .begin = extent.begin,
                        .end = extent.end,
                        .width = TextWidth(extent.width)};
    painter.DrawHeader(header, stream.width, kMarginPx);
    if (absl::Status drawn = DrawLines(typesetter, stream, extent, still_wanted, &painter);
        !drawn.ok()) {
      bench->pixels = canvas.TakeMemory();
      return drawn;
    }

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
  static absl::Status DrawLines(const Typesetter& typesetter, const Stream& stream,
                                const PageExtent& extent, const StillWanted& still_wanted,
                                PagePainter* painter) {
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
        FOVEA_RETURN_IF_ERROR(
            painter->DrawPicture(block.picture, stream.width, lines, top, still_wanted));
        line += lines;
      } else {
        at = line + 1 < capacity ? breaker.EndOfLine(begin) : stream.end;
        painter->DrawLine(stream, begin, at, top);
        ++line;
      }
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<const FontStack> large_;
  const std::unique_ptr<const FontStack> small_;
  mutable WorkbenchPool benches_;
  std::vector<Metrics> metrics_;  // by line pitch
  const std::string version_;
};

}  // namespace
}  // namespace render

absl::StatusOr<std::unique_ptr<PageRenderer>> CreateRenderer(const RendererOptions& options) {
  for (const int places : {options.typeface.places, options.small_typeface.places}) {
    if (places < 0 || places > render::kPhases || places == 3) {
      return absl::InvalidArgumentError(
          absl::StrCat("glyphs at ", places, " places within a pixel: not 0, 1, 2 or 4"));
    }
  }
  const auto stack_of = [&options](const Typeface& typeface) {
    return render::FontStack::Create(options.font_root, typeface,
                                     options.max_glyph_cache_bytes / 2);
  };
  FOVEA_ASSIGN_OR_RETURN(auto large, stack_of(options.typeface));
  FOVEA_ASSIGN_OR_RETURN(auto small, stack_of(options.small_typeface));
  return std::make_unique<render::Renderer>(std::move(large), std::move(small));
}

}  // namespace fovea
