// Characters that show nothing, so that text can hide in them.
#ifndef FOVEA_CORE_BASE_HIDDEN_CHARACTERS_H_
#define FOVEA_CORE_BASE_HIDDEN_CHARACTERS_H_

#include <cstdint>
#include <string_view>

namespace fovea {

// Control, format, bidi, tag, filler and variation code points.
bool IsHiddenCodePoint(char32_t code_point);

// Emoji presentation selectors, which are let pass behind a symbol that may be an emoji.
bool IsPresentationSelector(char32_t code_point);
bool TakesPresentationSelector(char32_t code_point);

// The hidden code points of a text, but for newlines, tabs, and a selector behind a symbol that
// takes it. Ill-formed bytes are not counted: they are shown as what they are. Linear in the text.
uint64_t CountHiddenCharacters(std::string_view text);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_HIDDEN_CHARACTERS_H_
