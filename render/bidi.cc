#include "render/bidi.h"

#include <fribidi.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/base/hidden_characters.h"
#include "core/base/utf8.h"

namespace fovea::render {
namespace {

// The first byte of the UTF-8 of U+0590, where the right-to-left scripts begin.
constexpr unsigned char kFirstRtlLead = 0xD6;

// Letters only: FriBidi calls the overrides and embeddings strong too.
bool IsRtlLetter(FriBidiCharType type) {
  return type == FRIBIDI_TYPE_RTL || type == FRIBIDI_TYPE_AL;
}

FriBidiCharType TypeAt(std::string_view text, size_t at, size_t* length) {
  const DecodedCharacter character = DecodeUtf8(text, at);
  *length = character.length;
  const bool shown = character.well_formed && !IsHiddenCodePoint(character.code_point);
  return shown ? fribidi_get_bidi_type(character.code_point) : FRIBIDI_TYPE_ON;
}

}  // namespace

std::vector<VisualItem> OrderForDisplay(absl::Span<const char32_t> items, bool rtl_paragraph) {
  const auto count = static_cast<FriBidiStrIndex>(items.size());
  const std::vector<FriBidiChar> code_points(items.begin(), items.end());
  std::vector<FriBidiCharType> types(items.size());
  std::vector<FriBidiBracketType> brackets(items.size());
  std::vector<FriBidiLevel> levels(items.size());
  std::vector<FriBidiStrIndex> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  FriBidiParType direction = rtl_paragraph ? FRIBIDI_PAR_RTL : FRIBIDI_PAR_LTR;
  fribidi_get_bidi_types(code_points.data(), count, types.data());
  fribidi_get_bracket_types(code_points.data(), count, types.data(), brackets.data());
  const bool ordered = fribidi_get_par_embedding_levels_ex(types.data(), brackets.data(), count,
                                                           &direction, levels.data()) != 0 &&
                       fribidi_reorder_line(0, types.data(), count, 0, direction, levels.data(),
                                            nullptr, order.data()) != 0;
  std::vector<VisualItem> result;
  for (size_t i = 0; i < items.size(); ++i) {
    const size_t index = ordered ? static_cast<size_t>(order[i]) : i;
    FriBidiChar mirror = 0;
    if (FRIBIDI_LEVEL_IS_RTL(levels[index]) &&
        !fribidi_get_mirror_char(code_points[index], &mirror)) {
      mirror = 0;
    }
    result.push_back({.index = index, .mirror = mirror});
  }
  return result;
}

size_t ParagraphBegin(std::string_view text, size_t at) {
  // Much faster than rfind, and each line of a long paragraph comes here.
  const void* newline = memrchr(text.data(), '\n', at);
  return newline == nullptr
             ? 0
             : static_cast<size_t>(static_cast<const char*>(newline) - text.data()) + 1;
}

bool IsRtlParagraph(std::string_view text, size_t begin) {
  size_t length = 0;
  for (size_t i = begin; i < text.size(); i += length) {
    if (text[i] == '\n') return false;
    const FriBidiCharType type = TypeAt(text, i, &length);
    if (IsRtlLetter(type)) return true;
    if (type == FRIBIDI_TYPE_LTR) return false;
  }
  return false;
}

bool HasRtl(std::string_view text) {
  size_t length = 0;
  for (size_t i = 0; i < text.size(); i += length) {
    length = 1;
    if (static_cast<unsigned char>(text[i]) < kFirstRtlLead) continue;
    const FriBidiCharType type = TypeAt(text, i, &length);
    if (IsRtlLetter(type) || type == FRIBIDI_TYPE_AN) return true;
  }
  return false;
}

}  // namespace fovea::render
