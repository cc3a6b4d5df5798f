// What a turn refers to: turns that its text names, calls that it answers.
#ifndef FOVEA_CORE_FORGETTING_MENTIONS_H_
#define FOVEA_CORE_FORGETTING_MENTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/log/turn.h"

namespace fovea {

// The numbers in a text that are written as pages and notes write them, "#57", in order. A '#' that
// no number follows, or one that no turn could have, is passed over.
std::vector<uint64_t> SeqsNamedIn(std::string_view text);

// Whether a tool result of the turn answers one of these calls.
bool AnswersAnyOf(const std::vector<std::string>& call_ids, const Turn& turn);

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_MENTIONS_H_
