// Twelve languages of a shared data set: all glyphs are there, and right-to-left text stands as ICU
// orders it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/ubidi.h>
#include <unicode/uchar.h>

#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "render/bidi.h"
#include "render/line_breaker.h"
#include "render/metrics.h"
#include "render/page_geometry.h"
#include "render/tokens.h"
#include "tests/render/pages.h"
#include "tests/render/xquad.h"

namespace fovea::render {
namespace {

constexpr char kAbsent[] = "NOT CHECKED: the shared data set multilingual/xquad.jsonl.gz is absent";

std::string Joined(const std::vector<std::string>& paragraphs) {
  std::string text;
  for (const std::string& paragraph : paragraphs) text += paragraph + '\n';
  return text;
}

TEST(Xquad, NoGlyphIsMissing) {
  if (XquadParagraphs().empty()) GTEST_SKIP() << kAbsent;
  EXPECT_EQ(XquadParagraphs().size(), 12U);
  for (const auto& [language, paragraphs] : XquadParagraphs()) {
    const PageContent content = Turns(paragraphs);
    for (const int pitch : {7, 9, 12}) {
      const PageTypography typography{.line_pitch_px = pitch, .grey_bits = 4};
      uint64_t missing = 0;
      for (const PageExtent& extent : LayOutAll(content, kBox, typography)) {
        const auto page = SharedRenderer().Draw(content, extent, typography, {});
        ASSERT_TRUE(page.ok()) << page.status();
        missing += page->missing_glyphs;
      }
      EXPECT_EQ(missing, 0U) << language << " at " << pitch;
    }
  }
}

// Glyph 0 is a font's box for what it does not have.
bool HasBox(const Token& token) {
  if (token.kind == Token::Kind::kGlyph) return token.character->glyph == 0;
  if (token.kind != Token::Kind::kCluster) return token.missing;
  const auto glyphs = absl::MakeConstSpan(token.run->glyphs)
                          .subspan(token.cluster->first_glyph, token.cluster->glyph_count);
  return std::any_of(glyphs.begin(), glyphs.end(),
                     [](const ShapedGlyph& glyph) { return glyph.glyph == 0; });
}

bool HasInk(FaceId face, uint16_t glyph) {
  hb_glyph_extents_t extents;
  return hb_font_get_glyph_extents(SharedParts().fonts->font(face), glyph, &extents) != 0 &&
         extents.width != 0 && extents.height != 0;
}

// Whether something of a letter is drawn.
bool IsBlank(const Token& token) {
  if (token.kind == Token::Kind::kGlyph) {
    return token.code_point != 0xA0 && !HasInk(token.character->face, token.character->glyph);
  }
  if (token.kind != Token::Kind::kCluster) return false;
  for (uint32_t i = 0; i < token.cluster->glyph_count; ++i) {
    const ShapedGlyph& glyph = token.run->glyphs[token.cluster->first_glyph + i];
    if (HasInk(token.run->face, glyph.glyph)) return false;
  }
  return true;
}

TEST(Xquad, NoBoxAndNoBlankIsDrawn) {
  if (XquadParagraphs().empty()) GTEST_SKIP() << kAbsent;
  const Metrics metrics(*SharedParts().table, 9);
  for (const auto& [language, paragraphs] : XquadParagraphs()) {
    const std::string text = Joined(paragraphs);
    for (const Weight weight : {Weight::kRegular, Weight::kBold}) {
      TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics, text, weight, 48);
      for (size_t at = 0; at < text.size();) {
        const Token token = reader.Read(at, false);
        const std::string bytes = text.substr(at, token.bytes);
        EXPECT_FALSE(HasBox(token)) << language << ' ' << bytes;
        EXPECT_FALSE(IsBlank(token)) << language << ' ' << bytes;
        at += token.bytes;
      }
    }
  }
}

using Bidi = std::unique_ptr<UBiDi, decltype(&ubidi_close)>;

// ICU's order of a line of items in a paragraph of the given direction, with their mirrors.
std::vector<VisualItem> IcuOrder(const std::vector<char32_t>& items, bool rtl) {
  std::u16string text;
  std::vector<size_t> item_at;  // of each UTF-16 unit
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i] > 0xFFFF) {
      text += static_cast<char16_t>(U16_LEAD(items[i]));
      item_at.push_back(i);
      text += static_cast<char16_t>(U16_TRAIL(items[i]));
    } else {
      text += static_cast<char16_t>(items[i]);
    }
    item_at.push_back(i);
  }
  const Bidi bidi(ubidi_open(), ubidi_close);
  UErrorCode error = U_ZERO_ERROR;
  ubidi_setPara(bidi.get(), text.data(), static_cast<int32_t>(text.size()), rtl ? 1 : 0, nullptr,
                &error);
  std::vector<int32_t> map(text.size());
  if (!text.empty()) ubidi_getVisualMap(bidi.get(), map.data(), &error);
  EXPECT_TRUE(U_SUCCESS(error)) << u_errorName(error);
  std::vector<VisualItem> order;
  for (const int32_t at : map) {
    const auto unit = static_cast<size_t>(at);
    if (U16_IS_TRAIL(text[unit])) continue;
    const char32_t item = items[item_at[unit]];
    const bool odd = ubidi_getLevelAt(bidi.get(), at) % 2 == 1;
    const auto mirror = static_cast<char32_t>(u_charMirror(static_cast<UChar32>(item)));
    order.push_back({.index = item_at[unit], .mirror = odd && mirror != item ? mirror : 0});
  }
  return order;
}

