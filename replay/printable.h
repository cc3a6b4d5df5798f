// Text of others' for a terminal.
#ifndef FOVEA_REPLAY_PRINTABLE_H_
#define FOVEA_REPLAY_PRINTABLE_H_

#include <string>
#include <string_view>

namespace fovea::replay {

// `text` on one line, with nothing in it that a terminal obeys or that hides: control and format
// characters, line breaks and ill-formed bytes are %XX, byte by byte, as `fovea import` writes
// them.
std::string Printable(std::string_view text);

}  // namespace fovea::replay

#endif  // FOVEA_REPLAY_PRINTABLE_H_
