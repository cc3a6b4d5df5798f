#include "render/page_painter.h"

#include <algorithm>

#include "core/base/status_macros.h"
#include "core/page/picture_size.h"
#include "render/bidi.h"
#include "render/picture.h"

namespace fovea::render {
namespace {

constexpr char32_t kEllipsis = 0x2026;
constexpr char kNotDecoded[] = "[not decoded]";

int PixelOf(Sub pen) { return kMarginPx + (pen >> 8); }
int PhaseOf(Sub snapped) { return (snapped & (kPixel - 1)) * kPhases / kPixel; }

}  // namespace

void PagePainter::DrawLine(const Stream& stream, PagePosition begin, PagePosition end, int top) {
  Sub pen = 0;
  for (PagePosition at = begin; at < end; at = {.block = at.block + 1, .byte = 0}) {
    const PageBlock& block = stream.content.blocks[at.block];
    if (at.byte == 0) pen = PenAtBlock(metrics_, stream.content, at.block, pen);
    const std::string_view whole = stream.Text(at.block);
    const Stretch stretch{
        .text = at.block == end.block ? whole.substr(0, end.byte) : whole,
        .whole = whole,
        .page_begin = at.block == stream.begin.block ? stream.begin.byte : 0,
        .begin = at.byte,
        .line_start = stream.BeginsTextLine(at),
        .weight = WeightOf(block.style),
        .paint = block.style == PageBlock::Style::kLabel ? Paint::kWhite : Paint::kBlack,
        .top = top,
        .max_run = stream.MaxRun(metrics_)};
    if (stretch.begin >= stretch.text.size()) continue;
    pen = stretch.paint == Paint::kWhite ? DrawLabel(stretch, pen, at.byte == 0)
                                         : DrawStretch(stretch, pen);
  }
}

absl::Status PagePainter::DrawPicture(const PagePicture& picture, Sub width, int lines, int top,
                                      const StillWanted& still_wanted) {
  const ImageSize size =
      PictureSizeOnPage(picture.size, metrics_.pitch_px, width / kPixel, std::max(1, lines));
  DecodingWatch watch(still_wanted);
  const auto grey = DecodePicture(*picture.data, size, &watch);
  // Whether it could be decoded is not known then: no frame may say that it could not.
  FOVEA_RETURN_IF_ERROR(watch.status());
  if (!grey.ok()) {
    DrawFrame(size, top);
    DrawHeader({.text = kNotDecoded}, size.width * kPixel, top);
    return absl::OkStatus();
  }
  const int stride = GlyphStride(size.width);
  std::vector<uint8_t> ink(static_cast<size_t>(stride) * static_cast<size_t>(InkRows(size.height)));
  for (int y = 0; y < size.height; ++y) {
    const uint8_t* from = grey->data() + static_cast<ptrdiff_t>(y) * size.width;
    uint8_t* to = ink.data() + static_cast<ptrdiff_t>(y) * stride;
    for (int x = 0; x < size.width; ++x) to[x] = Quantise(255 - from[x], bits_);
  }
  canvas_.Add({.ink = ink.data(),
               .width = static_cast<int16_t>(size.width),
               .rows = static_cast<int16_t>(size.height),
               .stride = static_cast<int16_t>(stride)},
              kMarginPx, top);
  return absl::OkStatus();
}

void PagePainter::DrawFrame(const ImageSize& size, int top) {
  canvas_.FillRect(kMarginPx, top, size.width, 1, inks_.mark);
  canvas_.FillRect(kMarginPx, top + size.height - 1, size.width, 1, inks_.mark);
  canvas_.FillRect(kMarginPx, top + 1, 1, size.height - 2, inks_.mark);
  canvas_.FillRect(kMarginPx + size.width - 1, top + 1, 1, size.height - 2, inks_.mark);
}

void PagePainter::DrawHeader(const PageHeader& header, Sub width, int top) {
  PageContent content;
  content.blocks.push_back({.style = PageBlock::Style::kBody, .text = header.text});
  const PagePosition all = {.block = 0, .byte = header.text.size()};
  Stream stream{.content = content, .begin = {}, .end = all, .width = width};
  if (header.text.empty()) return;
  Stretch stretch{.text = header.text,
                  .whole = header.text,
                  .line_start = true,
                  .paint = Paint::kGrey,
                  .top = top,
                  .max_run = stream.MaxRun(metrics_)};
  if (LineBreaker(typesetter_, stream).EndOfLine({}) >= all) {
    DrawStretch(stretch, 0);
    return;
  }
  const CodePoint& ellipsis = typesetter_.table.Find(Weight::kRegular, kEllipsis);
  stream.width -= Scale(ellipsis.advance, metrics_.em);
  const PagePosition cut = LineBreaker(typesetter_, stream).EndOfLine({});
  stretch.text = stretch.text.substr(0, cut.byte);
  DrawCharacter(stretch, kEllipsis, DrawStretch(stretch, 0));
}

TokenReader PagePainter::ReaderFor(const Stretch& stretch) const {
  return {typesetter_.table, typesetter_.shaper, metrics_,
          stretch.text,      stretch.weight,     stretch.max_run};
}

Sub PagePainter::DrawStretch(const Stretch& stretch, Sub pen) {
  return HasRtl(stretch.text.substr(stretch.begin)) ? DrawReordered(stretch, pen)
                                                    : DrawForward(stretch, pen);
}

// White on a black box.
Sub PagePainter::DrawLabel(const Stretch& stretch, Sub pen, bool begins_here) {
  Sub end = pen;
  for (const PlacedToken& placed : ReadAll(stretch, pen)) end += placed.width;
  const int left = PixelOf(begins_here ? pen - metrics_.label_padding : pen);
  const int right = PixelOf(CeilToPixel(end + metrics_.label_padding));
  canvas_.FillRect(left, stretch.top, right - left, metrics_.pitch_px, 255);
  return DrawStretch(stretch, pen);
}

Sub PagePainter::DrawForward(const Stretch& stretch, Sub pen) {
  TokenReader reader = ReaderFor(stretch);
  bool line_start = stretch.line_start;
  for (size_t at = stretch.begin; at < stretch.text.size();) {
    const size_t word_end = DrawAsciiWord(stretch, at, &pen);
    if (word_end > at) line_start = false;
    at = word_end;
    if (at == stretch.text.size()) break;
    const Token token = reader.Read(at, line_start);
    DrawToken(stretch, token, pen);
    pen = PenAfter(token, pen);
    at += token.bytes;
    line_start = token.kind == Token::Kind::kNewline || (line_start && token.IsIndent());
  }
  return pen;
}

// Draws the visible ASCII from `at` on; returns where it ends.
size_t PagePainter::DrawAsciiWord(const Stretch& stretch, size_t at, Sub* pen) {
  const auto& advances = metrics_.Ascii(stretch.weight);
  const std::string_view text = stretch.text;
  size_t end = at;
  while (end < text.size() && advances[static_cast<unsigned char>(text[end])] != 0) ++end;
  if (end == at || end == text.size()) {
    // Nothing follows that could belong to the last character.
  } else if (static_cast<unsigned char>(text[end]) >= 0x80 &&
             ReaderFor(stretch).ContinuesCluster(end)) {
    --end;
  }
  const std::array<const Glyph*, kPhases> glyphs = {
      atlas_.Glyphs(stretch.weight, 0), atlas_.Glyphs(stretch.weight, 1),
      atlas_.Glyphs(stretch.weight, 2), atlas_.Glyphs(stretch.weight, 3)};
  const int baseline = stretch.top + metrics_.baseline_px;
  Sub x = *pen;
  if (stretch.paint == Paint::kBlack) {
    for (; at < end; ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      const Sub place = metrics_.Snap(x);
      canvas_.Add(glyphs[PhaseOf(place)][c], PixelOf(place), baseline);
      x += advances[c];
    }
  } else {
    for (; at < end; ++at) {
      const auto c = static_cast<unsigned char>(text[at]);
      const Sub place = metrics_.Snap(x);
      Put(stretch, glyphs[PhaseOf(place)][c], PixelOf(place), baseline);
      x += advances[c];
    }
  }
  *pen = x;
  return end;
}

std::vector<PagePainter::PlacedToken> PagePainter::ReadAll(const Stretch& stretch, Sub pen) const {
  std::vector<PlacedToken> tokens;
  TokenReader reader = ReaderFor(stretch);
  bool line_start = stretch.line_start;
  for (size_t at = stretch.begin; at < stretch.text.size();) {
    Token token = reader.Read(at, line_start);
    line_start = token.kind == Token::Kind::kNewline || (line_start && token.IsIndent());
    at += token.bytes;
    const Sub next = PenAfter(token, pen);
    tokens.push_back({.token = std::move(token), .width = next - pen});
    pen = next;
  }
  return tokens;
}

bool PagePainter::IsRtlAt(const Stretch& stretch, size_t at) {
  const std::string_view page = stretch.whole.substr(stretch.page_begin);
  const size_t begin = ParagraphBegin(page, at - stretch.page_begin);
  if (paragraph_ != page.data() + begin) {
    paragraph_ = page.data() + begin;
    paragraph_is_rtl_ = IsRtlParagraph(page, begin);
  }
  return paragraph_is_rtl_;
}

// A newline ends a paragraph; each paragraph's part of the line is put in order by itself.
Sub PagePainter::DrawReordered(const Stretch& stretch, Sub pen) {
  const std::vector<PlacedToken> tokens = ReadAll(stretch, pen);
  size_t at = stretch.begin;
  for (size_t first = 0; first < tokens.size();) {
    size_t end = first;
    size_t bytes = 0;
    Sub width = 0;
    while (end < tokens.size() && tokens[end].token.kind != Token::Kind::kNewline) {
      bytes += tokens[end].token.bytes;
      width += tokens[end++].width;
    }
    DrawParagraph(stretch, at, absl::MakeConstSpan(tokens).subspan(first, end - first), pen);
    pen += width;
    at += bytes;
    if (end < tokens.size()) {
      DrawToken(stretch, tokens[end].token, pen);
      pen += tokens[end].width;
      at += tokens[end++].token.bytes;
    }
    first = end;
  }
  return pen;
}

void PagePainter::DrawParagraph(const Stretch& stretch, size_t at,
                                absl::Span<const PlacedToken> tokens, Sub pen) {
  if (tokens.empty()) return;
  std::vector<char32_t> items;
  for (const PlacedToken& placed : tokens) items.push_back(placed.token.code_point);
  for (const VisualItem& item : OrderForDisplay(items, IsRtlAt(stretch, at))) {
    const PlacedToken& placed = tokens[item.index];
    if (item.mirror != 0 && placed.token.kind == Token::Kind::kGlyph) {
      DrawCharacter(stretch, item.mirror, pen);
    } else {
      DrawToken(stretch, placed.token, pen);
    }
    pen += placed.width;
  }
}

void PagePainter::DrawToken(const Stretch& stretch, const Token& token, Sub pen) {
  const int x = PixelOf(PenAtMark(pen));
  switch (token.kind) {
    case Token::Kind::kGlyph:
      DrawCharacter(stretch, token.code_point, pen);
      break;
    case Token::Kind::kCluster:
      DrawCluster(stretch, token, pen);
      break;
    case Token::Kind::kSpace:
      break;
    case Token::Kind::kNewline:
      DrawNewline(metrics_, inks_.mark, x, stretch.top, &canvas_);
      break;
    case Token::Kind::kSpaces:
      DrawSpaces(metrics_, inks_.mark, token.count, x, stretch.top, &canvas_);
      break;
    case Token::Kind::kTabs:
      DrawTabs(metrics_, inks_.mark, token.count, x, stretch.top, &canvas_);
      break;
    case Token::Kind::kEscape:
      DrawEscape(stretch, token, PenAtMark(pen));
      break;
  }
}

void PagePainter::DrawCharacter(const Stretch& stretch, char32_t code_point, Sub pen) {
  const CodePoint& character = typesetter_.table.Find(stretch.weight, code_point);
  pen = metrics_.Snap(pen);
  Put(stretch, CachedGlyph(character.face, character.glyph, pen), PixelOf(pen),
      stretch.top + metrics_.baseline_px);
}

void PagePainter::DrawCluster(const Stretch& stretch, const Token& token, Sub pen) {
  const ShapedCluster& cluster = *token.cluster;
  const auto glyphs = absl::MakeConstSpan(token.run->glyphs);
  for (const ShapedGlyph& glyph : glyphs.subspan(cluster.first_glyph, cluster.glyph_count)) {
    const Sub x = metrics_.Snap(pen + Scale(glyph.x, metrics_.em));
    const int rise = RoundToPixel(Scale(glyph.y, metrics_.em)) / kPixel;
    Put(stretch, CachedGlyph(token.run->face, glyph.glyph, x), PixelOf(x),
        stretch.top + metrics_.baseline_px - rise);
  }
}

// Spelled out in black on a light box, so that it is not taken for text.
void PagePainter::DrawEscape(const Stretch& stretch, const Token& token, Sub pen) {
  missing_ += token.missing ? 1 : 0;
  hidden_ += token.hidden ? 1 : 0;
  canvas_.FillRect(PixelOf(pen), stretch.top + 1, token.advance / kPixel - 1, metrics_.pitch_px - 1,
                   inks_.box);
  Sub x = pen + metrics_.escape_padding;
  const int baseline = stretch.top + metrics_.baseline_px;
  for (const char c : token.EscapeText()) {
    const auto byte = static_cast<unsigned char>(c);
    const Sub place = metrics_.Snap(x);
    Put(stretch, atlas_.Glyphs(stretch.weight, PhaseOf(place))[byte], PixelOf(place), baseline);
    x += metrics_.Ascii(stretch.weight)[byte];
  }
}

// Marks stacked on a letter may not climb into the lines around it by more than this.
void PagePainter::Put(const Stretch& stretch, const Glyph& glyph, int x, int baseline) {
  switch (stretch.paint) {
    case Paint::kBlack:
      canvas_.AddBetween(glyph, x, baseline, stretch.top - metrics_.pitch_px / 4,
                         stretch.top + metrics_.pitch_px + metrics_.pitch_px / 4);
      break;
    case Paint::kWhite:
      canvas_.Subtract(glyph, x, baseline);
      break;
    case Paint::kGrey:
      canvas_.AddDimmed(glyph, x, baseline, inks_.header, bits_);
      break;
  }
}

Glyph PagePainter::CachedGlyph(FaceId face, uint16_t glyph, Sub pen) {
  const int phase = PhaseOf(pen);
  const uint32_t key = uint32_t{glyph} | uint32_t{face} << 16 | static_cast<uint32_t>(phase) << 24;
  const size_t place = static_cast<size_t>(glyph) * kPhases + static_cast<size_t>(phase) + face;
  RecentGlyph& recent = recent_[place % recent_.size()];
  if (recent.key != key) {
    recent = {.key = key,
              .glyph = glyphs_.Get({.face = face,
                                    .glyph = glyph,
                                    .line_pitch_px = static_cast<uint8_t>(metrics_.pitch_px),
                                    .phase = static_cast<uint8_t>(phase),
                                    .grey_bits = static_cast<uint8_t>(bits_)})};
  }
  return recent.glyph;
}

}  // namespace fovea::render
