// Turns that a text names.
#ifndef FOVEA_CORE_FORGETTING_MENTIONS_H_
#define FOVEA_CORE_FORGETTING_MENTIONS_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace fovea {

// The numbers in a text that are written as pages and notes write them, "#57", in order. A '#' that
// no number follows, or one that no turn could have, is passed over.
std::vector<uint64_t> SeqsNamedIn(std::string_view text);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_MENTIONS_H_
