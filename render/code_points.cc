#include "render/code_points.h"

#include <algorithm>

#include "core/base/hidden_characters.h"

namespace fovea::render {
namespace {

hb_unicode_funcs_t* Unicode() { return hb_unicode_funcs_get_default(); }

bool IsMark(hb_unicode_general_category_t category) {
  return category == HB_UNICODE_GENERAL_CATEGORY_NON_SPACING_MARK ||
         category == HB_UNICODE_GENERAL_CATEGORY_SPACING_MARK ||
         category == HB_UNICODE_GENERAL_CATEGORY_ENCLOSING_MARK;
}

bool IsUnassigned(hb_unicode_general_category_t category) {
  return category == HB_UNICODE_GENERAL_CATEGORY_UNASSIGNED ||
         category == HB_UNICODE_GENERAL_CATEGORY_PRIVATE_USE ||
         category == HB_UNICODE_GENERAL_CATEGORY_SURROGATE;
}

// Scripts whose letters do not change with their neighbours.
bool IsSimpleScript(hb_script_t script) {
  switch (script) {
    case HB_SCRIPT_COMMON:
    case HB_SCRIPT_LATIN:
    case HB_SCRIPT_GREEK:
    case HB_SCRIPT_CYRILLIC:
    case HB_SCRIPT_ARMENIAN:
    case HB_SCRIPT_GEORGIAN:
    case HB_SCRIPT_HEBREW:
    case HB_SCRIPT_HAN:
    case HB_SCRIPT_HIRAGANA:
    case HB_SCRIPT_KATAKANA:
    case HB_SCRIPT_BOPOMOFO:
    case HB_SCRIPT_ETHIOPIC:
    case HB_SCRIPT_CHEROKEE:
    case HB_SCRIPT_CANADIAN_SYLLABICS:
    case HB_SCRIPT_BRAILLE:
      return true;
    default:
      return false;
  }
}

bool IsHangulSyllable(char32_t code_point) { return code_point >= 0xAC00 && code_point <= 0xD7A3; }

// The right edge of the glyph's ink, or 0 if it has none.
EmLength InkEdge(hb_font_t* font, hb_codepoint_t glyph) {
  hb_glyph_extents_t extents;
  if (!hb_font_get_glyph_extents(font, glyph, &extents)) return 0;
  if (extents.width == 0 || extents.height == 0) return 0;
  return std::max(1, extents.x_bearing + extents.width);
}

}  // namespace

CodePointTable::CodePointTable(const FontSet& fonts) : fonts_(fonts) {}

CodePointTable::~CodePointTable() = default;

int CodePointTable::FaceFor(Weight weight, absl::Span<const char32_t> code_points) const {
  for (const FaceId face : fonts_.Chain(weight)) {
    const bool has_all =
        std::all_of(code_points.begin(), code_points.end(), [&](char32_t code_point) {
          hb_codepoint_t glyph = 0;
          return hb_font_get_nominal_glyph(fonts_.font(face), code_point, &glyph) != 0;
        });
    if (has_all) return face;
  }
  return -1;
}

const CodePointTable::Block* CodePointTable::Fill(Weight weight, size_t index) const {
  auto block = std::make_unique<Block>();
  for (size_t i = 0; i < block->size(); ++i) {
    (*block)[i] = Describe(weight, static_cast<char32_t>(index * 256 + i));
  }
  const absl::MutexLock lock(&mutex_);
  auto& slot = blocks_[static_cast<size_t>(weight)][index];
  if (const Block* other = slot.load(std::memory_order_relaxed); other != nullptr) return other;
  owned_.push_back(std::move(block));
  slot.store(owned_.back().get(), std::memory_order_release);
  return owned_.back().get();
}

CodePoint CodePointTable::Describe(Weight weight, char32_t code_point) const {
  CodePoint result;
  if (IsHiddenCodePoint(code_point)) {
    result.kind = CodePoint::Kind::kHidden;
    return result;
  }
  const auto category = hb_unicode_general_category(Unicode(), code_point);
  if (IsUnassigned(category)) return result;
  const int face =
      fonts_.IsBorrowed(code_point) ? fonts_.Lender(weight) : FaceFor(weight, {&code_point, 1});
  if (face < 0) return result;

  hb_font_t* font = fonts_.font(static_cast<FaceId>(face));
  hb_codepoint_t glyph = 0;
  if (!hb_font_get_nominal_glyph(font, code_point, &glyph)) return result;
  result.face = static_cast<FaceId>(face);
  result.glyph = static_cast<uint16_t>(glyph);
  result.advance = hb_font_get_glyph_h_advance(font, glyph);
  if (IsMark(category)) {
    result.kind = CodePoint::Kind::kExtender;
  } else if (!IsHangulSyllable(code_point) &&
             !IsSimpleScript(hb_unicode_script(Unicode(), code_point))) {
    result.kind = CodePoint::Kind::kComplex;
  } else if (category == HB_UNICODE_GENERAL_CATEGORY_SPACE_SEPARATOR) {
    result.kind = result.advance > 0 ? CodePoint::Kind::kSimple : CodePoint::Kind::kHidden;
  } else if (const EmLength edge = InkEdge(font, glyph); edge == 0) {
    result.kind = CodePoint::Kind::kHidden;
  } else {
    result.kind = CodePoint::Kind::kSimple;
    // A few fonts let a symbol overlap what follows it.
    if (result.advance <= 0) result.advance = std::max(edge, kEm / 4);
  }
  return result;
}

}  // namespace fovea::render
