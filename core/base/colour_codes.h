// Escape codes by which tools colour what they print on a terminal.
#ifndef FOVEA_CORE_BASE_COLOUR_CODES_H_
#define FOVEA_CORE_BASE_COLOUR_CODES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fovea {

// Bytes of the codes that stand at `at` and only change how the text behind them looks: "ESC [ ...
// m" (ECMA-48's SGR) with colours, weight, underline and the like, and an "ESC [ K" directly behind
// one, as grep and gcc write it. 0 if there is none. Codes that hide text or blink, and all that
// moves the cursor or erases, are none: what a terminal showed differs from the text then.
size_t ColourCodesAt(std::string_view text, size_t at);

// Takes the codes out of the text, and gives how many code points they were. Linear; quick where
// there are none.
uint64_t RemoveColourCodes(std::string* text);

}  // namespace fovea

#endif  // FOVEA_CORE_BASE_COLOUR_CODES_H_
