// What of a turn can be found by words, and how a found stretch is shown.
#ifndef FOVEA_MEMORY_STORE_SEARCH_TEXT_H_
#define FOVEA_MEMORY_STORE_SEARCH_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/log/recall_text.h"

namespace fovea {

// `text` as well-formed UTF-8 on one line: control characters become spaces, ill-formed bytes
// U+FFFD.
std::string OneLine(std::string_view text);

// The turn's text on one line. Escapes in calls' arguments are resolved as in JSON strings, so that
// a word after "\n" is found.
std::string SearchText(const RecallText& recall);

// The bytes of the turn's text that SearchText shows as `shown`, the first if there are several;
// nothing if it shows that nowhere. `shown` begins and ends between characters.
std::optional<ByteSpan> FindInText(const RecallText& recall, std::string_view shown);

// Stands in a snippet where text is left out.
inline constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// Around a match in a line of OneLine's.
inline constexpr char kMatchBegin = '\x01';
inline constexpr char kMatchEnd = '\x02';

// `marked` without its marks; if that is longer than max_bytes (at least 20), the stretch around
// the first match with an ellipsis where it was cut.
std::string TrimSnippet(std::string_view marked, size_t max_bytes);

}  // namespace fovea

#endif  // FOVEA_MEMORY_STORE_SEARCH_TEXT_H_
