#include "core/tokens/character_class.h"

#include <unicode/uchar.h>

#include "core/base/utf8.h"

namespace fovea {
namespace {

uint32_t ClassOf(char32_t c) {
  if (c == 0x85) return kSpace;  // the one control character beyond ASCII that is White_Space
  const uint32_t category = U_GET_GC_MASK(static_cast<UChar32>(c));
  if ((category & U_GC_LL_MASK) != 0) return kLower;
  if ((category & (U_GC_LM_MASK | U_GC_LO_MASK)) != 0) return kOtherLetter;
  if ((category & U_GC_L_MASK) != 0) return kUpper;
  if ((category & U_GC_M_MASK) != 0) return kMark;
  if ((category & U_GC_N_MASK) != 0) return kNumber;
  if ((category & U_GC_Z_MASK) != 0) return kSpace;
  if ((category & U_GC_P_MASK) != 0) return kPunctuation;
  if ((category & U_GC_S_MASK) != 0) return kSymbol;
  return kOther;
}

bool IsCjk(char32_t c) { return (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3040 && c <= 0x30FF); }

}  // namespace

ClassifiedCharacter ClassifyBeyondAscii(std::string_view text, size_t at) {
  const DecodedCharacter character = DecodeUtf8(text, at);
  if (!character.well_formed) return {.classes = kOther, .bytes = 1};
  const uint32_t cjk = IsCjk(character.code_point) ? kCjk : 0;
  return {.classes = ClassOf(character.code_point) | cjk, .bytes = character.length};
}

}  // namespace fovea
