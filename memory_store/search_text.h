// What of a turn can be found by words, and how a found stretch is shown.
#ifndef FOVEA_MEMORY_STORE_SEARCH_TEXT_H_
#define FOVEA_MEMORY_STORE_SEARCH_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "core/log/turn.h"

namespace fovea {

// `text` as well-formed UTF-8 on one line: control characters become spaces, ill-formed bytes
// U+FFFD.
std::string OneLine(std::string_view text);

// Text parts, results, and names and arguments of tool calls, on one line. Escapes in arguments are
// resolved as in JSON strings, so that a word after "\n" is found.
std::string SearchText(const Turn& turn);

// Around a match in a line of OneLine's.
inline constexpr char kMatchBegin = '\x01';
inline constexpr char kMatchEnd = '\x02';

// `marked` without its marks; if that is longer than max_bytes (at least 20), the stretch around
// the first match with an ellipsis where it was cut.
std::string TrimSnippet(std::string_view marked, size_t max_bytes);

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_SEARCH_TEXT_H_