struct Line {
  std::vector<char32_t> items;
  bool rtl = false;
  bool starts = false;  // a paragraph
};

// The lines of a text, without their newlines, as they stand on pages of kBox.
std::vector<Line> LinesOf(const std::string& text, int pitch) {
  const Metrics metrics(*SharedParts().table, pitch);
  const Typesetter typesetter{*SharedParts().table, *SharedParts().shaper, metrics};
  const PageContent content = Body(text);
  const PagePosition end{.block = 1};
  const Stream stream{.content = content, .begin = {}, .end = end, .width = TextWidth(kBox.width)};
  LineBreaker breaker(typesetter, stream);
  std::vector<Line> lines;
  for (PagePosition at; at < end;) {
    const PagePosition next = breaker.EndOfLine(at);
    const std::string_view whole =
        std::string_view(text).substr(0, next.block > 0 ? text.size() : next.byte);
    TokenReader reader(*SharedParts().table, *SharedParts().shaper, metrics, whole,
                       Weight::kRegular, stream.MaxRun(metrics));
    const auto begin_line = [&](size_t byte) {
      const size_t begin = ParagraphBegin(text, byte);
      lines.push_back({.rtl = IsRtlParagraph(text, begin), .starts = begin == byte});
    };
    begin_line(at.byte);
    for (size_t byte = at.byte; byte < whole.size();) {
      const Token token = reader.Read(byte, false);
      byte += token.bytes;
      if (token.kind != Token::Kind::kNewline) {
        lines.back().items.push_back(token.code_point);
      } else if (byte < whole.size()) {
        begin_line(byte);
      }
    }
    at = next;
  }
  return lines;
}

std::string Show(const std::vector<VisualItem>& order, const std::vector<char32_t>& items) {
  std::string shown;
  for (const VisualItem& item : order) {
    shown += Utf8({item.mirror != 0 ? item.mirror : items[item.index]});
  }
  return shown;
}

// How many of the lines stand right to left.
size_t CheckOrder(const std::string& text) {
  size_t rtl_lines = 0;
  for (const int pitch : {9, 12}) {
    for (const Line& line : LinesOf(text, pitch)) {
      rtl_lines += line.rtl ? 1 : 0;
      const auto ours = OrderForDisplay(line.items, line.rtl);
      EXPECT_EQ(Show(ours, line.items), Show(IcuOrder(line.items, line.rtl), line.items));
    }
  }
  return rtl_lines;
}

TEST(VisualOrder, OfXquadsArabicIsIcus) {
  if (XquadParagraphs().empty()) GTEST_SKIP() << kAbsent;
  EXPECT_GT(CheckOrder(Joined(XquadParagraphs().at("ar"))), 500U);
}

TEST(VisualOrder, OfHebrewIsIcus) {
  constexpr char kHebrew[] =
      "השירות שומר את כל השיחה (גם 2026) ומצייר דפים ישנים [קטנים] ב-12.5%.\n"
      "The word שלום (peace) stands in English; 3 דפים, 4–5 ימים.\n"
      "קובץ /var/log/a.txt שורה 17: \"error\" <b>מודגש</b> + 1,234.56 ₪\n"
      "12-34 מספרים, C++ ו-C#; הכתובת היא a@b.example (ראו: https://b.example/ש).\n";
  std::string text;
  for (int i = 0; i < 20; ++i) text += kHebrew;
  EXPECT_GT(CheckOrder(text), 50U);
}

}  // namespace
}  // namespace fovea::render
